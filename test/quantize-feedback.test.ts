import { describe, expect, it } from 'vitest';
import { InputError } from '../generator/errors.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { blockMetric, feedForward } from '../generator/quantize/feedback.js';
import { feedbackFactor, Hessian } from '../generator/quantize/hessian.js';
import { invertUpper, upperCholesky } from '../generator/quantize/linear-algebra.js';
import { dequantizeLinear, type QuantizeLinearOptions, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { rowOf, STRIP, stripFirst, triangleSize } from '../generator/quantize/upper-triangle.js';
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

/** Aᵀ · A or A · Aᵀ of an n × n matrix, in double precision. */
function gram(a: ArrayLike<number>, n: number, columns: boolean): Float64Array {
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

/** The largest difference of A · B from the identity. */
function fromIdentity(a: ArrayLike<number>, b: ArrayLike<number>, n: number): number {
  let error = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? -1 : 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * b[k * n + j]!;
      error = Math.max(error, Math.abs(sum));
    }
  }
  return error;
}

/** H + λI, λ being 1 % of the mean diagonal. */
function damped(hessian: Float32Array, n: number): Float64Array {
  const matrix = Float64Array.from(hessian);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * (n + 1)]!;
  for (let i = 0; i < n; i++) matrix[i * (n + 1)] = matrix[i * (n + 1)]! + (0.01 * trace) / n;
  return matrix;
}

/** The upper triangle of an n × n matrix as it lies in memory; what belongs to nobody is not a number. */
function triangleOf(matrix: Float32Array, n: number): Float32Array {
  const triangle = new Float32Array(triangleSize(n)).fill(Number.NaN);
  for (let i = 0; i < n; i++) triangle.set(matrix.subarray(i * n + i, (i + 1) * n), rowOf(n, i) + i);
  return triangle;
}

/** The n × n matrix of an upper triangle. @param below whether what its strips hold below the diagonal is taken as well */
function wholeOf(triangle: Float32Array, n: number, below: boolean): Float32Array {
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    const first = below ? stripFirst(i) : i;
    matrix.set(triangle.subarray(rowOf(n, i) + first, rowOf(n, i) + n), i * n + first);
  }
  return matrix;
}

describe('an upper triangle', () => {
  it.each([1, 64, 256, 257, 700])('of order %i has a place for each of its entries, and little besides', (n) => {
    const entries = new Set<number>();
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) entries.add(rowOf(n, i) + j);
    expect(entries.size).toBe((n * (n + 1)) / 2);
    for (const entry of entries) if (entry < 0 || entry >= triangleSize(n)) throw new Error(`an entry at ${entry}`);
    expect(triangleSize(n) - entries.size).toBeLessThanOrEqual((n * STRIP) / 2);
  });
});

describe('matrix kernels', () => {
  const next = gaussian(1);

  // Around the panels' width of 64 and the strips of 256, and several of both.
  it.each([1, 2, 63, 64, 65, 100, 256, 331, 600])('factor and invert a matrix of order %i', (n) => {
    const wide = gram(Float64Array.from({ length: n * n }, next), n, true);
    for (let i = 0; i < n; i++) wide[i * n + i] = wide[i * n + i]! + 0.1 * n;
    const h = Float32Array.from(wide);
    const triangle = triangleOf(h, n);
    upperCholesky(triangle, n);
    const r = wholeOf(triangle, n, false);
    expect(worst(gram(r, n, false), h)).toBeLessThan(1e-5 * n);

    const inverse = triangleOf(r, n);
    invertUpper(inverse, n);
    const whole = wholeOf(inverse, n, true);
    for (let i = 1; i < n; i++) expect(whole.subarray(i * n, i * n + i).every((value) => value === 0)).toBe(true);
    expect(fromIdentity(r, whole, n)).toBeLessThan(1e-6);
  });

  it('refuse a matrix that is not positive definite', () => {
    expect(() => upperCholesky(Float32Array.of(1, 2, 2, 1), 2)).toThrow(RangeError);
    expect(() => upperCholesky(Float32Array.of(1, 0, 0, Number.NaN), 2)).toThrow(RangeError);
  });
});

