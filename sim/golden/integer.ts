/**
 * Integer operations of docs/numerics.md on JavaScript numbers. Every value is an integer below 2^53 in magnitude, so
 * that the arithmetic is exact; each caller states the bound that keeps it so.
 */

const POWERS = Float64Array.from({ length: 2047 }, (_, i) => 2 ** (i - 1023));

/** 2^exponent, for exponents from −1022 to 1023. */
export function pow2(exponent: number): number {
  return POWERS[exponent + 1023]!;
}

/**
 * Rounding shift: floor((x + 2^(shift − 1)) / 2^shift) for a positive shift, x · 2^−shift otherwise.
 * Exact for |x| < 2^52 and any shift: one of 53 bits or more gives 0 for such x, and is clamped to 53.
 */
export function roundShift(x: number, shift: number): number {
  if (shift > 0) {
    const s = shift > 53 ? 53 : shift;
    return Math.floor((x + pow2(s - 1)) * pow2(-s));
  }
  return x * pow2(-shift);
}

/** Number of bits of a non-negative integer below 2^53: 0 for 0, n for 2^(n−1) … 2^n − 1. */
export function bitLength(x: number): number {
  return x < 4294967296 ? 32 - Math.clz32(x) : 64 - Math.clz32(Math.floor(x / 4294967296));
}

/** Clamps to −limit … limit. */
export function saturate(x: number, limit: number): number {
  return x > limit ? limit : x < -limit ? -limit : x;
}

/** A positive real number as mantissa · 2^−shift. */
export interface FixedPoint {
  /** 2^14 … 2^15 */
  readonly mantissa: number;
  readonly shift: number;
}

/** A real number above 0 and below 2^14 with a 15-bit mantissa: the least shift ≥ 0 with value · 2^shift ≥ 2^14. */
export function fixedPoint(value: number): FixedPoint {
  let shift = 0;
  while (value * pow2(shift) < 16384) shift++;
  return { mantissa: Math.round(value * pow2(shift)), shift };
}

/** Symmetric limits: the most negative code of a width is never used. */
export const INT8_MAX = 127;
export const INT16_MAX = 32767;
export const INT32_MAX = 2147483647;

/** Largest magnitude in values[start … end). */
export function maxMagnitude(values: Int32Array | Int16Array | Float64Array, start: number, end: number): number {
  let max = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > max) max = magnitude;
  }
  return max;
}
