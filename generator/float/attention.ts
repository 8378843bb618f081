import { multiplyRows } from '../kernel/multiply.js';
import { softmaxRows } from '../kernel/softmax.js';
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
  const { length } = cache;
  const scores = new Float32Array(seq * length);
  const values = new Float32Array(headDim * length);
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor(head / group);
    const keys = { data: cache.keys, offset: kvHead * headDim, stride: kvHeads * headDim, rows: length };
    const ours = { data: queries, offset: head * headDim, stride: heads * headDim, rows: seq };
    multiplyRows(keys, ours, headDim, scores, 0, length, scale, false);
    softmaxRows(scores, seq, length, length - seq + 1);
    if (head % group === 0) transposeHead(cache, kvHead, kvHeads, headDim, values);
    const columns = { data: values, offset: 0, stride: length, rows: headDim };
    const weights = { data: scores, offset: 0, stride: length, rows: seq };
    multiplyRows(columns, weights, length, output, head * headDim, heads * headDim, 1, false);
  }
}

/** The values of one head, component after component. */
function transposeHead(
  cache: KeyValueCache,
  kvHead: number,
  kvHeads: number,
  headDim: number,
  values: Float32Array,
): void {
  for (let p = 0; p < cache.length; p++) {
    const from = (p * kvHeads + kvHead) * headDim;
    for (let i = 0; i < headDim; i++) values[i * cache.length + p] = cache.values[from + i]!;
  }
}
