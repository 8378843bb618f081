import { describe, expect, it } from 'vitest';
import { InputError } from '../generator/errors.js';
import { blockCount, blocksOf, symbolsPerRow } from '../generator/plan/blocks.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { exponentFor } from '../generator/quantize/block-search.js';
import { frameOf } from '../generator/quantize/frame.js';
import { Hessian } from '../generator/quantize/hessian.js';
import { RowPool } from '../generator/quantize/node/row-pool.js';
import { dequantizeLinear, type QuantizeLinearOptions, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricateLinear } from './support/golden-models.js';
import { gaussian } from './support/random.js';

const REFINE: QuantizeLinearOptions = { search: 'refine' };
const SIGMA_DELTA: QuantizeLinearOptions = { search: 'sigma-delta' };
const DEFAULTS: QuantizeLinearOptions = { search: 'sigma-delta', sigmaDelta: { searchScales: 'none' } };
const signs = drawSigns(1, 4, 128);

function randomWeights(seed: number, count: number, deviation = 0.04): Float32Array {
  const next = gaussian(seed);
  return Float32Array.from({ length: count }, () => deviation * next());
}

function snrDb(weights: Float32Array, approximation: Float32Array): number {
  let signal = 0;
  let noise = 0;
  weights.forEach((weight, i) => {
    signal += weight ** 2;
    noise += (weight - approximation[i]!) ** 2;
  });
  return 10 * Math.log10(signal / noise);
}

function quantizedSnr(linear: PlanLinear, options: QuantizeLinearOptions, weights: Float32Array): number {
  const { quantized, snrDb: reported } = quantizeLinear(weights, linear, signs, options);
  const found = snrDb(weights, dequantizeLinear(quantized, linear, signs));
  expect(reported).toBeCloseTo(found, 4);
  return found;
}

describe('signal-to-noise ratio on Gaussian rows, blocks of 128, ternary', () => {
  const weights = randomWeights(1, 24 * 512);
  const linear = (osr: number, fields: Partial<PlanLinear> = {}): PlanLinear =>
    fabricateLinear({ rows: 24, cols: 512, block: 128, samples: 128 * osr, ...fields });

  // The published method in the design's table; refinement with the gains that the planner chooses.
  it.each([
    [1.5, 6.8, [0, 0], 11.8],
    [2, 9.2, [0, 0], 16],
    [2.5, 11.4, [0, 1, 1], 18.4],
    [3, 13, [0, 1, 2], 22.5],
  ])('at OSR %f is %f dB as published, and with gain shifts %j more than %f dB by refinement', (...row) => {
    const [osr, published, gainShifts, least] = row;
    const found = quantizedSnr(linear(osr, { frame: 'fourier' }), SIGMA_DELTA, weights);
    expect(Math.abs(found - published)).toBeLessThan(0.4);
    const refined = quantizedSnr(linear(osr, { gainShifts }), REFINE, weights);
    expect(refined).toBeGreaterThan(least);
  });

  it('is better with more effort', () => {
    const [fast, usual, accurate] = [1, 5, 8].map((effort) =>
      quantizedSnr(linear(2, { rows: 8 }), { ...REFINE, effort }, weights.subarray(0, 8 * 512)),
    );
    expect(usual).toBeGreaterThan(fast! + 0.5);
    expect(accurate).toBeGreaterThan(usual! + 0.3);
  });

  it('is that of the signs of a rotation at OSR 1 with two levels', () => {
    const found = quantizedSnr(linear(1, { alphabet: 'binary' }), REFINE, weights);
    expect(Math.abs(found + 10 * Math.log10(1 - 2 / Math.PI))).toBeLessThan(0.1);
  });

  it('is lower with two levels, in both modes', () => {
    expect(quantizedSnr(linear(2, { alphabet: 'binary' }), REFINE, weights)).toBeGreaterThan(10);
    expect(quantizedSnr(linear(2, { alphabet: 'binary', frame: 'fourier' }), SIGMA_DELTA, weights)).toBeGreaterThan(
      4.8,
    );
  });

  it('is better with a search for each block than with one for the linear, and better with that than without', () => {
    const few = weights.subarray(0, 2 * 512);
    const fourier = linear(2.5, { rows: 2, frame: 'fourier' });
    const [none, once, each] = (['none', 'linear', 'block'] as const).map((searchScales) =>
      quantizedSnr(fourier, { search: 'sigma-delta', sigmaDelta: { searchScales } }, few),
    );
    expect(once).toBeGreaterThan(none!);
    expect(each).toBeGreaterThan(once!);
  });
});

