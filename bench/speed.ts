/** Time to quantize one large linear without calibration, on all cores; and that of the published method on a part of it. */

import { availableParallelism } from 'node:os';
import { RowPool } from '../generator/quantize/node/row-pool.js';
import { gaussianLinear, quantizeGaussian } from './support/gaussian.js';

const SIZE = 4096;
/** Rows for which the published method is timed. */
const PUBLISHED_ROWS = 32;

/** Prints seconds, weights per second and their ratio. */
export async function main(): Promise<void> {
  const pool = new RowPool(availableParallelism());
  const time = (rows: number, frame: 'hadamard' | 'fourier', effort?: number): number => {
    const linear = gaussianLinear(rows, SIZE, 2, 'ternary', frame);
    const started = performance.now();
    const { snrDb } = quantizeGaussian(linear, {
      search: frame === 'hadamard' ? 'refine' : 'sigma-delta',
      quantizeRows: pool.quantizeRows,
      ...(effort && { effort }),
    });
    const seconds = (performance.now() - started) / 1000;
    const rate = (rows * SIZE) / seconds;
    const name = frame === 'hadamard' ? 'refine' : 'published sigma-delta';
    console.log(
      `${name}, ternary OSR 2, ${rows} × ${SIZE}: ${seconds.toFixed(1)} s, ${(rate / 1000).toFixed(0)} k weights/s, ${snrDb.toFixed(2)} dB`,
    );
    return rate;
  };
  const ours = time(SIZE, 'hadamard');
  const published = time(PUBLISHED_ROWS, 'fourier');
  console.log(`refine is ${(ours / published).toFixed(1)} times as fast as the published method with its searches`);
  await pool.close();
}
