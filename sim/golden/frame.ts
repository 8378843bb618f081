import type { Plan, PlanLinear } from '../../generator/plan/types.js';
import { bitLength, INT8_MAX, INT16_MAX, maxMagnitude, roundShift, saturate } from './integer.js';

/** An input vector as the MAC array takes it: int8 samples and one exponent per block. */
export interface FramedVector {
  /** Samples of block b start at b · stride; blocks × stride. */
  readonly samples: Int8Array;
  /** Samples per block in `samples`: the most that any linear that reads the vector takes. */
  readonly stride: number;
  /** Exponent of each block relative to `reference`, −16 … 17. */
  readonly exponents: Int8Array;
  /** Sum of the samples of each block (mode `fourier`; zeros in mode `hadamard`). */
  readonly sums: Int32Array;
  /** The vector's reference exponent. */
  readonly reference: number;
  /** Mantissas of block b, from which the samples are made, start at b · block; 0 where there is no column. */
  readonly mantissas: Int16Array;
  /** Exponent of each block's mantissas relative to `reference`, −16 … 0. */
  readonly mantissaExponents: Int8Array;
}

/** Unnormalised Walsh–Hadamard transform in natural order, in place, of values[start … start + size). */
export function walshHadamard(values: Int32Array, start: number, size: number): void {
  for (let half = 1; half < size; half *= 2) {
    for (let i = start; i < start + size; i += 2 * half) {
      for (let j = i; j < i + half; j++) {
        const a = values[j]!;
        const b = values[j + half]!;
        values[j] = a + b;
        values[j + half] = a - b;
      }
    }
  }
}

/** The sign patterns of a plan as +1 / −1, one array of `block` entries per segment. */
export function signPatterns(signs: readonly string[], block: number): Int8Array[] {
  return signs.map((hex) => {
    const pattern = new Int8Array(block);
    for (let i = 0; i < block; i++) {
      const digit = Number.parseInt(hex[hex.length - 1 - (i >> 2)]!, 16);
      pattern[i] = (digit >> (i & 3)) & 1 ? -1 : 1;
    }
    return pattern;
  });
}

/** How the vector that a set of linears reads is framed. */
export interface FrameShape {
  readonly mode: PlanLinear['frame'];
  readonly cols: number;
  readonly block: number;
  /** Samples of a full block: the most that any of the linears takes. */
  readonly samples: number;
  /** Size of the last block's transform, and its samples; those of a full block if the columns fill it. */
  readonly tailSize: number;
  readonly tailSamples: number;
}

/** The framing that serves all the given linears, which read the same vector. */
export function frameShape(linears: readonly PlanLinear[]): FrameShape {
  const first = linears[0]!;
  const samples = Math.max(...linears.map((linear) => linear.samples));
  return {
    mode: first.frame,
    cols: first.cols,
    block: first.block,
    samples,
    tailSize: first.tail?.size ?? first.block,
    tailSamples: first.tail ? Math.max(...linears.map((linear) => linear.tail!.samples)) : samples,
  };
}

/**
 * Groups linears so that each group can share one framing. In mode `hadamard` fewer samples are a prefix of more, so
 * all linears that read a vector share it; in mode `fourier` only those with the same number of samples do.
 */
export function framingGroups(linears: readonly PlanLinear[]): PlanLinear[][] {
  const groups = new Map<number, PlanLinear[]>();
  for (const linear of linears) {
    const key = linear.frame === 'hadamard' ? 0 : linear.samples;
    const group = groups.get(key);
    if (group) group.push(linear);
    else groups.set(key, [linear]);
  }
  return [...groups.values()];
}

/** Frames input vectors of one shape. Source: docs/numerics.md, "Framing a vector". */
export class Framer {
  readonly #shape: FrameShape;
  readonly #signs: readonly Int8Array[];
  readonly #kernel: Int16Array | null;
  readonly #segment: Int32Array;
  readonly #upsampled: Float64Array;

