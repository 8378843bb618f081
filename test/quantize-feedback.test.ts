import { describe, expect, it } from 'vitest';
import { InputError } from '../generator/errors.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { feedbackFactor, Hessian } from '../generator/quantize/hessian.js';
import {
  addProductTransposed,
  invertUpper,
  subtractProduct,
  upperCholesky,
} from '../generator/quantize/linear-algebra.js';
import { dequantizeLinear, type QuantizeLinearOptions, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricateLinear } from './support/golden-models.js';
import { gaussian } from './support/random.js';

/** `count` vectors of `cols` correlated activations, some channels of which are much larger than the others. */
function activations(seed: number, count: number, cols: number): Float32Array {
  const next = gaussian(seed);
  const rank = Math.ceil(cols / 4);
  const mix = Float64Array.from({ length: rank * cols }, next);
  const values = new Float32Array(count * cols);
  for (let t = 0; t < count; t++) {
    const sources = Array.from({ length: rank }, (_, k) => next() / Math.sqrt(1 + 0.3 * k));
    for (let i = 0; i < cols; i++) {
      let sum = 0.3 * next();
      for (let k = 0; k < rank; k++) sum += (3 * sources[k]! * mix[k * cols + i]!) / Math.sqrt(rank);
      values[t * cols + i] = i % 37 === 0 ? 8 * sum : sum;
    }
  }
  return values;
}

function hessianOf(values: Float32Array, cols: number): Hessian {
  const hessian = new Hessian(cols);
  hessian.accumulate(values, values.length / cols);
  return hessian;
}

function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  return most;
}

/** Aᵀ · A or A · Aᵀ of an n × n matrix. */
function gram(a: Float64Array, n: number, columns: boolean): Float64Array {
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += columns ? a[k * n + i]! * a[k * n + j]! : a[i * n + k]! * a[j * n + k]!;
      product[i * n + j] = sum;
    }
  }
  return product;
}

describe('matrix kernels', () => {
  const next = gaussian(1);
  const random = (count: number): Float64Array => Float64Array.from({ length: count }, next);

  it.each([
    [1, 1, 1],
    [5, 7, 3],
    [4, 6, 300],
    [9, 2, 515],
  ])('add A · Bᵀ for %i × %i products of depth %i', (rows, cols, depth) => {
    const a = random(rows * depth);
    const b = random(cols * depth);
    const c = random(rows * cols);
    const expected = c.map((value, at) => {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[Math.floor(at / cols) * depth + k]! * b[(at % cols) * depth + k]!;
      return value - 0.5 * sum;
    });
    const view = (data: Float64Array, stride: number) => ({ data, offset: 0, stride });
    addProductTransposed(view(c, cols), view(a, depth), view(b, depth), rows, cols, depth, -0.5);
    expect(worst(c, expected)).toBeLessThan(1e-12);
  });

  it.each([
    [1, 1, 1],
    [3, 300, 7],
    [2, 5, 9],
    [4, 515, 4],
  ])('subtract A · B for %i × %i products of depth %i', (rows, cols, depth) => {
    const a = random(rows * depth);
    const b = random(depth * cols);
    const c = random(rows * cols);
    const expected = c.map((value, at) => {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[Math.floor(at / cols) * depth + k]! * b[k * cols + (at % cols)]!;
      return value - sum;
    });
    const view = (data: Float64Array, stride: number) => ({ data, offset: 0, stride });
    subtractProduct(view(c, cols), view(a, depth), view(b, cols), rows, cols, depth);
    expect(worst(c, expected)).toBeLessThan(1e-12);
  });

  it.each([1, 2, 47, 48, 49, 100, 331])('factor and invert a matrix of order %i', (n) => {
    const h = gram(random(n * n), n, true);
    for (let i = 0; i < n; i++) h[i * n + i] = h[i * n + i]! + 0.1 * n;
    const r = h.slice();
    upperCholesky(r, n);
    for (let i = 0; i < n; i++) r.fill(0, i * n, i * n + i);
    expect(worst(gram(r, n, false), h)).toBeLessThan(1e-9 * n);

    const inverse = r.slice();
    invertUpper(inverse, n);
    let error = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = i === j ? -1 : 0;
        for (let k = 0; k < n; k++) sum += r[i * n + k]! * inverse[k * n + j]!;
        error = Math.max(error, Math.abs(sum));
      }
    }
    expect(error).toBeLessThan(1e-9);
  });

  it('refuse a matrix that is not positive definite', () => {
    expect(() => upperCholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(RangeError);
    expect(() => upperCholesky(Float64Array.of(1, 0, 0, Number.NaN), 2)).toThrow(RangeError);
  });
});

