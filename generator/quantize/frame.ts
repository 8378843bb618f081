/**
 * Frames: the matrices F (samples × cols) with which a block of weights is w ≈ a · qᵀ · F. They are unnormalised and
 * hold integers only (times 2^−14 in mode `fourier`); docs/numerics.md states the definition.
 */

import { type LinearBlock, segmentShifts } from '../plan/blocks.js';
import type { PlanLinear } from '../plan/types.js';
import { fwht } from './hadamard.js';
import { resampleMatrix } from './resample.js';
import { signsOf } from './signs.js';

/** Fractional bits of the `fourier` kernel. */
export const KERNEL_FRACTION_BITS = 14;

const kernels = new Map<string, Int16Array>();

/**
 * The int16 kernel K (samples × block, row-major) of a `fourier` frame: K[j][n] = round(2^14 · (samples / block) ·
 * D[n][j]), halves upwards, D being the matrix that FFT-resamples `samples` values to `block`. No value exceeds 2^14 ·
 * (block + 1) / block. Computed once per pair; treat it as read-only. It needs no platform function (see cosOfTurn), so
 * every platform computes the same.
 */
export function fourierKernel(block: number, samples: number): Int16Array {
  const key = `${block}:${samples}`;
  const known = kernels.get(key);
  if (known !== undefined) return known;
  const down = resampleMatrix(samples, block);
  const kernel = new Int16Array(samples * block);
  const gain = 2 ** KERNEL_FRACTION_BITS * (samples / block);
  for (let j = 0; j < samples; j++) {
    for (let n = 0; n < block; n++) kernel[j * block + n] = Math.round(gain * down[n * samples + j]!);
  }
  kernels.set(key, kernel);
  return kernel;
}

/** One block's frame, ready to be applied. */
export interface Frame {
  readonly cols: number;
  readonly samples: number;
  /**
   * out ← (mantissa · q + mean)ᵀ · F, for q = symbols[at … at + samples): `cols` values. Exact: every intermediate is
   * an integer, scaled by 2^−14 at the end in mode `fourier`. Mode `hadamard` has no means and ignores `mean`.
   */
  synthesize(symbols: Int8Array, at: number, mantissa: number, mean: number, out: Float64Array): void;
  /** F itself, samples × cols, row-major. */
  matrix(): Float64Array;
}

/** A segment of a Hadamard frame: `rows` rows of the transform of the columns negated by `signs`, times `gain`. */
export interface HadamardSegment {
  readonly signs: Int8Array;
  /** A power of two. */
  readonly gain: number;
  readonly rows: number;
}

/**
 * The segments of one block of a linear in mode `hadamard`. Throws a RangeError if the plan has too few patterns or
 * gains.
 */
export function hadamardSegments(plan: PlanLinear, block: LinearBlock, signs: readonly string[]): HadamardSegment[] {
  return segmentShifts(plan, block).map((shift, k) => ({
    signs: signsOf(patternOf(signs, k), block.size),
    gain: 2 ** shift,
    rows: Math.min(block.size, block.samples - k * block.size),
  }));
}

function patternOf(signs: readonly string[], segment: number): string {
  const pattern = signs[segment];
  if (pattern === undefined) throw new RangeError(`the plan has no sign pattern for segment ${segment} of a block`);
  return pattern;
}

function hadamardFrame(block: LinearBlock, segments: readonly HadamardSegment[]): Frame {
  const { cols, samples, size } = block;
  const work = new Float64Array(size);
  const synthesize: Frame['synthesize'] = (symbols, at, mantissa, _mean, out) => {
    for (let i = 0; i < cols; i++) out[i] = 0;
    let from = at;
    for (const { signs, gain, rows } of segments) {
      for (let j = 0; j < rows; j++) work[j] = symbols[from + j]!;
      work.fill(0, rows);
      fwht(work, size);
      const factor = mantissa * gain;
      for (let i = 0; i < cols; i++) out[i] = out[i]! + factor * signs[i]! * work[i]!;
      from += rows;
    }
  };
  return { cols, samples, synthesize, matrix: () => matrixOf(synthesize, samples, cols) };
}

function fourierFrame(block: LinearBlock, pattern: string): Frame {
  const { cols, samples, size } = block;
  const kernel = fourierKernel(size, samples);
  const signs = signsOf(pattern, size);
  const work = new Float64Array(size);
  const synthesize: Frame['synthesize'] = (symbols, at, mantissa, mean, out) => {
    work.fill(0);
    for (let j = 0, k = 0; j < samples; j++, k += size) {
      const sample = mantissa * symbols[at + j]! + mean;
      if (sample === 0) continue;
      for (let n = 0; n < size; n++) work[n] = work[n]! + sample * kernel[k + n]!;
    }
    fwht(work, size);
    for (let i = 0; i < cols; i++) out[i] = (signs[i]! * work[i]!) / 2 ** KERNEL_FRACTION_BITS;
  };
  return { cols, samples, synthesize, matrix: () => matrixOf(synthesize, samples, cols) };
}

/** Row j of a frame is what the j-th unit vector synthesizes. */
function matrixOf(synthesize: Frame['synthesize'], samples: number, cols: number): Float64Array {
  const matrix = new Float64Array(samples * cols);
  const unit = new Int8Array(samples);
  for (let j = 0; j < samples; j++) {
    unit[j] = 1;
    synthesize(unit, 0, 1, 0, matrix.subarray(j * cols, (j + 1) * cols));
    unit[j] = 0;
  }
  return matrix;
}

/**
 * The frame of one block of a linear.
 *
 * @param signs the plan's sign patterns, at least one per segment (one in mode `fourier`)
 * @throws RangeError if the plan has too few sign patterns or gains
 */
export function frameOf(plan: PlanLinear, block: LinearBlock, signs: readonly string[]): Frame {
  return plan.frame === 'hadamard'
    ? hadamardFrame(block, hadamardSegments(plan, block, signs))
    : fourierFrame(block, patternOf(signs, 0));
}
