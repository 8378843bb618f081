import type { Alphabet } from '../plan/types.js';

/** Order of the modulator's loop: one integrator or two. */
export type SigmaDeltaOrder = 1 | 2;

/**
 * Sigma-delta modulation of `samples` into symbols −1, 0, +1 (ternary) or −1, +1 (binary), written to
 * `symbols[at … at + samples.length)`. The loop starts from rest: integrators 0 and no symbol before the first.
 *
 * First order: I += x − y₋₁, decide on I. Second order: I₁ += x − y₋₁, I₂ += I₁ − y₋₁, decide on I₂. The ternary
 * decision is +1 at or above `threshold`, −1 at or below −`threshold`; the binary one is +1 above zero (SDQ-LLM, arXiv
 * 2510.03275).
 *
 * @returns the smallest distance of a decision from its threshold: decisions are certain only as far as it exceeds the
 *   rounding error of the samples
 */
export function modulate(
  samples: Float64Array,
  threshold: number,
  alphabet: Alphabet,
  order: SigmaDeltaOrder,
  symbols: Int8Array,
  at: number,
): number {
  const limit = alphabet === 'ternary' ? threshold : 0;
  let first = 0;
  let second = 0;
  let previous = 0;
  let margin = Number.POSITIVE_INFINITY;
  for (let j = 0; j < samples.length; j++) {
    first += samples[j]! - previous;
    let level = first;
    if (order === 2) {
      second += first - previous;
      level = second;
    }
    if (alphabet === 'ternary') previous = level >= limit ? 1 : level <= -limit ? -1 : 0;
    else previous = level > 0 ? 1 : -1;
    symbols[at + j] = previous;
    margin = Math.min(margin, Math.abs(Math.abs(level) - limit));
  }
  return margin;
}