describe('a Hessian', () => {
  it.each([1, 30, 64, 65, 130])('of %i columns is twice XᵀX, however the vectors arrive', (cols) => {
    const values = activations(2, 300, cols);
    const parts = new Hessian(cols);
    parts.accumulate(values.subarray(0, 7 * cols), 7);
    parts.accumulate(values.subarray(7 * cols), 293);
    expect(parts.vectors).toBe(300);
    const expected = new Float64Array(cols * cols);
    for (let t = 0; t < 300; t++) {
      for (let i = 0; i < cols; i++) {
        for (let j = 0; j < cols; j++) {
          expected[i * cols + j] = expected[i * cols + j]! + 2 * values[t * cols + i]! * values[t * cols + j]!;
        }
      }
    }
    expect(worst(parts.matrix, expected)).toBeLessThan(1e-7);
    expect(worst(parts.matrix, hessianOf(values, cols).matrix)).toBeLessThan(1e-7);
  });

  it('goes on accumulating after it was read', () => {
    const values = activations(3, 40, 20);
    const hessian = hessianOf(values.subarray(0, 400), 20);
    expect(hessian.matrix[21]).toBeGreaterThan(0);
    expect(hessian.factor.length).toBe(400);
    hessian.accumulate(values.subarray(400), 20);
    const whole = hessianOf(values, 20);
    expect(worst(hessian.matrix, whole.matrix)).toBeLessThan(1e-9);
    expect(worst(hessian.factor, whole.factor)).toBeLessThan(1e-9);
  });

  it('has a factor U with UᵀU the inverse of the damped H', () => {
    const hessian = hessianOf(activations(4, 200, 60), 60);
    const { matrix, factor } = hessian;
    let trace = 0;
    for (let i = 0; i < 60; i++) trace += matrix[i * 61]!;
    const inverse = gram(factor, 60, true);
    for (let i = 0; i < 60; i++) {
      for (let j = 0; j < 60; j++) {
        if (i > j) expect(factor[i * 60 + j]).toBe(0);
        let sum = (0.01 * trace * inverse[i * 60 + j]!) / 60;
        for (let k = 0; k < 60; k++) sum += matrix[i * 60 + k]! * inverse[k * 60 + j]!;
        expect(Math.abs(sum - (i === j ? 1 : 0))).toBeLessThan(1e-9);
      }
    }
    expect(hessian.factor).toBe(factor);
  });

  it('of nothing has the identity for a factor', () => {
    expect([...feedbackFactor(new Float64Array(9), 3)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it('refuses activations that are not finite', () => {
    const values = activations(5, 3, 8);
    values[17] = Number.NaN;
    expect(() => new Hessian(8).accumulate(values, 3)).toThrow(InputError);
  });
});

describe('error feedback', () => {
  const cols = 300;
  const rows = 24;
  const signs = drawSigns(1, 3, 64);
  const inputs = activations(6, 700, cols);
  const hessian = hessianOf(inputs, cols);
  const next = gaussian(7);
  const weights = Float32Array.from({ length: rows * cols }, () => 0.05 * next());

  /** (W − Q) H (W − Q)ᵀ against W H Wᵀ, summed over the rows, in dB. */
  function outputSnr(quantized: Float32Array, metric: Float64Array): number {
    const energy = (values: Float32Array): number => {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < cols; i++) {
          let dot = 0;
          for (let j = 0; j < cols; j++) dot += metric[i * cols + j]! * values[row * cols + j]!;
          sum += values[row * cols + i]! * dot;
        }
      }
      return sum;
    };
    return 10 * Math.log10(energy(weights) / energy(weights.map((weight, i) => weight - quantized[i]!)));
  }

  function run(linear: PlanLinear, options: QuantizeLinearOptions): { output: number; weight: number } {
    const { quantized, snrDb } = quantizeLinear(weights, linear, signs, options);
    return { output: outputSnr(dequantizeLinear(quantized, linear, signs), hessian.matrix), weight: snrDb };
  }

  it.each([
    { frame: 'hadamard', search: 'greedy', alphabet: 'ternary' },
    { frame: 'hadamard', search: 'greedy', alphabet: 'binary' },
    { frame: 'fourier', search: 'sigma-delta', alphabet: 'ternary' },
    { frame: 'fourier', search: 'sigma-delta', alphabet: 'binary' },
  ] as const)('lowers the error of the output: $frame, $alphabet', ({ frame, search, alphabet }) => {
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 160, frame, alphabet });
    const sigmaDelta = { searchScales: 'none' } as const;
    const without = run(linear, { search, sigmaDelta });
    for (const feedback of ['published', 'exact'] as const) {
      const found = run(linear, { search, sigmaDelta, hessian, feedback });
      expect(found.output).toBeGreaterThan(without.output + 1);
      // What it costs is the accuracy of the weights themselves.
      expect(found.weight).toBeLessThan(without.weight);
    }
  });

  it('is the published rule with sigma-delta, and the exact one with greedy search', () => {
    for (const [frame, search, feedback] of [
      ['hadamard', 'greedy', 'exact'],
      ['fourier', 'sigma-delta', 'published'],
    ] as const) {
      const linear = fabricateLinear({ rows, cols, block: 64, samples: 128, frame });
      const chosen = quantizeLinear(weights, linear, signs, { search, hessian });
      expect(chosen).toEqual(quantizeLinear(weights, linear, signs, { search, hessian, feedback }));
    }
  });

  it('in its exact form minimises the output error over the columns that are still to come', () => {
    // One block, then columns that are kept exactly: after the feedback no change of them may help.
    const n = 24;
    const small = hessianOf(activations(8, 200, n), n);
    const { factor } = small;
    const damped = small.matrix.slice();
    let trace = 0;
    for (let i = 0; i < n; i++) trace += damped[i * (n + 1)]!;
    for (let i = 0; i < n; i++) damped[i * (n + 1)] = damped[i * (n + 1)]! + (0.01 * trace) / n;
    const block = 8;
    const error = Float64Array.from({ length: n }, (_, i) => (i < block ? Math.sin(i + 1) : 0));
    const solved = error.slice();
    for (let i = 0; i < block; i++) {
      solved[i] = solved[i]! / factor[i * n + i]!;
      for (let j = i + 1; j < block; j++) solved[j] = solved[j]! - solved[i]! * factor[i * n + j]!;
    }
    // W − Q of the later columns is what the feedback has added to the target: minus the subtracted part, seen from W.
    for (let j = block; j < n; j++) {
      for (let i = 0; i < block; i++) error[j] = error[j]! + solved[i]! * factor[i * n + j]!;
    }
    for (let j = block; j < n; j++) {
      let gradient = 0;
      for (let i = 0; i < n; i++) gradient += damped[j * n + i]! * error[i]!;
      expect(Math.abs(gradient)).toBeLessThan(1e-8 * trace);
    }
  });

  it('leaves inputs that calibration never saw as accurate as without it', () => {
    const partial = inputs.slice();
    for (let t = 0; t < 700; t++) partial.fill(0, t * cols + 128, t * cols + 192);
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 128 });
    const { quantized } = quantizeLinear(weights, linear, signs, {
      search: 'greedy',
      hessian: hessianOf(partial, cols),
    });
    const values = dequantizeLinear(quantized, linear, signs);
    let signal = 0;
    let noise = 0;
    for (let row = 0; row < rows; row++) {
      for (let i = row * cols + 128; i < row * cols + 192; i++) {
        signal += weights[i]! ** 2;
        noise += (weights[i]! - values[i]!) ** 2;
      }
    }
    expect(10 * Math.log10(signal / noise)).toBeGreaterThan(12);
  });

  it('of a Hessian of zeros changes nothing', () => {
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 128 });
    const { snrDb } = quantizeLinear(weights, linear, signs, { search: 'greedy', hessian: new Hessian(cols) });
    expect(snrDb).toBeCloseTo(quantizeLinear(weights, linear, signs, { search: 'greedy' }).snrDb, 0);
  });

  it('refuses the Hessian of another linear', () => {
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 128 });
    expect(() => quantizeLinear(weights, linear, signs, { search: 'greedy', hessian: new Hessian(299) })).toThrow(
      /299 columns/,
    );
  });
});
