/**
 * The operations of docs/numerics.md once more, in arbitrarily large integers and by their definitions: slow, without
 * bounds to respect, and without a line of sim/golden, which it is there to check.
 */

import type { Int8Matrix, IntegerNorm } from '../../sim/golden/parameters.js';
import type { Tables } from '../../sim/golden/tables.js';

/** The integers of an array. */
export function big(values: ArrayLike<number>): bigint[] {
  return Array.from(values, (value) => BigInt(value));
}

/** "Notation": rs(x, s). */
export function rs(x: bigint, s: bigint): bigint {
  if (s <= 0n) return x * 2n ** -s;
  return floorDivide(x + 2n ** (s - 1n), 2n ** s);
}

/** ⌊a / b⌋ for b > 0. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** a modulo b, 0 … b − 1. */
export function modulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

export function sat(x: bigint, limit: bigint): bigint {
  if (x > limit) return limit;
  return x < -limit ? -limit : x;
}

export const sat8 = (x: bigint): bigint => sat(x, 127n);
export const sat16 = (x: bigint): bigint => sat(x, 32767n);
export const sat32 = (x: bigint): bigint => sat(x, 2147483647n);

export function absolute(x: bigint): bigint {
  return x < 0n ? -x : x;
}

/** Bit length. */
export function bl(x: bigint): bigint {
  return x === 0n ? 0n : BigInt(x.toString(2).length);
}

export function peak(values: readonly bigint[]): bigint {
  return maximum(0n, ...values.map(absolute));
}

export function maximum(first: bigint, ...others: bigint[]): bigint {
  let most = first;
  for (const value of others) if (value > most) most = value;
  return most;
}

export function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

/** The shift that leaves `bits` bits of the largest of the values. */
export function excessBits(values: readonly bigint[], bits: bigint): bigint {
  return maximum(0n, bl(peak(values)) - bits);
}

function entry(table: ArrayLike<number>, index: bigint): bigint {
  const value = table[Number(index)];
  if (value === undefined) throw new RangeError(`the table has no entry ${index}`);
  return BigInt(value);
}

/** "Reciprocal root". */
export function reciprocalRoot(tables: Tables, s: bigint): { mantissa: bigint; half: bigint } {
  const half = -floorDivide(-(bl(s) - 32n), 2n);
  const m = half > 0n ? floorDivide(s, 4n ** half) : s * 4n ** -half;
  const r = entry(tables.reciprocalRoot, floorDivide(m, 2n ** 22n) - 256n);
  const square = rs(r * r, 15n);
  const product = rs(floorDivide(m, 2n ** 14n) * square, 17n);
  return { mantissa: rs(r * (3n * 2n ** 16n - product), 17n), half };
}

/** "Power of two". */
export function exp2(tables: Tables, d: bigint): bigint {
  const steps = rs(d, 6n);
  const whole = floorDivide(steps, 1024n);
  return whole > 31n ? 0n : rs(entry(tables.exp2, steps % 1024n), whole);
}

/** "Logistic function". */
export function sigmoid(tables: Tables, x: bigint): bigint {
  const index = rs(absolute(x), 13n);
  const value = entry(tables.sigmoid, index > 2047n ? 2047n : index);
  return x < 0n ? 2n ** 15n - value : value;
}

/** "Rotation". */
export function rotation(tables: Tables, position: bigint, pair: number): { cos: bigint; sin: bigint } {
  const phase = modulo(position * BigInt(tables.ropeStep[pair]!), 2n ** 32n);
  const step = modulo(rs(phase, 20n), 4096n);
  const sine = (t: bigint): bigint => {
    const w = t % 1024n;
    const quarter = t / 1024n;
    const value = entry(tables.sine, quarter % 2n === 0n ? w : 1024n - w);
    return quarter < 2n ? value : -value;
  };
  return { sin: sine(step), cos: sine(modulo(step + 1024n, 4096n)) };
}

/** "Norms". */
export function norm(
  tables: Tables,
  parameters: IntegerNorm,
  x: readonly bigint[],
  layerNorm: boolean,
  epsilon: bigint,
): bigint[] {
  const dim = BigInt(x.length);
  const pre = excessBits(x, 15n);
  const v = x.map((value) => rs(value, pre));
  const mean = layerNorm ? rs(sum(v) * floorDivide(2n ** 33n + dim, 2n * dim), 28n) : 0n;
  const squares = sum(v.map((value) => (16n * value - mean) ** 2n));
  const { mantissa, half } = reciprocalRoot(tables, maximum(1n, squares + rs(epsilon, 2n * pre)));
  return x.map((value, i) => {
    const c = 4n * value - rs(mean, 2n - pre);
    const z = rs(c * mantissa, 9n + half + pre);
    const bias = BigInt(parameters.bias?.[i] ?? 0);
    return sat32(rs(z * BigInt(parameters.weight[i]!), BigInt(parameters.shift)) + bias);
  });
}

