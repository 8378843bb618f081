/**
 * The signal-to-noise ratio to expect of quantized weights: measured on Gaussian rows, between the measured ratios linear in
 * dB. It does not depend on the size of a block: 32 to 256 columns differ by at most 0.2 dB in mode `hadamard`.
 */

import type { Alphabet, FrameMode, PlanLinear } from '../plan/types.js';
import { interpolate } from './interpolate.js';

/** Over-sampling ratios at which it was measured. */
export const EXPECTED_OSRS: readonly number[] = [1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5, 6, 8];

/**
 * dB at EXPECTED_OSRS, as `npm run bench -- snr-table` prints them: mode `hadamard` by search at the default effort, `fourier`
 * by the paper's modulator.
 */
const EXPECTED_DB: Readonly<Record<FrameMode, Readonly<Record<Alphabet, readonly number[]>>>> = {
  hadamard: {
    ternary: [7.25, 9.8, 12.08, 14.09, 16.2, 17.37, 18.74, 20.25, 23.05, 25.93, 29.64, 36.14, 42.33, 50.94],
    binary: [4.39, 5.88, 7.37, 8.84, 10.52, 11.55, 12.62, 13.66, 14.74, 16.61, 18.35, 22.09, 26.39, 28.35],
  },
  fourier: {
    ternary: [4.5, 5.67, 6.78, 7.86, 9.14, 10.33, 11.31, 12.23, 12.95, 14.64, 15.77, 17.89, 19.24, 21.04],
    binary: [2.05, 2.68, 3.32, 4.07, 5.02, 5.87, 6.86, 7.97, 8.46, 10.27, 12.19, 14.67, 16.72, 19.15],
  },
};

/** dB that a linear's weights come to if they are Gaussian. @param linear its OSR within 1 … 8 */
export function expectedSnr({ frame, alphabet, osr }: Pick<PlanLinear, 'frame' | 'alphabet' | 'osr'>): number {
  return interpolate(EXPECTED_OSRS, EXPECTED_DB[frame][alphabet], osr);
}

/** dB of several linears together if the weights of all have the same variance. */
export function expectedSnrOf(
  linears: readonly Pick<PlanLinear, 'frame' | 'alphabet' | 'osr' | 'rows' | 'cols'>[],
): number {
  let weights = 0;
  let noise = 0;
  for (const linear of linears) {
    const count = linear.rows * linear.cols;
    weights += count;
    noise += count * 10 ** (-expectedSnr(linear) / 10);
  }
  return 10 * Math.log10(weights / noise);
}
