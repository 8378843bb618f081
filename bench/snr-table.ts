/**
 * The weight SNR on Gaussian rows in blocks of 128, by frame, alphabet and ratio: the tables of
 * generator/quantize/expected-snr.ts. Mode `hadamard` by search at the default effort, `fourier` by the paper's modulator.
 */

import type { Alphabet, FrameMode } from '../generator/plan/types.js';
import { EXPECTED_OSRS } from '../generator/quantize/expected-snr.js';
import { gaussianLinear, quantizeGaussian } from './support/gaussian.js';

const FRAMES: readonly (readonly [FrameMode, 'refine' | 'sigma-delta'])[] = [
  ['hadamard', 'refine'],
  ['fourier', 'sigma-delta'],
];
const ALPHABETS: readonly Alphabet[] = ['ternary', 'binary'];

/** Prints one line per frame and alphabet: dB at each of EXPECTED_OSRS. */
export function main(rows = 32, cols = 1024): void {
  for (const [frame, search] of FRAMES) {
    for (const alphabet of ALPHABETS) {
      const cells = EXPECTED_OSRS.map((osr) => {
        const { snrDb } = quantizeGaussian(gaussianLinear(rows, cols, osr, alphabet, frame), { search });
        return snrDb.toFixed(2);
      });
      console.log(`${frame} ${alphabet}: ${cells.join(', ')}`);
    }
  }
}