/** "Int8 matrices": a product. */
export function matrixProduct(matrix: Int8Matrix, x: readonly bigint[], inputFrac: bigint, outputFrac: bigint) {
  const pre = excessBits(x, 15n);
  const v = x.map((value) => sat16(rs(value, pre)));
  const shift = inputFrac - outputFrac - BigInt(matrix.exponent) - pre;
  return Array.from({ length: matrix.rows }, (_, r) => {
    const dot = sum(v.map((value, c) => value * BigInt(matrix.values[r * matrix.cols + c]!)));
    return sat32(rs(dot * BigInt(matrix.scales[r]!), shift));
  });
}

/** "Int8 matrices": one row. */
export function matrixRow(matrix: Int8Matrix, row: number, frac: bigint): bigint[] {
  const values = big(matrix.values.subarray(row * matrix.cols, (row + 1) * matrix.cols));
  return values.map((value) => sat32(rs(value * BigInt(matrix.scales[row]!), -BigInt(matrix.exponent) - frac)));
}

/** "Rotary positions". */
export function rotate(tables: Tables, x: readonly bigint[], headDim: number, position: bigint): bigint[] {
  const y = [...x];
  for (let i = 0; i < x.length; i += 2) {
    const { cos, sin } = rotation(tables, position, (i % headDim) / 2);
    y[i] = sat32(rs(x[i]! * cos - x[i + 1]! * sin, 14n));
    y[i + 1] = sat32(rs(x[i]! * sin + x[i + 1]! * cos, 14n));
  }
  return y;
}

/** "Activation functions": SwiGLU. */
export function swiGlu(tables: Tables, gate: readonly bigint[], up: readonly bigint[]): bigint[] {
  return gate.map((g, i) => {
    const silu = rs(g * sigmoid(tables, g), 15n);
    return sat32(rs(rs(silu, 6n) * rs(up[i]!, 6n), 12n));
  });
}

interface CacheEntry {
  readonly values: readonly bigint[];
  readonly exponent: bigint;
}

/** "Attention", of one layer. */
export class ReferenceAttention {
  /** By position, then by key/value head. */
  readonly #keys: CacheEntry[][] = [];
  readonly #values: CacheEntry[][] = [];

  constructor(
    private readonly tables: Tables,
    private readonly shape: { heads: number; kvHeads: number; headDim: number },
    private readonly scale: { mantissa: bigint; shift: bigint },
  ) {}

  attend(q: readonly bigint[], k: readonly bigint[], v: readonly bigint[]): bigint[] {
    const { heads, kvHeads, headDim } = this.shape;
    this.#keys.push(cacheEntries(k, headDim, 15n));
    this.#values.push(cacheEntries(v, headDim, 7n));
    return Array.from({ length: heads }, (_, head) => {
      const shared = Math.floor(head / (heads / kvHeads));
      return this.#head(q.slice(head * headDim, (head + 1) * headDim), shared);
    }).flat();
  }

  #head(q: readonly bigint[], shared: number): bigint[] {
    const keys = this.#keys.map((heads) => heads[shared]!);
    const values = this.#values.map((heads) => heads[shared]!);
    const pre = excessBits(q, 15n);
    const query = q.map((value) => sat16(rs(value, pre)));
    const scores = keys.map((key) => {
      const dot = sum(query.map((value, i) => value * key.values[i]!));
      return sat32(rs(dot * this.scale.mantissa, 24n + this.scale.shift - pre - key.exponent));
    });
    const top = maximum(scores[0]!, ...scores);
    const p = scores.map((score) => exp2(this.tables, top - score));
    const total = sum(p);
    const exponent = maximum(0n, ...values.map((value) => value.exponent));
    const spare = bl(total) - 17n;
    const { mantissa, half } = reciprocalRoot(this.tables, total);
    const reciprocal = rs(mantissa * mantissa, 16n);
    return query.map((_, i) => {
      const mixed = sum(values.map((value, t) => rs(p[t]! * value.values[i]! * 256n, exponent - value.exponent)));
      return sat32(rs(rs(mixed, spare) * reciprocal, 54n + 2n * half - spare - exponent));
    });
  }
}

function cacheEntries(x: readonly bigint[], headDim: number, bits: bigint): CacheEntry[] {
  const entries: CacheEntry[] = [];
  for (let start = 0; start < x.length; start += headDim) {
    const head = x.slice(start, start + headDim);
    const exponent = excessBits(head, bits);
    entries.push({ values: head.map((value) => sat(rs(value, exponent), 2n ** bits - 1n)), exponent });
  }
  return entries;
}

/** Asserts that integers of the golden model are those of the reference. */
export function expectIntegers(actual: ArrayLike<number>, expected: readonly bigint[]): void {
  const wanted = expected.map(Number);
  // −0 is 0.
  const given = Array.from(actual, (value) => value + 0);
  const at = wanted.findIndex((value, i) => value !== given[i]);
  if (at >= 0) throw new Error(`value ${at} is ${given[at]}, not ${wanted[at]}`);
  if (given.length !== wanted.length) throw new Error(`${given.length} values, not ${wanted.length}`);
}
