import { ropeFrequencies } from '../model/rope.js';
import type { ModelConfig } from '../model/types.js';

/** Keys (rotated, where the model has RoPE) and values of one layer at the positions so far. */
export interface KeyValueCache {
  /** capacity × (kvHeads · headDim) */
  readonly keys: Float32Array;
  /** capacity × (kvHeads · headDim) */
  readonly values: Float32Array;
  /** Positions that are filled. */
  length: number;
}

/** An empty cache for up to `capacity` positions of one layer. */
export function createCache(config: ModelConfig, capacity: number): KeyValueCache {
  const width = config.kvHeads * config.headDim;
  return { keys: new Float32Array(capacity * width), values: new Float32Array(capacity * width), length: 0 };
}

/**
 * Turns each rotary pair (x[2i], x[2i + 1]) of each head by position · frequency, in place.
 *
 * @param vectors seq × (heads · headDim); the first token is at position `start`
 */
export function rotate(config: ModelConfig, vectors: Float32Array, heads: number, seq: number, start: number): void {
  const { headDim } = config;
  const frequencies = ropeFrequencies(config);
  for (let t = 0; t < seq; t++) {
    for (let i = 0; i < frequencies.length; i++) {
      const angle = (start + t) * frequencies[i]!;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      for (let head = 0; head < heads; head++) {
        const at = (t * heads + head) * headDim + 2 * i;
        const a = vectors[at]!;
        const b = vectors[at + 1]!;
        vectors[at] = a * cos - b * sin;
        vectors[at + 1] = a * sin + b * cos;
      }
    }
  }
}

/**
 * Causal attention, heads / kvHeads query heads sharing each key and value head.
 *
 * @param queries seq × (heads · headDim), rotated; the last `seq` positions of the cache
 * @param cache keys and values of every position up to and including the queries'
 * @param output seq × (heads · headDim), overwritten
 */
export function attend(
  config: ModelConfig,
  queries: Float32Array,
  seq: number,
  cache: KeyValueCache,
  output: Float32Array,
): void {
  const { heads, kvHeads, headDim } = config;
  const group = heads / kvHeads;
  const scale = 1 / Math.sqrt(headDim);
  const start = cache.length - seq;
  // One head's keys and values side by side, widened once for all the queries that meet them.
  const keys = new Float64Array(cache.length * headDim);
  const values = new Float64Array(cache.length * headDim);
  const query = new Float64Array(headDim);
  const weights = new Float64Array(cache.length);
  for (let head = 0; head < heads; head++) {
    if (head % group === 0) {
      gatherHead(cache.keys, head / group, kvHeads, headDim, keys);
      gatherHead(cache.values, head / group, kvHeads, headDim, values);
    }
    for (let t = 0; t < seq; t++) {
      const at = (t * heads + head) * headDim;
      for (let i = 0; i < headDim; i++) query[i] = queries[at + i]! * scale;
      const visible = start + t + 1;
      const max = scoreKeys(query, keys, visible, weights);
      let sum = 0;
      for (let p = 0; p < visible; p++) {
        const weight = Math.exp(weights[p]! - max);
        weights[p] = weight;
        sum += weight;
      }
      mixValues(weights, visible, sum, values, headDim, output, at);
    }
  }
}

/** Copies the columns of one head, position after position. */
function gatherHead(
  source: Float32Array,
  kvHead: number,
  kvHeads: number,
  headDim: number,
  gathered: Float64Array,
): void {
  for (let p = 0; p * headDim < gathered.length; p++) {
    const from = (p * kvHeads + kvHead) * headDim;
    for (let i = 0; i < headDim; i++) gathered[p * headDim + i] = source[from + i]!;
  }
}

/** scores[p] = query · keys[p], four positions at a time. Returns the greatest. */
function scoreKeys(query: Float64Array, keys: Float64Array, visible: number, scores: Float64Array): number {
  const headDim = query.length;
  let max = Number.NEGATIVE_INFINITY;
  let p = 0;
  for (; p + 4 <= visible; p += 4) {
    const k0 = p * headDim;
    const k1 = k0 + headDim;
    const k2 = k1 + headDim;
    const k3 = k2 + headDim;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < headDim; i++) {
      const q = query[i]!;
      s0 += q * keys[k0 + i]!;
      s1 += q * keys[k1 + i]!;
      s2 += q * keys[k2 + i]!;
      s3 += q * keys[k3 + i]!;
    }
    scores[p] = s0;
    scores[p + 1] = s1;
    scores[p + 2] = s2;
    scores[p + 3] = s3;
    max = Math.max(max, s0, s1, s2, s3);
  }
  for (; p < visible; p++) {
    let s = 0;
    for (let i = 0; i < headDim; i++) s += query[i]! * keys[p * headDim + i]!;
    scores[p] = s;
    max = Math.max(max, s);
  }
  return max;
}

/** output = Σ over positions of weight / sum · value, four components at a time. */
function mixValues(
  weights: Float64Array,
  visible: number,
  sum: number,
  values: Float64Array,
  headDim: number,
  output: Float32Array,
  at: number,
): void {
  let i = 0;
  for (; i + 4 <= headDim; i += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let p = 0, v = i; p < visible; p++, v += headDim) {
      const weight = weights[p]!;
      s0 += weight * values[v]!;
      s1 += weight * values[v + 1]!;
      s2 += weight * values[v + 2]!;
      s3 += weight * values[v + 3]!;
    }
    output[at + i] = s0 / sum;
    output[at + i + 1] = s1 / sum;
    output[at + i + 2] = s2 / sum;
    output[at + i + 3] = s3 / sum;
  }
  for (; i < headDim; i++) {
    let s = 0;
    for (let p = 0, v = i; p < visible; p++, v += headDim) s += weights[p]! * values[v]!;
    output[at + i] = s / sum;
  }
}
