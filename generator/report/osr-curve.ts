/** Memory and expected accuracy over OSR, for the model of a plan. */

import { isHead } from '../model/roles.js';
import { MAX_OSR, MIN_OSR, planHead, planLinears } from '../plan/build-plan.js';
import { bitsPerWeight, meanOsr, planBytes } from '../plan/memory-size.js';
import type { Alphabet, Plan } from '../plan/types.js';
import { expectedSnrOf } from '../quantize/expected-snr.js';

export interface CurvePoint {
  /** Mean OSR. */
  readonly osr: number;
  /** Packed symbols, scales and means. */
  readonly bytes: number;
  /** The same per weight, in bits. */
  readonly bits: number;
  /** SNR that Gaussian weights come to, in dB. */
  readonly snrDb: number;
}

const STEP = 0.25;

/** Uniform OSRs from the least to the greatest, in the plan's block size and frame. */
export function osrCurve(plan: Plan, alphabet: Alphabet): CurvePoint[] {
  const { block, frame } = plan.linears[0]!;
  const options = { block, alphabet, frame, placement: plan.placement };
  const hasHead = plan.linears.some(isHead);
  const steps = (MAX_OSR - MIN_OSR) / STEP;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const osr = MIN_OSR + step * STEP;
    const layers = planLinears(plan.model, options, () => osr);
    const linears = hasHead ? [...layers, ...planHead(plan.model, layers[0]!, osr)] : layers;
    return {
      osr: meanOsr({ linears }),
      bytes: planBytes({ linears }),
      bits: bitsPerWeight({ linears }),
      snrDb: expectedSnrOf(linears),
    };
  });
}
