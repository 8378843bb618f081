import type { Plan } from '../../generator/plan/types.js';
import { tileLinear } from '../../generator/sizing/tile.js';
import type { LinearWeights } from '../../sim/golden/parameters.js';
import type { MemoryImage } from '../device/upload.js';

/** The linears of an image as an accelerator's memories hold them. */
export function uploadImages(plan: Plan, weights: LinearWeights): MemoryImage[] {
  return plan.linears.flatMap((_, index) => tileLinear(plan, index, weights.linear(index)));
}
