import { IntegerDecoder } from '../../sim/golden/decoder.js';
import { type IntegerModel, type LinearWeights, LOGIT_FRAC } from '../../sim/golden/parameters.js';
import { runGolden } from '../../sim/golden/run.js';
import { logSoftmaxAt, type NllResult } from './float-nll.js';

const UNIT = 2 ** -LOGIT_FRAC;

/**
 * Negative log-likelihood of the integer decoder over token windows.
 * @param windows each begins with what precedes its first prediction (BOS, or the window's first token)
 * @param onProgress called with the number of predictions made so far
 * @returns predictions made and their mean NLL in nats
 */
export function integerNll(
  model: IntegerModel,
  weights: LinearWeights,
  windows: readonly (readonly number[])[],
  onProgress: (tokens: number) => void = () => {},
): NllResult {
  const decoder = new IntegerDecoder(model);
  let total = 0;
  let tokens = 0;
  for (const window of windows) {
    decoder.reset();
    for (let i = 0; i + 1 < window.length; i++) {
      const logits = runGolden(decoder.step(window[i]!), weights);
      total -= logSoftmaxAt(
        Float64Array.from(logits, (value) => value * UNIT),
        window[i + 1]!,
      );
      onProgress(++tokens);
    }
  }
  return { tokens, nll: total / tokens };
}
