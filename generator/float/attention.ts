import { ropeFrequencies } from '../model/rope.js';
import type { ModelConfig } from '../model/types.js';
import { dot } from './matmul.js';

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
  const width = kvHeads * headDim;
  const group = heads / kvHeads;
  const scale = 1 / Math.sqrt(headDim);
  const start = cache.length - seq;
  const scores = new Float64Array(cache.length);
  const mix = new Float64Array(headDim);
  for (let t = 0; t < seq; t++) {
    const visible = start + t + 1;
    for (let head = 0; head < heads; head++) {
      const query = (t * heads + head) * headDim;
      const column = Math.floor(head / group) * headDim;
      let max = Number.NEGATIVE_INFINITY;
      for (let p = 0; p < visible; p++) {
        const score = dot(queries, query, cache.keys, p * width + column, headDim) * scale;
        scores[p] = score;
        if (score > max) max = score;
      }
      let sum = 0;
      mix.fill(0);
      for (let p = 0; p < visible; p++) {
        const weight = Math.exp(scores[p]! - max);
        sum += weight;
        const value = p * width + column;
        for (let i = 0; i < headDim; i++) mix[i] = mix[i]! + weight * cache.values[value + i]!;
      }
      for (let i = 0; i < headDim; i++) output[query + i] = mix[i]! / sum;
    }
  }
}
