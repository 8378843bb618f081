/** "Framing a vector" and "A linear" of docs/numerics.md in arbitrarily large integers, by their definitions. */

import type { Plan, PlanLinear } from '../../generator/plan/types.js';
import type { QuantizedLinear } from '../../generator/quantize/types.js';
import { excessBits, maximum, rs, sat8, sat16, sat32, sum } from './golden-reference.js';

/** One block of columns as "Weights" describes it. */
export interface ReferenceBlock {
  readonly start: number;
  /** Columns. */
  readonly c: number;
  /** Size of the transform. */
  readonly P: number;
  /** Samples. */
  readonly U: number;
}

/** One framed block. */
export interface ReferenceFramed {
  readonly u: readonly bigint[];
  readonly eps: bigint;
  readonly sum: bigint;
}

export interface ReferenceVector {
  readonly blocks: readonly ReferenceFramed[];
  readonly reference: bigint;
}

/** "Weights": the blocks of a linear. */
export function referenceBlocks(linear: PlanLinear): ReferenceBlock[] {
  const blocks: ReferenceBlock[] = [];
  for (let start = 0; start < linear.cols; start += linear.block) {
    const c = Math.min(linear.block, linear.cols - start);
    const short = c < linear.block && linear.frame === 'hadamard';
    blocks.push({
      start,
      c,
      P: short ? linear.tail!.size : linear.block,
      U: short ? linear.tail!.samples : linear.samples,
    });
  }
  return blocks;
}

/** "Weights": H[j][i]. */
export function hadamardEntry(j: number, i: number): bigint {
  let ones = 0;
  for (let common = j & i; common > 0; common >>= 1) ones += common & 1;
  return ones % 2 === 0 ? 1n : -1n;
}

/** "Weights": σ_k[i]. */
export function sign(plan: Pick<Plan, 'signs'>, k: number, i: number): bigint {
  const pattern = BigInt(`0x${plan.signs[k]!}`);
  return (pattern >> BigInt(i)) & 1n ? -1n : 1n;
}

/** Σ_i H[j][i] · σ_k[i] · v[i], for every j. */
function transform(plan: Pick<Plan, 'signs'>, v: readonly bigint[], k: number): bigint[] {
  const signed = v.map((value, i) => sign(plan, k, i) * value);
  return v.map((_, j) => signed.reduce((total, value, i) => total + hadamardEntry(j, i) * value, 0n));
}

/** "Framing a vector" for all the given linears, which share it. @param kernel K, U × B, in mode `fourier` */
export function frameVector(
  plan: Pick<Plan, 'signs'>,
  linears: readonly PlanLinear[],
  x: readonly bigint[],
  kernel: Int16Array | null,
): ReferenceVector {
  const reference = excessBits(x, 15n);
  const shapes = linears.map(referenceBlocks);
  const blocks = shapes[0]!.map(({ start, c, P }, b): ReferenceFramed => {
    const U = Math.max(...shapes.map((shape) => shape[b]!.U));
    const part = x.slice(start, start + c);
    const pre = excessBits(part, 15n);
    const v = part.map((value) => sat16(rs(value, pre)));
    while (v.length < P) v.push(0n);
    const t = kernel ? fourierSamples(plan, v, U, kernel) : hadamardSamples(plan, v, P, U);
    const post = excessBits(t, 7n);
    const u = t.map((value) => sat8(rs(value, post)));
    return { u, eps: pre + post - reference, sum: kernel ? sum(u) : 0n };
  });
  return { blocks, reference };
}

function hadamardSamples(plan: Pick<Plan, 'signs'>, v: readonly bigint[], P: number, U: number): bigint[] {
  const segments = Array.from({ length: Math.ceil(U / P) }, (_, k) => transform(plan, v, k));
  return segments.flat().slice(0, U);
}

function fourierSamples(plan: Pick<Plan, 'signs'>, v: readonly bigint[], U: number, kernel: Int16Array): bigint[] {
  const h = transform(plan, v, 0);
  return Array.from({ length: U }, (_, j) =>
    rs(sum(h.map((value, n) => BigInt(kernel[j * h.length + n]!) * value)), 14n),
  );
}

/** "Weights": G_k of a block. */
export function gainShift(linear: PlanLinear, block: ReferenceBlock, k: number): bigint {
  const gains = linear.gainShifts.map((gain) => BigInt(gain));
  return block.P >= 32 ? maximum(0n, ...gains) - gains[k]! : maximum(0n, ...gains);
}

/** "A linear": the engine's output, for a given final shift. */
export function linearOutput(
  linear: PlanLinear,
  weights: QuantizedLinear,
  vector: ReferenceVector,
  final: bigint,
): bigint[] {
  const blocks = referenceBlocks(linear);
  const perRow = blocks.reduce((total, { U }) => total + U, 0);
  return Array.from({ length: linear.rows }, (_, r) => {
    let accumulator = 0n;
    let at = r * perRow;
    blocks.forEach((block, b) => {
      const { u, eps, sum: samplesSum } = vector.blocks[b]!;
      let gained = 0n;
      for (let j = 0; j < block.U; j++) {
        const k = Math.floor(j / block.P);
        gained += BigInt(weights.symbols[at + j]!) * u[j]! * 2n ** gainShift(linear, block, k);
      }
      const scale = r * blocks.length + b;
      const total = BigInt(weights.scales[scale]!) * gained + BigInt(weights.means?.[scale] ?? 0) * samplesSum;
      accumulator += rs(total, -eps);
      at += block.U;
    });
    return sat32(rs(accumulator, final));
  });
}

/** "A linear": the final shift. */
export function finalShift(inputFrac: bigint, outputFrac: bigint, exponent: bigint, reference: bigint): bigint {
  const shift = inputFrac - outputFrac - exponent - reference;
  return shift < -16n ? -16n : shift > 63n ? 63n : shift;
}
