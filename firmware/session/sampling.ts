/** The choice of the next token from logits, over integers. Source: docs/numerics.md, "Sampling". */

import { InputError } from '../../generator/errors.js';
import { type FixedPoint, fixedPoint, INT32_MAX, pow2, roundShift } from '../../sim/golden/integer.js';
import { argmax } from '../../sim/golden/ops.js';
import type { Tables } from '../../sim/golden/tables.js';

/** How the next token is chosen; without a temperature it is the most likely one. */
export interface SamplingOptions {
  /** 0 (the default): always the most likely token. Else 0.01 … 100; 1 is the model's own distribution. */
  readonly temperature?: number;
  /** Only the most likely tokens that together have this probability, above 0 and at most 1 (the default). */
  readonly topP?: number;
  /** Only this many of the most likely tokens; without it all. Applied before `topP`. */
  readonly topK?: number;
  /** Chooses the random numbers, 0 (the default) … 2^53 − 1; the same seed gives the same tokens on every machine. */
  readonly seed?: number;
}

/** Limit of docs/numerics.md. */
const MAX_VOCAB = 2 ** 24;
/** Fraction bits of a token's weight, the most likely one having 1; the sum over all tokens is below 2^53. */
const WEIGHT_FRAC = 28;
/** Fraction bits of topP. */
const SHARE_FRAC = 16;

/** Sampling options as integers. */
interface Sampling {
  /** log2(e) / temperature; null for the most likely token. */
  readonly scale: FixedPoint | null;
  /** topP, Q16. */
  readonly share: number;
  readonly topK: number;
  readonly seed: bigint;
}

/** Chooses token after token. */
export class Sampler {
  readonly #exp2: Int32Array;
  readonly #sampling: Sampling;
  #drawn = 0;

  /** @throws InputError if an option is out of its range */
  constructor({ exp2 }: Pick<Tables, 'exp2'>, options: SamplingOptions) {
    this.#exp2 = exp2;
    this.#sampling = integerSampling(options);
  }

  /** @param logits Q16, one per token */
  next(logits: Int32Array): number {
    const { scale, share, topK, seed } = this.#sampling;
    if (scale === null) return argmax(logits);
    const weights = this.#weights(logits, scale);
    const kept = mostLikely(logits, weights, topK, share);
    const total = kept.reduce((sum, token) => sum + weights[token]!, 0);
    let left = Number((splitMix64(seed, this.#drawn++) * BigInt(total)) >> 64n);
    for (const token of kept) {
      left -= weights[token]!;
      if (left < 0) return token;
    }
    throw new Error('the weights do not add up');
  }

  /** Q28; 2^28 for the most likely token. */
  #weights(logits: Int32Array, { mantissa, shift }: FixedPoint): Float64Array {
    const best = logits[argmax(logits)]!;
    const weights = new Float64Array(logits.length);
    for (let i = 0; i < logits.length; i++) {
      const steps = roundShift(roundShift((best - logits[i]!) * mantissa, shift), 6);
      if (steps >= 1024 * (WEIGHT_FRAC + 1)) continue;
      weights[i] = roundShift(this.#exp2[steps & 1023]! * pow2(WEIGHT_FRAC - 16), steps >> 10);
    }
    return weights;
  }
}

/** Tokens that may be chosen, in ascending order. */
function mostLikely(logits: Int32Array, weights: Float64Array, topK: number, share: number): Uint32Array {
  const tokens = withWeight(weights);
  if (topK >= tokens.length && share === pow2(SHARE_FRAC)) return tokens;
  const ranked = byRank(tokens, logits).subarray(0, topK);
  const total = ranked.reduce((sum, token) => sum + weights[token]!, 0);
  const wanted = shareOf(total, share);
  let sum = 0;
  const end = ranked.findIndex((token) => {
    sum += weights[token]!;
    return sum >= wanted;
  });
  return ranked.slice(0, end + 1).sort();
}

function withWeight(weights: Float64Array): Uint32Array {
  const tokens = new Uint32Array(weights.length);
  let count = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) tokens[count++] = i;
  return tokens.subarray(0, count);
}

/**
 * The most likely first, then the lower number. Logits of tokens with weight differ by less than 2^28, so that keys stay
 * below 2^52, and doubles sort faster than a comparison function does.
 */
function byRank(tokens: Uint32Array, logits: Int32Array): Uint32Array {
  const best = tokens.reduce((most, token) => Math.max(most, logits[token]!), -INT32_MAX);
  const keys = new Float64Array(tokens.length);
  for (let i = 0; i < keys.length; i++) keys[i] = (best - logits[tokens[i]!]!) * MAX_VOCAB + tokens[i]!;
  keys.sort();
  const ranked = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) ranked[i] = keys[i]! % MAX_VOCAB;
  return ranked;
}

/** ⌈total · share / 2^16⌉, exactly: total is below 2^53. */
function shareOf(total: number, share: number): number {
  const unit = pow2(SHARE_FRAC);
  return Math.floor(total / unit) * share + Math.ceil(((total % unit) * share) / unit);
}

/** Output number `n`, from 0, of the generator SplitMix64: 0 … 2^64 − 1. */
function splitMix64(seed: bigint, n: number): bigint {
  const wrap = (x: bigint) => BigInt.asUintN(64, x);
  let z = wrap(seed + 0x9e3779b97f4a7c15n * BigInt(n + 1));
  z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

function integerSampling({ temperature = 0, topP = 1, topK = MAX_VOCAB, seed = 0 }: SamplingOptions): Sampling {
  check(
    'temperature',
    temperature,
    temperature === 0 || (temperature >= 0.01 && temperature <= 100),
    '0 or 0.01 … 100',
  );
  check('topP', topP, topP > 0 && topP <= 1, 'above 0 and at most 1');
  check('topK', topK, Number.isSafeInteger(topK) && topK >= 1, 'a whole number of at least 1');
  check('seed', seed, Number.isSafeInteger(seed) && seed >= 0, 'a whole number 0 … 2^53 − 1');
  return {
    scale: temperature === 0 ? null : fixedPoint(Math.LOG2E / temperature),
    share: Math.max(1, Math.round(topP * pow2(SHARE_FRAC))),
    topK,
    seed: BigInt(seed),
  };
}

function check(name: string, value: number, fits: boolean, range: string): void {
  if (!fits) throw new InputError(`${name} is ${value}; it must be ${range}`);
}
