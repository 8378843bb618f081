import type { Plan } from '../../generator/plan/types.js';
import { memoryMap } from '../../generator/sizing/memory.js';
import { fabricatePlan, llamaConfig } from './golden-models.js';

/** A plan whose array is as small as it can be. */
export function smallPlan(): Plan {
  const plan = fabricatePlan(llamaConfig({ layers: 1 }), { lanes: 8, arrayRows: 5 });
  return { ...plan, memory: memoryMap(plan.linears, plan.array) };
}