describe('a Hessian', () => {
  // Around the strips of 256 rows, too; and vectors around the chunks of 256.
  it.each([1, 30, 64, 65, 256, 300])('of %i columns is twice XᵀX, however the vectors arrive', (cols) => {
    const values = activations(2, 600, cols);
    const parts = new Hessian(cols);
    parts.accumulate(values.subarray(0, 7 * cols), 7);
    parts.accumulate(values.subarray(7 * cols), 593);
    expect(parts.vectors).toBe(600);
    const expected = new Float64Array(cols * cols);
    for (let t = 0; t < 600; t++) {
      for (let i = 0; i < cols; i++) {
        const value = 2 * values[t * cols + i]!;
        for (let j = 0; j < cols; j++) expected[i * cols + j] = expected[i * cols + j]! + value * values[t * cols + j]!;
      }
    }
    const { matrix } = parts;
    const whole = hessianOf(values, cols).matrix;
    for (let i = 0; i < cols; i++) {
      for (let j = 0; j < cols; j++) {
        const at = i * cols + j;
        const size = Math.sqrt(expected[i * cols + i]! * expected[j * cols + j]!);
        const error = Math.max(Math.abs(matrix[at]! - expected[at]!), Math.abs(whole[at]! - expected[at]!));
        if (error > 2e-6 * size) throw new Error(`row ${i}, column ${j} is off by ${error / size}`);
        if (matrix[at] !== matrix[j * cols + i]) throw new Error(`row ${i}, column ${j} is not symmetric`);
      }
    }
  });

  it('goes on accumulating after it was read, but not after it was factored', () => {
    const values = activations(3, 40, 20);
    const hessian = hessianOf(values.subarray(0, 400), 20);
    expect(hessian.matrix[21]).toBeGreaterThan(0);
    hessian.accumulate(values.subarray(400), 20);
    const whole = hessianOf(values, 20);
    expect(worst(hessian.matrix, whole.matrix)).toBeLessThan(1e-6 * Math.max(...whole.matrix));
    expect(hessian.factor).toBe(hessian.factor);
    expect(() => hessian.matrix).toThrow(RangeError);
    expect(() => hessian.accumulate(values, 1)).toThrow(RangeError);
  });

  it.each([60, 200, 400])('of %i columns has a factor U with UᵀU the inverse of the damped H', (cols) => {
    const hessian = hessianOf(activations(4, 700, cols), cols);
    const matrix = damped(hessian.matrix, cols);
    const factor = wholeOf(hessian.factor, cols, true);
    for (let i = 1; i < cols; i++) expect(factor.subarray(i * cols, i * cols + i).every((x) => x === 0)).toBe(true);
    // The condition number is about 10⁴.
    expect(fromIdentity(matrix, gram(factor, cols, true), cols)).toBeLessThan(1e-4);
  });

  it('of nothing has the identity for a factor', () => {
    expect([...feedbackFactor(new Float32Array(9), 3)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it('refuses activations that are not finite', () => {
    const values = activations(5, 3, 8);
    values[17] = Number.NaN;
    expect(() => new Hessian(8).accumulate(values, 3)).toThrow(InputError);
  });
});

describe('the metric of a block', () => {
  const cols = 90;
  const hessian = hessianOf(activations(9, 500, cols), cols);
  const matrix = damped(hessian.matrix, cols);
  const { factor } = hessian;
  const blocks = [
    { start: 0, cols: 32 },
    { start: 32, cols: 32 },
    { start: 64, cols: 26 },
  ].map((fields) => ({ ...fields, size: 32, samples: 64, symbolOffset: 0 }));

  it('is the inverse of the factor’s UᵀU', () => {
    for (const block of blocks) {
      const n = block.cols;
      const metric = blockMetric(factor, cols, block);
      const corner = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        const from = (block.start + i) * cols + block.start;
        corner.set(factor.subarray(from, from + n), i * n);
      }
      expect(fromIdentity(metric, gram(corner, n, true), n)).toBeLessThan(1e-5);
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(metric[i * n + j]).toBe(metric[j * n + i]);
    }
  });

  it('is what an error costs once the columns after it have made up for it as well as they can', () => {
    const next = gaussian(10);
    for (const block of blocks) {
      const metric = blockMetric(factor, cols, block);
      const error = Float64Array.from({ length: block.cols }, next);
      // The least of e · H · eᵀ over the columns after the block, by Gauss-Seidel.
      const whole = new Float64Array(cols);
      whole.set(error, block.start);
      const gradient = (j: number): number => {
        let sum = 0;
        for (let i = block.start; i < cols; i++) sum += matrix[j * cols + i]! * whole[i]!;
        return sum;
      };
      const end = block.start + block.cols;
      for (let pass = 0; pass < 3000; pass++) {
        for (let j = end; j < cols; j++) whole[j] = whole[j]! - gradient(j) / matrix[j * cols + j]!;
      }
      let cost = 0;
      for (let j = block.start; j < cols; j++) cost += whole[j]! * gradient(j);
      let found = 0;
      for (let i = 0; i < block.cols; i++) {
        for (let j = 0; j < block.cols; j++) found += error[i]! * metric[i * block.cols + j]! * error[j]!;
      }
      expect(Math.abs(found / cost - 1)).toBeLessThan(1e-5);
    }
  });
});

describe('error feedback', () => {
  const cols = 300;
  const rows = 24;
  const signs = drawSigns(1, 3, 64);
  const inputs = activations(6, 700, cols);
  const hessian = hessianOf(inputs, cols);
  // The factor will take the matrix's place.
  const matrix = hessian.matrix.slice();
  const next = gaussian(7);
  const weights = Float32Array.from({ length: rows * cols }, () => 0.05 * next());

  /** (W − Q) H (W − Q)ᵀ against W H Wᵀ, summed over the rows, in dB. */
  function outputSnr(quantized: Float32Array): number {
    const energy = (values: Float32Array): number => {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < cols; i++) {
          let dot = 0;
          for (let j = 0; j < cols; j++) dot += matrix[i * cols + j]! * values[row * cols + j]!;
          sum += values[row * cols + i]! * dot;
        }
      }
      return sum;
    };
    return 10 * Math.log10(energy(weights) / energy(weights.map((weight, i) => weight - quantized[i]!)));
  }

  function run(linear: PlanLinear, options: QuantizeLinearOptions): { output: number; weight: number } {
    const { quantized, snrDb } = quantizeLinear(weights, linear, signs, options);
    return { output: outputSnr(dequantizeLinear(quantized, linear, signs)), weight: snrDb };
  }

  it.each([
    { frame: 'hadamard', search: 'refine', alphabet: 'ternary', gain: 8.5 },
    { frame: 'hadamard', search: 'refine', alphabet: 'binary', gain: 8 },
    { frame: 'fourier', search: 'sigma-delta', alphabet: 'ternary', gain: 3.5 },
    { frame: 'fourier', search: 'sigma-delta', alphabet: 'binary', gain: 2 },
  ] as const)('lowers the error of the output: $frame, $alphabet', ({ frame, search, alphabet, gain }) => {
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 160, frame, alphabet });
    const sigmaDelta = { searchScales: 'none' } as const;
    const without = run(linear, { search, sigmaDelta });
    for (const feedback of ['published', 'exact'] as const) {
      const found = run(linear, { search, sigmaDelta, hessian, feedback });
      expect(found.output).toBeGreaterThan(without.output + gain);
      // What it costs is the accuracy of the weights themselves.
      expect(found.weight).toBeLessThan(without.weight);
    }
  });

  it('is the published rule with sigma-delta, and the exact one with refinement', () => {
    for (const [frame, search, feedback] of [
      ['hadamard', 'refine', 'exact'],
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
    const block = { start: 0, cols: 8, size: 8, samples: 16, symbolOffset: 0 };
    const small = hessianOf(activations(8, 200, n), n);
    const metric = damped(small.matrix, n);
    const linear = fabricateLinear({ rows: 3, cols: n, block: 8, samples: 16 });
    const errors = Float64Array.from({ length: 3 * block.cols }, (_, i) => Math.sin(i + 1));
    const work = new Float32Array(3 * n);
    feedForward(work, errors.slice(), small.factor, linear, block, 'exact', new Float32Array(n * block.cols));
    for (let row = 0; row < 3; row++) {
      expect(work.subarray(row * n, row * n + block.cols).every((value) => value === 0)).toBe(true);
      // W − Q: that of the block, and of the later columns what they were moved by, with the opposite sign.
      const error = Float64Array.from({ length: n }, (_, i) =>
        i < block.cols ? errors[row * block.cols + i]! : -work[row * n + i]!,
      );
      for (let j = block.cols; j < n; j++) {
        let gradient = 0;
        let size = 0;
        for (let i = 0; i < n; i++) {
          gradient += metric[j * n + i]! * error[i]!;
          size += Math.abs(metric[j * n + i]! * error[i]!);
        }
        expect(Math.abs(gradient)).toBeLessThan(1e-4 * size);
      }
    }
  });

  it('in its published form divides by the diagonal only', () => {
    const n = 24;
    const block = { start: 8, cols: 8, size: 8, samples: 16, symbolOffset: 16 };
    const { factor } = hessianOf(activations(8, 200, n), n);
    const errors = Float64Array.from({ length: 8 }, (_, i) => Math.sin(i + 1));
    const before = Float32Array.from({ length: n }, next);
    const work = before.slice();
    const linear = fabricateLinear({ rows: 1, cols: n, block: 8, samples: 16 });
    feedForward(work, errors.slice(), factor, linear, block, 'published', new Float32Array(n * block.cols));
    for (let j = 0; j < n; j++) {
      let moved = 0;
      for (let i = 8; j >= 16 && i < 16; i++) moved += (errors[i - 8]! / factor[i * n + i]!) * factor[i * n + j]!;
      expect(work[j]).toBeCloseTo(before[j]! - moved, 4);
    }
  });

  it('leaves inputs that calibration never saw as accurate as without it', () => {
    const partial = inputs.slice();
    for (let t = 0; t < 700; t++) partial.fill(0, t * cols + 128, t * cols + 192);
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 128 });
    const { quantized } = quantizeLinear(weights, linear, signs, {
      search: 'refine',
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
    const { snrDb } = quantizeLinear(weights, linear, signs, { search: 'refine', hessian: new Hessian(cols) });
    expect(snrDb).toBeCloseTo(quantizeLinear(weights, linear, signs, { search: 'refine' }).snrDb, 0);
  });

  it('refuses the Hessian of another linear', () => {
    const linear = fabricateLinear({ rows, cols, block: 64, samples: 128 });
    expect(() => quantizeLinear(weights, linear, signs, { search: 'refine', hessian: new Hessian(299) })).toThrow(
      /299 columns/,
    );
  });
});