describe.each([
  { frame: 'hadamard', options: REFINE },
  { frame: 'fourier', options: DEFAULTS },
  { frame: 'fourier', options: REFINE },
] as const)('in mode $frame with search $options.search', ({ frame, options }) => {
  describe.each(['ternary', 'binary'] as const)('%s', (alphabet) => {
    // A tail, a partial last segment, and more rows than a search samples.
    const linear = fabricateLinear({ rows: 20, cols: 172, block: 64, samples: 144, frame, alphabet });
    const weights = randomWeights(2, 20 * 172);
    const { quantized } = quantizeLinear(weights, linear, signs, options);

    it('fills arrays of the plan’s shape with what the plan allows', () => {
      const { symbols, scales, means } = quantized;
      expect(symbols.length).toBe(20 * symbolsPerRow(linear));
      expect(scales.length).toBe(20 * blockCount(linear));
      expect(means?.length ?? null).toBe(frame === 'fourier' ? 20 * 3 : null);
      expect(new Set(symbols)).toEqual(new Set(alphabet === 'ternary' ? [-1, 0, 1] : [-1, 1]));
      for (const mean of means ?? []) expect(Math.abs(mean)).toBeLessThanOrEqual(127);
    });

    it('uses the range of the mantissa', () => {
      expect(Math.max(...quantized.scales)).toBeGreaterThanOrEqual(60);
      expect(quantized.scales.filter((scale) => scale === 255).length).toBeLessThan(2);
    });

    it('dequantizes to m · 2^E times the frame', () => {
      const values = dequantizeLinear(quantized, linear, signs);
      const row = 11;
      blocksOf(linear).forEach((block, b) => {
        const matrix = frameOf(linear, block, signs).matrix();
        const scale = quantized.scales[row * 3 + b]!;
        const mean = quantized.means?.[row * 3 + b] ?? 0;
        for (let i = 0; i < block.cols; i++) {
          let sum = 0;
          for (let j = 0; j < block.samples; j++) {
            const symbol = quantized.symbols[row * symbolsPerRow(linear) + block.symbolOffset + j]!;
            sum += (scale * symbol + mean) * matrix[j * block.cols + i]!;
          }
          expect(values[row * 172 + block.start + i]).toBeCloseTo(sum * 2 ** quantized.exponent, 6);
        }
      });
    });

    it('does not depend on the size of the weights, up to a power of two', () => {
      for (const shift of [-40, 6, 40]) {
        const scaled = weights.map((weight) => weight * 2 ** shift);
        const other = quantizeLinear(scaled, linear, signs, options).quantized;
        expect(other.exponent).toBe(quantized.exponent + shift);
        expect(other.symbols).toEqual(quantized.symbols);
        expect(other.scales).toEqual(quantized.scales);
      }
    });

    it('quantizes a row the same whatever the other rows, given the same exponent', () => {
      const doubled = new Float32Array(weights.length * 2);
      doubled.set(weights);
      doubled.set(weights, weights.length);
      const { symbols } = quantizeLinear(doubled, { ...linear, rows: 40 }, signs, { ...options }).quantized;
      const half = symbols.length / 2;
      expect(symbols.subarray(0, half)).toEqual(symbols.subarray(half));
    });

    it('gives blocks of zeros scale 0', () => {
      const sparse = weights.slice();
      sparse.fill(0, 0, 172);
      sparse.fill(0, 5 * 172 + 64, 5 * 172 + 128);
      sparse.fill(0, 7 * 172 + 128, 8 * 172);
      const result = quantizeLinear(sparse, linear, signs, options);
      for (const block of [0, 1, 2, 16, 23]) {
        expect(result.quantized.scales[block]).toBe(0);
        expect(result.quantized.means?.[block] ?? 0).toBe(0);
      }
      const values = dequantizeLinear(result.quantized, linear, signs);
      expect(values.subarray(0, 172).every((value) => value === 0)).toBe(true);
      expect(Number.isFinite(result.snrDb)).toBe(true);
    });

    it('loses nothing of a matrix of zeros', () => {
      const result = quantizeLinear(new Float32Array(weights.length), linear, signs, options);
      expect(result.snrDb).toBe(Number.POSITIVE_INFINITY);
      expect(dequantizeLinear(result.quantized, linear, signs).every((value) => value === 0)).toBe(true);
    });
  });
});

