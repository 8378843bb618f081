import { bitLength, INT8_MAX, INT16_MAX, INT32_MAX, maxMagnitude, roundShift, saturate } from './integer.js';
import { ACTIVATION_FRAC } from './parameters.js';
import { exp2Negative, reciprocalRoot, type Tables } from './tables.js';

/** Keys or values of one layer: int8 with an exponent per head and position. */
class HeadCache {
  readonly values: Int8Array;
  readonly exponents: Int8Array;

  constructor(
    readonly heads: number,
    readonly headDim: number,
    context: number,
  ) {
    this.values = new Int8Array(context * heads * headDim);
    this.exponents = new Int8Array(context * heads);
  }

  store(x: Int32Array, position: number): void {
    const { heads, headDim } = this;
    for (let h = 0; h < heads; h++) {
      const start = h * headDim;
      const shift = Math.max(0, bitLength(maxMagnitude(x, start, start + headDim)) - 7);
      const base = (position * heads + h) * headDim;
      for (let i = 0; i < headDim; i++) {
        this.values[base + i] = saturate(roundShift(x[start + i]!, shift), INT8_MAX);
      }
      this.exponents[position * heads + h] = shift;
    }
  }
}

/** log2(e) / √headDim as a 15-bit mantissa: c ≈ mantissa · 2^−shift. */
export interface ScoreScale {
  readonly mantissa: number;
  readonly shift: number;
}

/** Attention of one layer over its int8 cache. Source: docs/numerics.md, "Attention". */
export class Attention {
  readonly #keys: HeadCache;
  readonly #values: HeadCache;
  readonly #query: Int32Array;
  readonly #scores: Float64Array;

  constructor(
    private readonly tables: Tables,
    private readonly shape: { heads: number; kvHeads: number; headDim: number; context: number },
    private readonly scale: ScoreScale,
  ) {
    this.#keys = new HeadCache(shape.kvHeads, shape.headDim, shape.context);
    this.#values = new HeadCache(shape.kvHeads, shape.headDim, shape.context);
    this.#query = new Int32Array(shape.headDim);
    this.#scores = new Float64Array(shape.context);
  }

  /**
   * Appends k and v at a position and attends from q over positions 0 … position.
   * @param q heads × headDim, Q20
   * @param k kvHeads × headDim, Q20 (rotated)
   * @param v kvHeads × headDim, Q20
   * @returns heads × headDim, Q20
   */
  attend(q: Int32Array, k: Int32Array, v: Int32Array, position: number): Int32Array {
    const { heads, kvHeads, headDim } = this.shape;
    this.#keys.store(k, position);
    this.#values.store(v, position);
    const out = new Int32Array(heads * headDim);
    const sharing = heads / kvHeads;
    for (let h = 0; h < heads; h++) {
      this.#attendHead(q, h, Math.floor(h / sharing), position, out);
    }
    return out;
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
    for (let i = 0; i < headDim; i++) {
      let mixed = 0;
      for (let t = 0; t <= position; t++) {
        const at = t * kvHeads + kvHead;
        mixed += roundShift(
          scores[t]! * this.#values.values[at * headDim + i]! * 256,
          exponent - this.#values.exponents[at]!,
        );
      }
      out[start + i] = saturate(roundShift(roundShift(mixed, spare) * reciprocal, shift), INT32_MAX);
    }
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
