/** Widths of the engine's numbers. Bounds are derived in docs/numerics.md; the Verilog receives them as parameters. */

import type { PlanArray, PlanLinear } from '../plan/types.js';
import { bitLength, countWidth, log2Exact, signedWidth } from './integers.js';
import { blockBeats, blockKinds } from './shape.js';

/** |activation sample| of int8, −128 included: the array is exact for every byte that the host can write. */
const SAMPLE_BOUND = 128;
const SCALE_BOUND = 255;
/** |mean|, −128 included. */
const MEAN_BOUND = 128;
/** Bits of sum_b in the blocks memory, sign included. */
const SAMPLE_SUM_BITS = 24;
/** |v| ≤ 2^15 before the transform. */
const INPUT_BITS = 15;
/** Room for the rounding of samples and of each block's contribution. */
const SLACK_BITS = 2;

export interface EngineWidths {
  /** Sum over the lanes of a beat, up to its sign: 8 bits per sample and one per level of the adder tree. */
  readonly sum: number;
  /** Left shift of a segment's sum (at least one bit). */
  readonly gain: number;
  /** Segments of the longest block whose gains differ. */
  readonly segments: number;
  /** P, a block's total. */
  readonly total: number;
  /** T = m · P + mean · sum_b. */
  readonly scaled: number;
  /** A, a row's accumulator. */
  readonly accumulator: number;
}

/** Whether scales are followed by means: the plan is one of mode `fourier`. */
export function hasMeans(linears: readonly PlanLinear[]): boolean {
  return linears.some((linear) => linear.frame === 'fourier');
}

/** Largest |P| of a linear's blocks. */
function totalBound(linear: PlanLinear, lanes: number): number {
  const bounds = blockKinds(linear).map((kind) => {
    const { beats, segmentBeats, shifts } = blockBeats(linear, kind, lanes);
    return shifts.reduce((sum, shift, k) => {
      const samples =
        Math.min(kind.samples, Math.min(beats, (k + 1) * segmentBeats) * lanes) - k * segmentBeats * lanes;
      return sum + SAMPLE_BOUND * samples * 2 ** shift;
    }, 0);
  });
  return Math.max(...bounds);
}

/**
 * Bits of a linear's accumulator: by Parseval the samples of one segment with its exponent sum up to at most
 * 2^15 · P^1.5; a segment adds that, shifted by its gain, times a scale; a mean multiplies at most twice that.
 */
function accumulatorBits(linear: PlanLinear, lanes: number): number {
  const factor = SCALE_BOUND + (linear.frame === 'fourier' ? 2 * MEAN_BOUND : 0);
  const perBlock = blockKinds(linear).map((kind) => {
    const transform = 2 ** Math.ceil(1.5 * log2Exact(kind.size));
    const { shifts, segmentBeats, beats } = blockBeats(linear, kind, lanes);
    // With equal gains the segments are not listed one by one.
    const segments = segmentBeats < beats ? 1 : Math.ceil(kind.samples / kind.size);
    return kind.count * transform * segments * shifts.reduce((sum, shift) => sum + 2 ** shift, 0);
  });
  const bound = factor * perBlock.reduce((sum, block) => sum + block, 0);
  return bitLength(bound) + INPUT_BITS + SLACK_BITS + 1;
}

/** Widths that serve all linears of a plan on an array. */
export function engineWidths(linears: readonly PlanLinear[], array: PlanArray): EngineWidths {
  const shapes = linears.flatMap((linear) => blockKinds(linear).map((kind) => blockBeats(linear, kind, array.lanes)));
  const bound = Math.max(...linears.map((linear) => totalBound(linear, array.lanes)));
  const mean = hasMeans(linears) ? MEAN_BOUND * 2 ** (SAMPLE_SUM_BITS - 1) : 0;
  const sum = 8 + log2Exact(array.lanes);
  const total = Math.max(sum, signedWidth(bound));
  return {
    sum,
    gain: countWidth(Math.max(...shapes.flatMap((shape) => shape.shifts))),
    segments: Math.max(...shapes.map((shape) => shape.shifts.length)),
    total,
    scaled: Math.max(total + 8, signedWidth(SCALE_BOUND * bound + mean)),
    accumulator: Math.max(...linears.map((linear) => accumulatorBits(linear, array.lanes))),
  };
}
