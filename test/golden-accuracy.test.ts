import { describe, expect, it } from 'vitest';
import { ropeFrequencies } from '../generator/model/rope.js';
import { fourierKernel } from '../generator/quantize/frame.js';
import { int8Matrix, int8MatrixToFloat, integerNorm } from '../generator/quantize/integer-parameters.js';
import { dequantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns, signsOf } from '../generator/quantize/signs.js';
import { Attention } from '../sim/golden/attention.js';
import { Framer, frameShape } from '../sim/golden/frame.js';
import { runLinear } from '../sim/golden/linear.js';
import { gatedProduct, multiplyInt8, normalize, normEpsilon } from '../sim/golden/ops.js';
import { buildTables, exp2Negative, reciprocalRoot, rotation, sigmoid } from '../sim/golden/tables.js';
import { fabricateLinear, fabricateLinearWeights, llamaConfig } from './support/golden-models.js';
import { Random } from './support/golden-random.js';

// The bounds are those of docs/numerics.md, "Accuracy".

const tables = buildTables(llamaConfig());
const Q16 = 2 ** 16;
const Q20 = 2 ** 20;

/** Root mean square. */
function rms(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** Root mean square of the difference, relative to that of `exact`. */
function relativeError(actual: ArrayLike<number>, exact: ArrayLike<number>): number {
  return rms(Array.from(exact, (value, i) => value - actual[i]!)) / rms(exact);
}

/** matrix (rows × cols) · x */
function product(matrix: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const y = new Float64Array(matrix.length / x.length);
  for (let r = 0; r < y.length; r++) {
    for (let c = 0; c < x.length; c++) y[r]! += matrix[r * x.length + c]! * x[c]!;
  }
  return y;
}

const fromFixed = (values: Int32Array, frac: number): Float64Array => Float64Array.from(values, (n) => n / 2 ** frac);

describe('reciprocal root', () => {
  it('is within 2^−15 of the real one for all that it looks at', () => {
    // It depends on half and ⌊m / 2^14⌋ alone, for m in 2^30 … 2^32 − 1; the error is largest at an end of an interval.
    let worst = 0;
    for (let top = 65536; top < 262144; top++) {
      const { mantissa, half } = reciprocalRoot(tables, top * 16384);
      for (const m of [top * 16384, top * 16384 + 16383]) {
        worst = Math.max(worst, Math.abs(mantissa * 2 ** -(31 + half) * Math.sqrt(m) - 1));
      }
      if (mantissa < 2 ** 15 || mantissa > 2 ** 16) throw new Error(`mantissa ${mantissa}`);
    }
    expect(worst).toBeLessThan(2 ** -15);
    expect(worst).toBeGreaterThan(2 ** -16);
  });

  it('is within 2^−15 for numbers of every length', () => {
    const random = new Random(1);
    for (let i = 0; i < 200000; i++) {
      const s = i < 54 ? 2 ** i - (i === 53 ? 1 : 0) : Math.max(1, random.ofAnyLength(53));
      const { mantissa, half } = reciprocalRoot(tables, s);
      if (half < -15 || half > 11) throw new Error(`half ${half} of ${s}`);
      if (!(Math.abs(mantissa * 2 ** -(31 + half) * Math.sqrt(s) - 1) < 2 ** -15)) throw new Error(`1/√${s}`);
    }
  });
});

describe('functions by table', () => {
  it('2^−d is within 2^−d · ln 2 / 2048 + 2^−16', () => {
    for (let d = 0; d < 20 * Q16; d += 7) {
      const exact = 2 ** (-d / Q16);
      const error = Math.abs(exp2Negative(tables, d) / Q16 - exact);
      if (error > (exact * Math.LN2) / 2048 + 2 ** -16) throw new Error(`2^−${d / Q16} is off by ${error}`);
    }
  });

  it('the logistic function is within 0.001, SiLU within 0.0012', () => {
    const x = Int32Array.from({ length: 40000 }, (_, i) => Math.round((i / 1000 - 20) * Q20 + 37));
    const silu = gatedProduct(tables, x, new Int32Array(x.length).fill(Q20));
    x.forEach((value, i) => {
      const real = value / Q20;
      const exact = 1 / (1 + Math.exp(-real));
      if (Math.abs(sigmoid(tables, value) / 32768 - exact) > 0.001) throw new Error(`logistic(${real})`);
      if (Math.abs(silu[i]! / Q16 - real * exact) > 0.0012) throw new Error(`SiLU(${real})`);
    });
    // Beyond the table SiLU is x or 0.
    const far = Int32Array.of(16 * Q20, 1000 * Q20, -16 * Q20, -1000 * Q20);
    const wanted = [16 * Q16, 1000 * Q16, 0, 0];
    expect([...gatedProduct(tables, far, new Int32Array(4).fill(Q20))].map((y) => y + 0)).toEqual(wanted);
  });
});

describe('rotary positions', () => {
  it.each([1, 2, 100, 1023, 4095, 131071, 2 ** 20 - 1])('at position %i turn by the right angle', (position) => {
    const config = llamaConfig({ headDim: 128 });
    const rope = buildTables(config);
    // Half a step of the table, half a step of the phase per position, rounding of sine and cosine.
    const bound = Math.PI / 4096 + position * Math.PI * 2 ** -32 + 2 ** -14.5;
    ropeFrequencies(config).forEach((frequency, pair) => {
      const { cos, sin } = rotation(rope, position, pair);
      const off = Math.atan2(sin, cos) - position * frequency;
      expect(Math.abs(Math.atan2(Math.sin(off), Math.cos(off)))).toBeLessThan(bound);
      expect(Math.abs(Math.hypot(cos, sin) / 16384 - 1)).toBeLessThan(2 ** -14);
    });
  });
});

describe('norms', () => {
  const shapes = [
    { dim: 64, layerNorm: false, offset: 0, outlier: 1 },
    { dim: 768, layerNorm: true, offset: 0, outlier: 1 },
    { dim: 768, layerNorm: true, offset: 0.2, outlier: 3000 },
    { dim: 4096, layerNorm: false, offset: 0, outlier: 1 },
    { dim: 4096, layerNorm: false, offset: 0, outlier: 3000 },
    { dim: 5120, layerNorm: true, offset: 0.5, outlier: 100 },
    { dim: 7168, layerNorm: true, offset: 10, outlier: 1 },
  ];
  it.each(shapes)('of $dim values, offset $offset, one outlier × $outlier, have 13 good bits', (shape) => {
    const { dim, layerNorm, offset, outlier } = shape;
    const random = new Random(dim);
    const weight = Float32Array.from({ length: dim }, () => 1 + 0.3 * random.gaussian());
    const bias = layerNorm ? Float32Array.from({ length: dim }, () => 0.3 * random.gaussian()) : null;
    const norm = integerNorm({ weight, bias }, dim);
    for (const [size, bound] of [
      [0.001, 2e-3],
      [0.1, 1.2e-4],
      [2, 1.2e-4],
      [8, 1.2e-4],
    ] as const) {
      const x = Int32Array.from({ length: dim }, (_, i) => {
        const value = size * (offset + random.gaussian()) * (i === 5 ? outlier : 1);
        return Math.max(-2147483647, Math.min(2147483647, Math.round(value * Q16)));
      });
      const real = fromFixed(x, 16);
      const mean = layerNorm ? real.reduce((sum, value) => sum + value, 0) / dim : 0;
      const variance = real.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dim;
      const exact = real.map(
        (value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + (bias ? bias[i]! : 0),
      );
      const y = normalize(tables, norm, x, layerNorm, normEpsilon(1e-5, dim));
      expect(relativeError(fromFixed(y, norm.frac), exact)).toBeLessThan(bound);
    }
  });

  it('keep small outputs of wide models beside large weights', () => {
    const dim = 4096;
    const random = new Random(9);
    // One channel's weight is 500 times the others.
    const weight = Float32Array.from({ length: dim }, (_, i) => (i === 0 ? 10 : 0.02));
    const norm = integerNorm({ weight, bias: null }, dim);
    const x = Int32Array.from({ length: dim }, () => Math.round(Q16 * random.gaussian()));
    const real = fromFixed(x, 16);
    const root = Math.sqrt(real.reduce((sum, value) => sum + value * value, 0) / dim);
    const exact = real.map((value, i) => (value / root) * weight[i]!).subarray(1);
    const y = fromFixed(normalize(tables, norm, x, false, 0), norm.frac).subarray(1);
    expect(relativeError(y, exact)).toBeLessThan(0.01);
  });
});

/** x as integers of `bits` bits and a sign with a shared power-of-two exponent, as the cache holds a head. */
function cachedHead(x: Int32Array, bits: number): Float64Array {
  const peak = Math.max(...x.map(Math.abs), 1);
  const step = 2 ** Math.max(0, Math.floor(Math.log2(peak)) + 1 - bits);
  const limit = 2 ** bits - 1;
  return Float64Array.from(x, (value) => (Math.min(limit, Math.max(-limit, Math.round(value / step))) * step) / Q20);
}

describe('attention', () => {
  it.each([0.3, 1, 3, 10])('with scores of standard deviation %d is close to a softmax', (size) => {
    const random = new Random(4);
    for (const headDim of [16, 64, 128]) {
      const positions = 150;
      const shift = 14 + Math.ceil(Math.log2(Math.sqrt(headDim) / Math.LOG2E));
      const mantissa = Math.round((Math.LOG2E / Math.sqrt(headDim)) * 2 ** shift);
      const attention = new Attention(
        tables,
        { heads: 1, kvHeads: 1, headDim, context: positions },
        { shift, mantissa },
      );
      const gaussian = (deviation: number): Int32Array =>
        Int32Array.from({ length: headDim }, () => Math.round(Q20 * deviation * random.gaussian()));
      const real: { keys: Float64Array[]; values: Float64Array[] } = { keys: [], values: [] };
      const cache: typeof real = { keys: [], values: [] };
      const errors = { real: [] as number[], cache: [] as number[] };
      for (let position = 0; position < positions; position++) {
        const [q, k, v] = [gaussian(size), gaussian(1), gaussian(1)];
        real.keys.push(fromFixed(k, 20));
        real.values.push(fromFixed(v, 20));
        cache.keys.push(cachedHead(k, 15));
        cache.values.push(cachedHead(v, 7));
        const out = fromFixed(attention.attend(q, k, v, position), 20);
        errors.real.push(relativeError(out, softmaxAttention(fromFixed(q, 20), real.keys, real.values)));
        errors.cache.push(relativeError(out, softmaxAttention(fromFixed(q, 20), cache.keys, cache.values)));
      }
      expect(rms(errors.cache)).toBeLessThan(0.0003);
      expect(rms(errors.real)).toBeLessThan(0.01);
    }
  });
});

function softmaxAttention(q: Float64Array, keys: Float64Array[], values: Float64Array[]): Float64Array {
  const scores = keys.map((key) => product(key, q)[0]! / Math.sqrt(q.length));
  const top = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return q.map((_, i) => values.reduce((sum, value, t) => sum + weights[t]! * value[i]!, 0) / total);
}

describe('int8 matrices', () => {
  it('lose 0.8 % of a Gaussian matrix, and nothing more in the product', () => {
    const random = new Random(5);
    const floats = Float32Array.from({ length: 200 * 512 }, () => random.gaussian() * 0.05);
    const matrix = int8Matrix(floats, 200, 512);
    const x = Int32Array.from({ length: 512 }, () => Math.round(Q16 * random.gaussian()));
    const y = fromFixed(multiplyInt8(matrix, x, 16, 16), 16);
    expect(relativeError(y, product(floats, fromFixed(x, 16)))).toBeLessThan(0.008);
    expect(relativeError(y, product(int8MatrixToFloat(matrix), fromFixed(x, 16)))).toBeLessThan(1e-4);
  });
});

describe('linears', () => {
  const shapes = (['hadamard', 'fourier'] as const).flatMap((frame) =>
    [512, 300].flatMap((cols) => [1, 100].map((outlier) => ({ frame, cols, outlier }))),
  );
  it.each(shapes)('$frame, $cols columns, outliers × $outlier, lose 1.4 % to int8 samples', (shape) => {
    const { frame, cols, outlier } = shape;
    const random = new Random(cols + outlier);
    const gainShifts = frame === 'hadamard' ? [0, 1, 2] : [0, 0, 0];
    const linear = fabricateLinear({ rows: 200, cols, block: 128, samples: 320, frame, gainShifts });
    const signs = drawSigns(1, 3, 128);
    const quantized = fabricateLinearWeights(linear, random);
    const kernel = frame === 'fourier' ? fourierKernel(128, 320) : null;
    const x = Int32Array.from({ length: cols }, (_, i) =>
      Math.round(Q16 * random.gaussian() * (i % 90 === 7 ? outlier : 1)),
    );
    const vector = new Framer(frameShape([linear]), { signs }, kernel).frame(x);
    const y = runLinear(linear, quantized, vector, 16 - 20 - quantized.exponent - vector.reference);
    const exact = product(dequantizeLinear(quantized, linear, signs), fromFixed(x, 16));
    expect(relativeError(fromFixed(y, 20), exact)).toBeLessThan(0.014);
  });
});

describe('block exponents', () => {
  it.each([
    [32, 80],
    [64, 100],
    [128, 320],
    [256, 640],
    [256, 2048],
  ])('of a fourier frame of %i columns and %i samples reach log2(columns) + 9 and no more', (block, samples) => {
    const signs = drawSigns(3, 1, block);
    const kernel = fourierKernel(block, samples);
    const linear = fabricateLinear({ rows: 1, cols: block, block, samples, frame: 'fourier' });
    // All of the transform's energy in its first entry, where the kernel's row is longest.
    const x = Int32Array.from(signsOf(signs[0]!, block), (sign) => sign * 32767);
    const { exponents } = new Framer(frameShape([linear]), { signs }, kernel).frame(x);
    expect(exponents[0]).toBe(Math.log2(block) + 9);
    for (let j = 0; j < samples; j++) {
      const length = Math.hypot(...kernel.subarray(j * block, (j + 1) * block)) / 2 ** 14;
      expect(length).toBeLessThan(Math.sqrt(1 + 3 / block) + 2 ** -12);
    }
  });
});
