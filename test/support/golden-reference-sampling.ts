/** "Sampling" of docs/numerics.md once more, in arbitrarily large integers and without a line of firmware/session. */

import { big, floorDivide, maximum, rs, sum } from './golden-reference.js';

export interface ReferenceSampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly seed: bigint;
}

const MASK = 2n ** 64n;

/** Weights in Q28. */
export function referenceWeights(exp2: ArrayLike<number>, logits: ArrayLike<number>, temperature: number): bigint[] {
  const table = big(exp2);
  const l = big(logits);
  const top = maximum(l[0]!, ...l);
  const ratio = Math.LOG2E / temperature;
  let shift = 0n;
  while (ratio * Number(2n ** shift) < 16384) shift++;
  const mantissa = BigInt(Math.floor(ratio * Number(2n ** shift) + 0.5));
  return l.map((value) => {
    const steps = rs(rs((top - value) * mantissa, shift), 6n);
    const whole = floorDivide(steps, 1024n);
    return whole > 28n ? 0n : rs(table[Number(steps % 1024n)]! * 4096n, whole);
  });
}

/** Numbers of the tokens that may be chosen, ascending. */
export function referenceKept(weights: readonly bigint[], logits: ArrayLike<number>, of: ReferenceSampling): number[] {
  const ranked = weights
    .map((_, token) => token)
    .filter((token) => weights[token]! > 0n)
    .sort((a, b) => (logits[a] === logits[b] ? a - b : logits[b]! - logits[a]!))
    .slice(0, of.topK);
  const share = maximum(1n, BigInt(Math.floor(of.topP * 65536 + 0.5)));
  const all = sum(ranked.map((token) => weights[token]!));
  let count = 1;
  while (65536n * sum(ranked.slice(0, count).map((token) => weights[token]!)) < share * all) count++;
  return ranked.slice(0, count).sort((a, b) => a - b);
}

/** Output number n of SplitMix64. */
export function referenceRandom(seed: bigint, n: number): bigint {
  const state = (seed + BigInt(n + 1) * 0x9e3779b97f4a7c15n) % MASK;
  const a = ((state ^ floorDivide(state, 2n ** 30n)) * 0xbf58476d1ce4e5b9n) % MASK;
  const b = ((a ^ floorDivide(a, 2n ** 27n)) * 0x94d049bb133111ebn) % MASK;
  return b ^ floorDivide(b, 2n ** 31n);
}

/** The n-th token. */
export function referenceChoice(
  exp2: ArrayLike<number>,
  logits: ArrayLike<number>,
  of: ReferenceSampling,
  n: number,
): number {
  const weights = referenceWeights(exp2, logits, of.temperature);
  const kept = referenceKept(weights, logits, of);
  const r = floorDivide(referenceRandom(of.seed, n) * sum(kept.map((token) => weights[token]!)), MASK);
  let before = 0n;
  for (const token of kept) {
    before += weights[token]!;
    if (before > r) return token;
  }
  throw new Error('nothing was chosen');
}
