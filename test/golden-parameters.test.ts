import { describe, expect, it } from 'vitest';
import { ropeFrequencies } from '../generator/model/rope.js';
import { int8Matrix, int8MatrixToFloat, integerBias, integerNorm } from '../generator/quantize/integer-parameters.js';
import { normEpsilon } from '../sim/golden/ops.js';
import { buildTables } from '../sim/golden/tables.js';
import { llamaConfig, optConfig } from './support/golden-models.js';
import { Random } from './support/golden-random.js';

// docs/numerics.md, "Tables" and "Parameters", computed in plain doubles.

const random = new Random(31);
const floats = (count: number, scale: number): Float32Array =>
  Float32Array.from({ length: count }, () => scale * random.gaussian());
const peak = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const nearest = (x: number): number => Math.floor(x + 0.5) + 0;

/** The least integer e with value ≤ limit · 2^e. */
function leastExponent(value: number, limit: number): number {
  if (value === 0) return 0;
  let e = -300;
  while (value > limit * 2 ** e) e++;
  return e;
}

describe('tables', () => {
  it('are what their formulas give', () => {
    const config = llamaConfig({ headDim: 64, rope: { theta: 500000, linearFactor: 4, llama3: null } });
    const tables = buildTables(config);
    const check = (values: ArrayLike<number>, count: number, entry: (i: number) => number): void => {
      expect(values).toHaveLength(count);
      expect(Array.from(values)).toEqual(Array.from({ length: count }, (_, i) => nearest(entry(i))));
    };
    check(tables.reciprocalRoot, 768, (i) => 2 ** 16 / Math.sqrt((i + 256.5) / 256));
    check(tables.exp2, 1024, (i) => 2 ** 16 * 2 ** (-i / 1024));
    check(tables.sigmoid, 2048, (i) => 2 ** 15 / (1 + Math.exp(-i / 128)));
    check(tables.sine, 1025, (i) => 2 ** 14 * Math.sin((2 * Math.PI * i) / 4096));
    check(tables.ropeStep, 32, (i) => (2 ** 32 * (500000 ** ((-2 * i) / 64) / 4)) / (2 * Math.PI));
    expect(buildTables(optConfig()).ropeStep).toHaveLength(0);
  });

  it('scale frequencies as Llama 3 does', () => {
    const llama3 = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
    const plain = ropeFrequencies(llamaConfig({ headDim: 128 }));
    const scaled = ropeFrequencies(llamaConfig({ headDim: 128, rope: { theta: 10000, linearFactor: 1, llama3 } }));
    const kinds = new Set<string>();
    plain.forEach((frequency, i) => {
      const turns = (8192 * frequency) / (2 * Math.PI);
      const share = (turns - 1) / 3;
      const [kind, expected] =
        turns > 4
          ? ['same', frequency]
          : turns < 1
            ? ['divided', frequency / 8]
            : ['between', ((1 - share) * frequency) / 8 + share * frequency];
      kinds.add(kind);
      expect(scaled[i]).toBeCloseTo(expected, 15);
    });
    expect([...kinds].sort()).toEqual(['between', 'divided', 'same']);
  });
});

describe('norms', () => {
  it.each([1e-7, 0.02, 1, 30, 1e4, 1e9])('with weights of about %d become integers by the formulas', (size) => {
    for (const dim of [1, 64, 768, 4096]) {
      for (const bias of [null, floats(dim, 0.5), floats(dim, 3e5)]) {
        const weight = floats(dim, size);
        const norm = integerNorm({ weight, bias }, dim);
        const root = Math.sqrt(dim);
        const e = leastExponent(root * peak(weight), 32767);
        const bound = Math.floor(root * peak(weight) + (bias ? peak(bias) : 0));
        const length = bound === 0 ? 0 : bound.toString(2).length;
        const frac = Math.max(0, Math.min(16, 30 - length));
        expect(norm.frac).toBe(frac);
        expect(norm.shift).toBe(20 - e - frac);
        expect(Array.from(norm.weight)).toEqual(Array.from(weight, (w) => nearest(w * root * 2 ** -e)));
        const limit = 2147483647;
        const clamp = (x: number): number => Math.max(-limit, Math.min(limit, x));
        expect(norm.bias && Array.from(norm.bias, (b) => b + 0)).toEqual(
          bias && Array.from(bias, (b) => clamp(nearest(b * 2 ** frac))),
        );
      }
    }
  });

  it('without weights are zero', () => {
    const norm = integerNorm({ weight: new Float32Array(4), bias: null }, 4);
    expect(norm).toEqual({ weight: new Int16Array(4), bias: null, shift: 4, frac: 16 });
  });

  it('have an epsilon in the units of their sum of squares', () => {
    expect(normEpsilon(1e-5, 4096)).toBe(Math.round(1e-5 * 4096 * 2 ** 40));
    expect(normEpsilon(0, 4096)).toBe(0);
  });
});

describe('biases', () => {
  it('are rounded and saturated', () => {
    const bias = Float32Array.of(0.5, -0.5, 1.5 / 2 ** 20, -1.5 / 2 ** 20, 1e9, -1e9);
    expect([...integerBias(bias, 20)]).toEqual([2 ** 19, -(2 ** 19), 2, -1, 2147483647, -2147483647]);
  });
});

describe('int8 matrices', () => {
  it.each([1e-30, 1e-3, 1, 1e6, 1e30])('with values of about %d become integers by the formulas', (size) => {
    const [rows, cols] = [9, 21];
    const values = floats(rows * cols, size);
    // A row of zeros, and one a million times smaller than the others.
    values.fill(0, cols, 2 * cols);
    for (let c = 2 * cols; c < 3 * cols; c++) values[c]! *= 1e-6;
    const matrix = int8Matrix(values, rows, cols);
    const row = (r: number): Float32Array => values.subarray(r * cols, (r + 1) * cols);
    const peaks = Array.from({ length: rows }, (_, r) => peak(row(r)));
    const exponent = leastExponent(Math.max(...peaks) / 127, 65535);
    expect(matrix.exponent).toBe(exponent);
    const scales = peaks.map((most) => Math.ceil((most / 127) * 2 ** -exponent));
    expect([...matrix.scales]).toEqual(scales);
    expect(Math.max(...scales)).toBeGreaterThan(32767);
    const expected = Array.from(values, (value, i) => {
      const scale = scales[Math.floor(i / cols)]!;
      return scale === 0 ? 0 : nearest(value * (1 / (scale * 2 ** exponent)));
    });
    expect(Array.from(matrix.values)).toEqual(expected);
    expect(peak(expected)).toBeLessThanOrEqual(127);
    const back = int8MatrixToFloat(matrix);
    values.forEach((value, i) => {
      const step = scales[Math.floor(i / cols)]! * 2 ** exponent;
      expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(step * 0.5001);
    });
  });
});
