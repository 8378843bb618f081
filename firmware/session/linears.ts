/** Who computes the linears of a session: a board, the golden model, or both in comparison. */

import type { LinearCall } from '../../sim/golden/decoder.js';
import type { LinearWeights } from '../../sim/golden/parameters.js';
import { goldenLinear } from '../../sim/golden/run.js';
import type { Comparison } from './compare.js';

/** Runs one linear of the decoder. @throws the reason of `signal`, and what its device throws */
export type LinearRunner = (call: LinearCall, signal?: AbortSignal) => Promise<Int32Array>;

/** Time that the golden model may keep other tasks of the program waiting, in milliseconds; one linear may take longer. */
const UNINTERRUPTED_MS = 20;

/** Linears in the golden model. It computes in this thread, and lets others have it between linears. */
export function goldenLinears(weights: LinearWeights): LinearRunner {
  let resumed = Date.now();
  return async (call, signal) => {
    if (Date.now() - resumed > UNINTERRUPTED_MS) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      resumed = Date.now();
    }
    signal?.throwIfAborted();
    return goldenLinear(call, weights);
  };
}

/** Linears in both: the values are those of `actual`, and are compared with the golden ones. */
export function comparedLinears(actual: LinearRunner, weights: LinearWeights, comparison: Comparison): LinearRunner {
  return async (call, signal) => {
    // The golden model computes while the board does.
    const [values, golden] = await Promise.all([
      actual(call, signal),
      Promise.resolve().then(() => goldenLinear(call, weights)),
    ]);
    comparison.add(call, golden, values);
    return values;
  };
}
