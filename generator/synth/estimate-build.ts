import type { Board } from '../boards/board.js';
import type { Plan } from '../plan/types.js';
import { planEstimate } from '../schedule/placement.js';
import type { Estimate } from '../sizing/estimate.js';
import { fabricOf, type Target } from './targets.js';

/** The estimate of a plan's build for a family, which may be another than its board's. */
export function estimateBuild(plan: Plan, board: Board, target: Target): Estimate {
  // Single-port RAMs of one family become block RAMs in the others.
  const singlePortRam = target === 'ice40' ? board.singlePortRam : null;
  const fabric = fabricOf(target);
  return planEstimate(plan, { ...board, ...fabric, blockRam: { count: null, ...fabric.blockRam }, singlePortRam });
}
