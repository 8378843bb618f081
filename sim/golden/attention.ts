import {
  bitLength,
  type FixedPoint,
  INT16_MAX,
  INT32_MAX,
  maxMagnitude,
  pow2,
  roundShift,
  saturate,
} from './integer.js';
import { ACTIVATION_FRAC } from './parameters.js';
import { exp2Negative, reciprocalRoot, type Tables } from './tables.js';

/** Positions that a cache has room for at first; it doubles when they are used up. */
const FIRST_POSITIONS = 64;

/** The same array with room for more elements. */
function grown<T extends Int8Array | Int16Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}

/**
 * Keys or values of one layer, with an exponent per head and position. Keys are int16: a score sums headDim products as
 * large as the square of the vectors' length, and the softmax sees its absolute error (docs/numerics.md, "Attention").
 * Values are int8.
 */
class HeadCache {
  exponents: Int8Array;

  /** @param values an empty array, of the type that values are kept in; it is replaced as the cache grows */
  constructor(
    readonly heads: number,
    readonly headDim: number,
    public values: Int8Array | Int16Array,
  ) {
    this.exponents = new Int8Array(0);
  }

  /** Makes room for `positions` positions. */
  reserve(positions: number): void {
    const { heads, headDim } = this;
    this.exponents = grown(this.exponents, positions * heads);
    this.values = grown(this.values, positions * heads * headDim);
  }

  store(x: Int32Array, position: number): void {
    const { heads, headDim } = this;
    const bits = 8 * this.values.BYTES_PER_ELEMENT - 1;
    const limit = 2 ** bits - 1;
    for (let h = 0; h < heads; h++) {
      const start = h * headDim;
      const shift = Math.max(0, bitLength(maxMagnitude(x, start, start + headDim)) - bits);
      const base = (position * heads + h) * headDim;
      for (let i = 0; i < headDim; i++) {
        this.values[base + i] = saturate(roundShift(x[start + i]!, shift), limit);
      }
      this.exponents[position * heads + h] = shift;
    }
  }
}

/** Attention of one layer over its cache. Source: docs/numerics.md, "Attention". */
export class Attention {
  readonly #keys: HeadCache;
  readonly #values: HeadCache;
  readonly #query: Int32Array;
  #scores = new Float64Array(0);
  readonly #mixed: Float64Array;

  constructor(
    private readonly tables: Tables,
    private readonly shape: { heads: number; kvHeads: number; headDim: number; context: number },
    /** log2(e) / √headDim */
    private readonly scale: FixedPoint,
  ) {
    const { kvHeads, headDim } = shape;
    this.#keys = new HeadCache(kvHeads, headDim, new Int16Array(0));
    this.#values = new HeadCache(kvHeads, headDim, new Int8Array(0));
    this.#query = new Int32Array(headDim);
    this.#mixed = new Float64Array(headDim);
  }

  /**
   * Appends k and v at a position and attends from q over positions 0 … position.
   * @param q heads × headDim, Q20
   * @param k kvHeads × headDim, Q20 (rotated)
   * @param v kvHeads × headDim, Q20
   * @returns heads × headDim, Q20
   * @throws RangeError if the position is beyond the context
   */
  attend(q: Int32Array, k: Int32Array, v: Int32Array, position: number): Int32Array {
    const { heads, kvHeads, headDim } = this.shape;
    this.#reserve(position);
    this.#keys.store(k, position);
    this.#values.store(v, position);
    const out = new Int32Array(heads * headDim);
    const sharing = heads / kvHeads;
    for (let h = 0; h < heads; h++) {
      this.#attendHead(q, h, Math.floor(h / sharing), position, out);
    }
    return out;
  }

  #reserve(position: number): void {
    const { context } = this.shape;
    if (position >= context) throw new RangeError(`position ${position} is beyond the context of ${context} tokens`);
    let positions = this.#scores.length;
    if (position < positions) return;
    while (positions <= position) positions = Math.max(FIRST_POSITIONS, 2 * positions);
    positions = Math.min(positions, context);
    this.#keys.reserve(positions);
    this.#values.reserve(positions);
    this.#scores = new Float64Array(positions);
  }

  #attendHead(q: Int32Array, head: number, kvHead: number, position: number, out: Int32Array): void {
    const { headDim } = this.shape;
    const start = head * headDim;
    const top = this.#score(q, start, kvHead, position);

    let sum = 0;
    let exponent = 0;
    const scores = this.#scores;
    const { kvHeads } = this.shape;
    for (let t = 0; t <= position; t++) {
      const p = exp2Negative(this.tables, top - scores[t]!);
      scores[t] = p;
      sum += p;
      exponent = Math.max(exponent, this.#values.exponents[t * kvHeads + kvHead]!);
    }
    // sum ≥ 2^16 because the largest score has p = 2^16, so its length is at least 17.
    const spare = bitLength(sum) - 17;
    const { mantissa, half } = reciprocalRoot(this.tables, sum);
    const reciprocal = roundShift(mantissa * mantissa, 16);
    const shift = 54 + 2 * half - spare - exponent;
    const mixed = this.#mix(kvHead, position, exponent);
    for (let i = 0; i < headDim; i++) {
      out[start + i] = saturate(roundShift(roundShift(mixed[i]!, spare) * reciprocal, shift), INT32_MAX);
    }
  }

  /** Σ over positions of rs(p · v · 2^8, exponent − v's exponent), the shift written out: this is the innermost loop. */
  #mix(kvHead: number, position: number, exponent: number): Float64Array {
    const { headDim, kvHeads } = this.shape;
    const { values, exponents } = this.#values;
    const mixed = this.#mixed.fill(0);
    for (let t = 0; t <= position; t++) {
      const weight = this.#scores[t]! * 256;
      if (weight === 0) continue;
      const at = t * kvHeads + kvHead;
      const down = exponent - exponents[at]!;
      const half = down > 0 ? pow2(down - 1) : 0;
      const scale = pow2(-down);
      for (let i = 0, v = at * headDim; i < headDim; i++, v++) {
        mixed[i] = mixed[i]! + Math.floor((weight * values[v]! + half) * scale);
      }
    }
    return mixed;
  }

  /** Fills #scores with base-2 scores, Q16, and returns the largest. */
  #score(q: Int32Array, start: number, kvHead: number, position: number): number {
    const { headDim, kvHeads } = this.shape;
    const query = this.#query;
    const shift = Math.max(0, bitLength(maxMagnitude(q, start, start + headDim)) - 15);
    for (let i = 0; i < headDim; i++) query[i] = saturate(roundShift(q[start + i]!, shift), INT16_MAX);
    let top = Number.NEGATIVE_INFINITY;
    for (let t = 0; t <= position; t++) {
      const at = t * kvHeads + kvHead;
      let dot = 0;
      for (let i = 0; i < headDim; i++) dot += query[i]! * this.#keys.values[at * headDim + i]!;
      const down = 2 * ACTIVATION_FRAC - 16 + this.scale.shift - shift - this.#keys.exponents[at]!;
      const score = saturate(roundShift(dot * this.scale.mantissa, down), INT32_MAX);
      this.#scores[t] = score;
      if (score > top) top = score;
    }
    return top;
  }
}
