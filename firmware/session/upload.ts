import type { Plan } from '../../generator/plan/types.js';
import { tileLinear } from '../../generator/sizing/tile.js';
import type { LinearWeights } from '../../sim/golden/parameters.js';
import type { MemoryWrite } from './accelerator-linears.js';

/** The linears of an image as an accelerator's memories hold them. */
export function uploadImages(plan: Plan, weights: LinearWeights): MemoryWrite[] {
  return plan.linears.flatMap((_, index) => tileLinear(plan, index, weights.linear(index)));
}
