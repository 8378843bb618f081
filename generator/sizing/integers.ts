/**
 * Integer arithmetic for widths, depths and addresses: the one place where they are computed. All arguments are
 * integers in 0 … 2^53; everything throws a RangeError for other values. JavaScript's own tools are wrong here:
 * `Math.ceil(Math.log2(2 ** k + 1))` is k for k = 49 … 52, and `1 << 31` is negative.
 */

const TWO_POW_32 = 0x1_0000_0000;
const MAX_EXACT = 2 ** 53;

function checkCount(n: number): void {
  if (!(Number.isInteger(n) && n >= 0 && n <= MAX_EXACT)) {
    throw new RangeError(`${n} is not an integer in 0 … 2^53`);
  }
}

function checkPositive(n: number): void {
  checkCount(n);
  if (n === 0) throw new RangeError('0 where a positive integer is wanted');
}

/** Bits of n in binary without leading zeros; 0 for n = 0. */
export function bitLength(n: number): number {
  checkCount(n);
  const high = Math.floor(n / TWO_POW_32);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(n % TWO_POW_32);
}

/** Width of an index into n ≥ 1 things (values 0 … n − 1), at least one bit. */
export function indexWidth(n: number): number {
  checkPositive(n);
  return Math.max(1, bitLength(n - 1));
}

/** Width of a count of up to n things (values 0 … n), at least one bit. */
export function countWidth(n: number): number {
  return Math.max(1, bitLength(n));
}

/** Width of a two's complement number v with |v| ≤ bound. */
export function signedWidth(bound: number): number {
  return bitLength(bound) + 1;
}

/** 2^k, 0 ≤ k ≤ 53. */
export function powerOfTwo(k: number): number {
  if (!(Number.isInteger(k) && k >= 0 && k <= 53)) throw new RangeError(`2^${k} is not an integer in 1 … 2^53`);
  return 2 ** k;
}

export function isPowerOfTwo(n: number): boolean {
  return n > 0 && nextPowerOfTwo(n) === n;
}

/** The least power of two that is not less than n ≥ 1. */
export function nextPowerOfTwo(n: number): number {
  checkPositive(n);
  return 2 ** bitLength(n - 1);
}

/** Exponent of a power of two. */
export function log2Exact(n: number): number {
  if (!isPowerOfTwo(n)) throw new RangeError(`${n} is not a power of two`);
  return bitLength(n) - 1;
}

/** ⌈a / b⌉ for b ≥ 1. */
export function ceilDiv(a: number, b: number): number {
  checkCount(a);
  checkPositive(b);
  const rest = a % b;
  return (a - rest) / b + (rest > 0 ? 1 : 0);
}

/** The least multiple of b that is not less than a. */
export function roundUpTo(a: number, b: number): number {
  return ceilDiv(a, b) * b;
}
