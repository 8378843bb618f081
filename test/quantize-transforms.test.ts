import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fwht, orthonormalFwht } from '../generator/quantize/hadamard.js';
import { quantile } from '../generator/quantize/quantile.js';
import { applyMatrix, cosOfTurn, resampleMatrix } from '../generator/quantize/resample.js';
import { data, lacks } from './support/needs.js';
import { gaussian } from './support/random.js';
import { sharedPath } from './support/shared.js';

function randomVector(seed: number, length: number): Float64Array {
  return Float64Array.from({ length }, gaussian(seed));
}

/** H[j][i] in natural order. */
function walsh(j: number, i: number): number {
  let sign = 1;
  for (let bits = j & i; bits !== 0; bits &= bits - 1) sign = -sign;
  return sign;
}

describe('the Walsh–Hadamard transform', () => {
  it.each([1, 2, 4, 8, 32, 64, 128, 256])('of %i values is H · x in natural order', (size) => {
    const x = Float64Array.from({ length: size }, (_, i) => ((i * 37) % 101) - 50);
    const expected = Array.from(x, (_, j) => x.reduce((sum, value, i) => sum + walsh(j, i) * value, 0));
    const values = x.slice();
    fwht(values);
    expect([...values]).toEqual(expected);
    const integers = Int32Array.from(x);
    fwht(integers);
    expect([...integers]).toEqual(expected);
  });

  it('leaves what lies beyond the given size alone', () => {
    const values = Float64Array.of(1, 2, 3, 4);
    fwht(values, 2);
    expect([...values]).toEqual([3, -1, 3, 4]);
  });

  it('is its own inverse when orthonormal, and keeps the length', () => {
    const x = randomVector(1, 128);
    const y = x.slice();
    orthonormalFwht(y);
    const energy = (v: Float64Array): number => v.reduce((sum, value) => sum + value * value, 0);
    expect(energy(y)).toBeCloseTo(energy(x), 10);
    orthonormalFwht(y);
    y.forEach((value, i) => {
      expect(value).toBeCloseTo(x[i]!, 12);
    });
  });

  it.each([0, 3, 12, 1.5])('refuses a size of %f', (size) => {
    expect(() => fwht(new Float64Array(16), size)).toThrow(RangeError);
  });
});

describe('the quantile', () => {
  const sorted = Float64Array.of(1, 2, 4, 8);

  it.each([
    [0, 1],
    [1, 8],
    [0.5, 3],
    [0.25, 1.75],
    [0.9, 6.8],
  ])('at %f is interpolated linearly', (p, expected) => {
    expect(quantile(sorted, p)).toBeCloseTo(expected, 12);
  });

  it('of a single value is that value', () => {
    expect(quantile(Float64Array.of(5), 0.3)).toBe(5);
  });

  it('refuses an empty array and a p outside 0 … 1', () => {
    expect(() => quantile(new Float64Array(0), 0.5)).toThrow(RangeError);
    expect(() => quantile(sorted, 1.1)).toThrow(RangeError);
    expect(() => quantile(sorted, Number.NaN)).toThrow(RangeError);
  });
});

describe('the cosine of a fraction of a turn', () => {
  it.each([1, 2, 3, 7, 8, 12, 96, 896])('agrees with Math.cos for every %i-th', (turns) => {
    for (let turn = 0; turn < turns; turn++) {
      // The argument of Math.cos is itself rounded.
      expect(Math.abs(cosOfTurn(turn, turns) - Math.cos((2 * Math.PI * turn) / turns))).toBeLessThan(1.5e-15);
      expect(cosOfTurn(turn - 2 * turns, turns)).toBe(cosOfTurn(turn, turns));
      expect(cosOfTurn(turn + turns, turns)).toBe(cosOfTurn(turn, turns));
    }
  });

  it('is exact where the cosine is', () => {
    expect([0, 2, 4, 6].map((turn) => cosOfTurn(turn, 8) + 0)).toEqual([1, 0, -1, 0]);
  });
});

describe('resampling', () => {
  it.each([
    [64, 64],
    [7, 7],
  ])('from %i to %i samples is the identity', (from, to) => {
    resampleMatrix(from, to).forEach((value, i) => {
      expect(value).toBeCloseTo(i % (from + 1) === 0 ? 1 : 0, 12);
    });
  });

  it.each([
    [64, 96],
    [64, 144],
    [128, 320],
    [32, 33],
    [7, 18],
  ])('from %i to %i samples and back loses nothing', (from, to) => {
    const x = randomVector(2, from);
    const up = new Float64Array(to);
    const back = new Float64Array(from);
    applyMatrix(resampleMatrix(from, to), x, up);
    applyMatrix(resampleMatrix(to, from), up, back);
    back.forEach((value, i) => {
      expect(value).toBeCloseTo(x[i]!, 12);
    });
  });

  it('computes a matrix once', () => {
    expect(resampleMatrix(16, 40)).toBe(resampleMatrix(16, 40));
  });

  it.each([0, -1, 2.5])('refuses %f samples', (count) => {
    expect(() => resampleMatrix(count, 8)).toThrow(RangeError);
    expect(() => resampleMatrix(8, count)).toThrow(RangeError);
  });
});

interface ResampleVectors {
  readonly cases: readonly { name: string; osr: number; n: number; num: number; x: number[]; y: number[] }[];
}

const VECTORS = 'vectors/resample_fft.json';

describe.skipIf(lacks(data(VECTORS)))('resampling, against SciPy', () => {
  it('matches every case to 1e-9', () => {
    const { cases } = JSON.parse(readFileSync(sharedPath(VECTORS), 'utf8')) as ResampleVectors;
    expect(cases.length).toBeGreaterThan(0);
    for (const { name, osr, n, num, x, y } of cases) {
      const result = new Float64Array(num);
      applyMatrix(resampleMatrix(n, num), Float64Array.from(x), result);
      const worst = Math.max(...y.map((value, i) => Math.abs(value - result[i]!)));
      expect(worst, `${name} at OSR ${osr}`).toBeLessThan(1e-9);
    }
  });
});
