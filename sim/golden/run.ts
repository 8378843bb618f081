import type { DecoderStep, LinearCall } from './decoder.js';
import { runLinear } from './linear.js';
import type { LinearWeights } from './parameters.js';

/** Runs a decoder step with the golden linears. @returns logits, Q16 */
export function runGolden(step: DecoderStep, weights: LinearWeights): Int32Array {
  let state = step.next();
  while (!state.done) state = step.next(goldenLinear(state.value, weights));
  return state.value;
}

/** What the accelerator must answer to a call. */
export function goldenLinear(call: LinearCall, weights: LinearWeights): Int32Array {
  return runLinear(call.linear, weights.linear(call.index), call.vector, call.shift);
}

/** Runs a decoder step with linears that answer later: a simulator or a board. @returns logits, Q16 */
export async function runDecoder(
  step: DecoderStep,
  linear: (call: LinearCall) => Promise<Int32Array>,
): Promise<Int32Array> {
  let state = step.next();
  while (!state.done) state = step.next(await linear(state.value));
  return state.value;
}
