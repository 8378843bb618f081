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
  const reference = float.map((hidden) => {
    const logits = head(config, ends, hidden);
    const sums = logSumsOfExp(logits, config.vocab);
    const probabilities = logits.map((logit, j) => Math.exp(logit - sums[Math.floor(j / config.vocab)]!));
    return { logits, sums, probabilities };
  });
  const positions = float.reduce((sum, hidden) => sum + hidden.length / config.dim, 0);
  return (states) => {
    let total = 0;
    states.forEach((hidden, i) => {
      const { logits, sums, probabilities } = reference[i]!;
      const others = head(config, ends, hidden);
      // log(p / q) = (logit of p − logit of q) − (log Σexp of p − log Σexp of q)
      for (let j = 0; j < logits.length; j++) total += probabilities[j]! * (logits[j]! - others[j]!);
      logSumsOfExp(others, config.vocab).forEach((sum, position) => {
        total += sum - sums[position]!;
      });
    });
    // Rounding may leave less than nothing of a loss that is none.
    return Number.isNaN(total) ? total : Math.max(0, total / positions);
  };
}

/** Of each position's logits. */
function logSumsOfExp(values: Float32Array, vocab: number): Float64Array {
  return Float64Array.from({ length: values.length / vocab }, (_, position) => {
    const logits = values.subarray(position * vocab, (position + 1) * vocab);
    let max = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < vocab; i++) max = Math.max(max, logits[i]!);
    let sum = 0;
    for (let i = 0; i < vocab; i++) sum += Math.exp(logits[i]! - max);
    return max + Math.log(sum);
  });
}