describe('tails of a hadamard frame', () => {
  it.each([1, 2, 3, 4, 5, 8, 31, 32, 63, 64, 65])('of %i columns are as accurate as full blocks', (cols) => {
    const linear = fabricateLinear({ rows: 40, cols, block: 64, samples: 128 });
    const found = quantizedSnr(linear, REFINE, randomWeights(cols, 40 * cols));
    // Very small tails have few symbols to choose from, but also few columns to share them.
    expect(found).toBeGreaterThan(15.5);
  });

  it('of little more than half a transform are a little less accurate', () => {
    // Of their 66 symbols, 64 are of the first segment, whose rows are not orthogonal on 33 columns.
    const linear = fabricateLinear({ rows: 40, cols: 33, block: 64, samples: 128 });
    expect(quantizedSnr(linear, REFINE, randomWeights(33, 40 * 33))).toBeGreaterThan(11.5);
  });

  it('follow the gains only from 32 columns on', () => {
    for (const cols of [20, 40]) {
      const linear = fabricateLinear({ rows: 40, cols, block: 64, samples: 192, gainShifts: [0, 1, 2] });
      expect(quantizedSnr(linear, REFINE, randomWeights(3, 40 * cols))).toBeGreaterThan(20.5);
    }
  });
});

describe('outliers', () => {
  it('leave the accuracy of a block where it is: they are spread over all symbols', () => {
    const linear = fabricateLinear({ rows: 16, cols: 256, block: 128, samples: 256 });
    const weights = randomWeights(7, 16 * 256);
    for (let row = 0; row < 16; row++) weights[row * 256 + 17] = 1.2;
    expect(quantizedSnr(linear, REFINE, weights)).toBeGreaterThan(16);
  });

  it('of one row cost the other rows little', () => {
    const linear = fabricateLinear({ rows: 16, cols: 256, block: 128, samples: 256 });
    const weights = randomWeights(8, 16 * 256);
    const { quantized: before } = quantizeLinear(weights, linear, signs, REFINE);
    const scaled = weights.map((weight, i) => (i < 256 ? weight * 16 : weight));
    const { quantized: after } = quantizeLinear(scaled, linear, signs, REFINE);
    expect(after.exponent).toBe(before.exponent + 4);
    const others = weights.subarray(256);
    const of = (values: Float32Array): number => snrDb(others, values.subarray(256));
    expect(of(dequantizeLinear(after, linear, signs))).toBeGreaterThan(
      of(dequantizeLinear(before, linear, signs)) - 0.5,
    );
  });
});

describe('the exponent', () => {
  it.each([1e-30, 0.001, 254.9, 255, 255.1, 510, 1e20])('for %f is the least that fits', (amplitude) => {
    const exponent = exponentFor(amplitude);
    expect(255 * 2 ** exponent).toBeGreaterThanOrEqual(amplitude);
    expect(255 * 2 ** (exponent - 1)).toBeLessThan(amplitude);
  });

  it('of nothing is 0', () => {
    expect(exponentFor(0)).toBe(0);
  });
});

describe('a pool of threads', () => {
  it.each(['hadamard', 'fourier'] as const)('gives the same, piece by piece, in mode %s', async (frame) => {
    const linear = fabricateLinear({ rows: 600, cols: 96, block: 64, samples: 96, frame });
    const weights = randomWeights(5, linear.rows * linear.cols);
    const hessian = new Hessian(linear.cols);
    hessian.accumulate(randomWeights(6, 200 * linear.cols), 200);
    const target = weights.map((weight) => 1.01 * weight);
    const pool = new RowPool(1);
    const options: QuantizeLinearOptions = { ...REFINE, effort: 1, hessian, target };
    const found = quantizeLinear(weights, linear, signs, { ...options, quantizeRows: pool.quantizeRows });
    const expected = quantizeLinear(weights, linear, signs, options);
    expect(found.quantized).toEqual(expected.quantized);
    expect(found.snrDb).toBeCloseTo(expected.snrDb, 9);
    await pool.close();
  });
});

describe('unusable input', () => {
  const linear = fabricateLinear({ rows: 2, cols: 64, block: 64, samples: 128 });
  const weights = randomWeights(1, 128);

  it('is refused: sigma-delta modulation of a hadamard frame', () => {
    expect(() => quantizeLinear(weights, linear, signs, SIGMA_DELTA)).toThrow(InputError);
    expect(() => quantizeLinear(weights, linear, signs, SIGMA_DELTA)).toThrow(/layers\.0\.fc1.*sigma-delta/);
  });

  it('is refused: weights of another shape', () => {
    expect(() => quantizeLinear(weights.subarray(1), linear, signs, REFINE)).toThrow(/127 weights/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is refused: a weight of %f', (value) => {
    const broken = weights.slice();
    broken[70] = value;
    expect(() => quantizeLinear(broken, linear, signs, REFINE)).toThrow(/row 1, column 6/);
  });

  it('is refused: symbols that do not fit the plan', () => {
    const { quantized } = quantizeLinear(weights, linear, signs, REFINE);
    expect(() => dequantizeLinear(quantized, { ...linear, rows: 3 }, signs)).toThrow(InputError);
    expect(() => dequantizeLinear({ ...quantized, means: new Int8Array(2) }, linear, signs)).toThrow(InputError);
  });
});
