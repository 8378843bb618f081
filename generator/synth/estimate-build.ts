import type { Board } from '../boards/board.js';
import type { Plan } from '../plan/types.js';
import { type Estimate, estimate } from '../sizing/estimate.js';
import { engineGeometry } from '../sizing/geometry.js';
import { fabricOf, type Target } from './targets.js';

/** The estimate of a plan's build for a family, which may be another than its board's. */
export function estimateBuild(plan: Plan, board: Board, target: Target): Estimate {
  // Single-port RAMs of one family become block RAMs in the others.
  const singlePortRam = target === 'ice40' ? board.singlePortRam : null;
  return estimate(engineGeometry(plan, board), { ...board, ...fabricOf(target), singlePortRam });
}
