/** Memory over OSR, for the model of a plan. */

import { MAX_OSR, MIN_OSR, planLinears } from '../plan/build-plan.js';
import { meanOsr, planBytes } from '../plan/memory-size.js';
import type { Plan } from '../plan/types.js';

export interface CurvePoint {
  /** Mean OSR. */
  readonly osr: number;
  /** Packed symbols and scales. */
  readonly bytes: number;
}

const STEP = 0.25;

/** Bytes at uniform OSRs from the least to the greatest, in the plan's block size, alphabet and frame. */
export function memoryCurve(plan: Plan): CurvePoint[] {
  const { block, alphabet, frame } = plan.linears[0]!;
  const options = { block, alphabet, frame, placement: plan.placement };
  const steps = (MAX_OSR - MIN_OSR) / STEP;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const linears = planLinears(plan.model, options, () => MIN_OSR + step * STEP);
    return { osr: meanOsr({ linears }), bytes: planBytes({ linears }) };
  });
}
