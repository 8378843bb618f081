/** Which gains suit which ratio: the signal-to-noise ratio on Gaussian weights for several sequences of gains. */

import { gaussianLinear, quantizeGaussian } from './support/gaussian.js';

/** Gain shifts of the segments. */
const SEQUENCES: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0],
  [0, 1, 1, 1, 1, 1],
  [0, 0, 1, 1, 1, 1],
  [0, 1, 2, 2, 2, 2],
  [0, 0, 1, 2, 2, 2],
  [0, 1, 2, 3, 3, 3],
  [0, 1, 2, 3, 4, 5],
  [0, 0, 1, 1, 2, 2],
];

/** Prints the best three sequences for each alphabet and ratio. */
export function main(rows = 16): void {
  for (const alphabet of ['ternary', 'binary'] as const) {
    for (const osr of [1.5, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5, 6]) {
      const linear = gaussianLinear(rows, 512, osr, alphabet);
      const segments = Math.ceil(osr);
      const found = new Map<string, number>();
      for (const sequence of SEQUENCES) {
        const gainShifts = sequence.slice(0, segments);
        const plan = { ...linear.plan, gainShifts };
        found.set(gainShifts.join(' '), quantizeGaussian({ ...linear, plan }, { search: 'refine' }).snrDb);
      }
      const best = [...found].sort(([, a], [, b]) => b - a).slice(0, 3);
      const cells = best.map(([gains, snrDb]) => `${gains}: ${snrDb.toFixed(2)} dB`);
      console.log(
        `${alphabet} OSR ${osr}, gain shifts ${cells.join('; ')}; planned ${linear.plan.gainShifts.join(' ')}`,
      );
    }
  }
}
