import { head } from '../float/forward.js';
import type { EndTensors, ModelConfig } from '../model/types.js';

/** Mean divergence of the predictions that follow from final residual streams, seq × dim each, in nats. */
export type Divergence = (states: readonly Float32Array[]) => number;

/**
 * Mean Kullback–Leibler divergence Σ p · log(p / q) of next-token distributions q from those of the float model, p, over
 * all positions. Unlike a difference of negative log-likelihoods it has no noise from the tokens that happened to come.
 *
 * @param float the float model's residual streams after the last layer
 */
export function divergenceFrom(config: ModelConfig, ends: EndTensors, float: readonly Float32Array[]): Divergence {
  const reference = float.map((hidden) => logProbabilities(config, ends, hidden));
  const positions = float.reduce((sum, hidden) => sum + hidden.length / config.dim, 0);
  return (states) => {
    let total = 0;
    states.forEach((hidden, i) => {
      const p = reference[i]!;
      const q = logProbabilities(config, ends, hidden);
      for (let j = 0; j < p.length; j++) total += Math.exp(p[j]!) * (p[j]! - q[j]!);
    });
    // Rounding may leave less than nothing of a loss that is none.
    return Number.isNaN(total) ? total : Math.max(0, total / positions);
  };
}

/** seq × vocab */
function logProbabilities(config: ModelConfig, ends: EndTensors, hidden: Float32Array): Float32Array {
  const values = head(config, ends, hidden);
  for (let start = 0; start < values.length; start += config.vocab) {
    const logits = values.subarray(start, start + config.vocab);
    let max = Number.NEGATIVE_INFINITY;
    for (const logit of logits) max = Math.max(max, logit);
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - max);
    const shift = max + Math.log(sum);
    for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! - shift;
  }
  return values;
}