  /**
   * @param kernel the int16 matrix of a `fourier` frame, samples × block (Q14); null in mode `hadamard`
   */
  constructor(shape: FrameShape, plan: Pick<Plan, 'signs'>, kernel: Int16Array | null) {
    this.#shape = shape;
    this.#signs = signPatterns(plan.signs, shape.block);
    this.#kernel = kernel;
    this.#segment = new Int32Array(shape.block);
    this.#upsampled = new Float64Array(Math.max(shape.samples, shape.tailSamples));
  }

  /** @param x `cols` integers of any magnitude below 2^31 */
  frame(x: Int32Array): FramedVector {
    const { cols, block } = this.#shape;
    const blocks = Math.ceil(cols / block);
    const reference = Math.max(0, bitLength(maxMagnitude(x, 0, cols)) - 15);
    const mantissas = new Int16Array(blocks * block);
    const exponents = new Int8Array(blocks);
    for (let b = 0; b < blocks; b++) {
      const start = b * block;
      const end = Math.min(start + block, cols);
      const preShift = Math.max(0, bitLength(maxMagnitude(x, start, end)) - 15);
      for (let i = start; i < end; i++) mantissas[i] = saturate(roundShift(x[i]!, preShift), INT16_MAX);
      exponents[b] = preShift - reference;
    }
    return this.frameMantissas(mantissas, exponents, reference);
  }

  /**
   * The rest of the framing, which a frame unit does.
   * @param mantissas as in the result, which holds them
   * @param mantissaExponents of each block, relative to `reference`
   */
  frameMantissas(mantissas: Int16Array, mantissaExponents: Int8Array, reference: number): FramedVector {
    const { cols, block, samples, tailSize, tailSamples } = this.#shape;
    const blocks = Math.ceil(cols / block);
    const result = {
      samples: new Int8Array(blocks * samples),
      stride: samples,
      exponents: new Int8Array(blocks),
      sums: new Int32Array(blocks),
      reference,
      mantissas,
      mantissaExponents,
    };
    for (let b = 0; b < blocks; b++) {
      const whole = (b + 1) * block <= cols;
      this.#frameBlock(whole ? block : tailSize, whole ? samples : tailSamples, b, result);
    }
    return result;
  }

  #frameBlock(size: number, count: number, b: number, out: FramedVector): void {
    const mantissas = out.mantissas.subarray(b * this.#shape.block, (b + 1) * this.#shape.block);
    if (this.#kernel) this.#upsampleFourier(mantissas, count, this.#kernel);
    else this.#upsampleHadamard(mantissas, size, count);

    const shift = Math.max(0, bitLength(maxMagnitude(this.#upsampled, 0, count)) - 7);
    const base = b * out.stride;
    let sum = 0;
    for (let j = 0; j < count; j++) {
      const sample = saturate(roundShift(this.#upsampled[j]!, shift), INT8_MAX);
      out.samples[base + j] = sample;
      sum += sample;
    }
    out.exponents[b] = out.mantissaExponents[b]! + shift;
    if (this.#kernel) out.sums[b] = sum;
  }

  /** Segment k of `size` samples is the transform of the block with sign pattern k; |result| ≤ 2^15 · size. */
  #upsampleHadamard(mantissas: Int16Array, size: number, count: number): void {
    for (let first = 0, k = 0; first < count; first += size, k++) {
      const segment = this.#transform(mantissas, k, size);
      for (let j = 0; j < size && first + j < count; j++) this.#upsampled[first + j] = segment[j]!;
    }
  }

  /** Products below 2^(22 + 16), sums of at most 256 of them: exact. */
  #upsampleFourier(mantissas: Int16Array, count: number, kernel: Int16Array): void {
    const { block } = this.#shape;
    const spectrum = this.#transform(mantissas, 0, block);
    for (let j = 0; j < count; j++) {
      let sum = 0;
      for (let n = 0; n < block; n++) sum += kernel[j * block + n]! * spectrum[n]!;
      this.#upsampled[j] = roundShift(sum, 14);
    }
  }

  #transform(mantissas: Int16Array, pattern: number, size: number): Int32Array {
    const signs = this.#signs[pattern]!;
    const segment = this.#segment;
    for (let i = 0; i < size; i++) segment[i] = signs[i]! * mantissas[i]!;
    walshHadamard(segment, 0, size);
    return segment;
  }
}
