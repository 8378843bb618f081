import { describe, expect, it } from 'vitest';
import { ropeFrequencies } from '../generator/model/rope.js';
import { fourierKernel } from '../generator/quantize/frame.js';
import { int8Matrix, integerNorm } from '../generator/quantize/integer-parameters.js';
import { dequantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns, signsOf } from '../generator/quantize/signs.js';
import { Attention } from '../sim/golden/attention.js';
import { Framer, frameShape } from '../sim/golden/frame.js';
import { runLinear } from '../sim/golden/linear.js';
import { gatedProduct, multiplyInt8, normalize, normEpsilon } from '../sim/golden/ops.js';
import { buildTables, exp2Negative, reciprocalRoot, rotation, sigmoid } from '../sim/golden/tables.js';
import { fabricateLinear, fabricateLinearWeights, llamaConfig } from './support/golden-models.js';
import { Random } from './support/golden-random.js';

// Each bound is stated in docs/numerics.md, "Accuracy".

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

function largestDifference(actual: ArrayLike<number>, exact: ArrayLike<number>): number {
  return Array.from(exact).reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
}

describe('reciprocal root', () => {
  it('x', () => console.log(''));
  it('is within 2^−15 for every s: everything that it looks at', () => {
    // It depends on ⌊m / 2^14⌋ alone, for m in 2^30 … 2^32 − 1; the error is largest at an end of an interval.
    let worst = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let top = 65536; top < 262144; top++) {
      const { mantissa, half } = reciprocalRoot(tables, top * 16384);
      for (const m of [top * 16384, top * 16384 + 16383]) {
        worst = Math.max(worst, Math.abs(mantissa * 2 ** -(31 + half) * Math.sqrt(m) - 1));
      }
      least = Math.min(least, mantissa);
      most = Math.max(most, mantissa);
    }
    console.log('rr', Math.log2(worst), least, most);
    expect(worst).toBeLessThan(2 ** -15);
    expect(least).toBeGreaterThanOrEqual(2 ** 15);
    expect(most).toBeLessThanOrEqual(2 ** 16);
  });

  it('is within 2^−15 for numbers of every length', () => {
    const random = new Random(1);
    for (let i = 0; i < 100000; i++) {
      const s = Math.max(1, random.ofAnyLength(53));
      const { mantissa, half } = reciprocalRoot(tables, s);
      expect.soft(half).toBeGreaterThanOrEqual(-15);
      if (!(Math.abs(mantissa * 2 ** -(31 + half) * Math.sqrt(s) - 1) < 2 ** -15)) throw new Error(`1/√${s}`);
    }
  });
});

describe('power of two and logistic function', () => {
  it('2^−d', () => {
    let relative = 0, absolute = 0;
    for (let d = 0; d < 20 * Q16; d += 7) {
      const exact = 2 ** (-d / Q16);
      const p = exp2Negative(tables, d) / Q16;
      absolute = Math.max(absolute, Math.abs(p - exact));
      relative = Math.max(relative, Math.abs(p - exact) - 2 ** -17 - exact * Math.LN2 / 2048);
    }
    console.log('exp2', absolute, relative);
  });
  it('sigmoid, silu', () => {
    let s1 = 0, s2 = 0;
    const xs: number[] = [];
    for (let x = -20 * Q20; x < 20 * Q20; x += 1009) {
      s1 = Math.max(s1, Math.abs(sigmoid(tables, x) / 32768 - 1 / (1 + Math.exp(-x / Q20))));
      xs.push(x);
    }
    const y = gatedProduct(tables, Int32Array.from(xs), new Int32Array(xs.length).fill(Q20));
    let rel = 0;
    y.forEach((v, i) => { const x = xs[i]! / Q20; const e = Math.abs(v / Q16 - x / (1 + Math.exp(-x))); s2 = Math.max(s2, e); rel = Math.max(rel, e / Math.abs(x)) });
    console.log('sigmoid', s1, 'silu', s2, rel);
  });
});

describe('rope', () => {
  it('angles', () => {
    const config = llamaConfig({ headDim: 128 });
    const t = buildTables(config);
    const f = ropeFrequencies(config);
    for (const position of [0, 1, 100, 4095, 131071, 2 ** 20 - 1]) {
      let worst = 0, len = 0;
      f.forEach((omega, pair) => {
        const { cos, sin } = rotation(t, position, pair);
        const angle = position * omega;
        const d = Math.atan2(sin, cos) - angle;
        worst = Math.max(worst, Math.abs(Math.atan2(Math.sin(d), Math.cos(d))));
        len = Math.max(len, Math.abs(Math.hypot(cos, sin) / 16384 - 1));
      });
      console.log('rope', position, worst, Math.PI / 4096 + position * Math.PI * 2 ** -32, len);
    }
  });
});

describe('norm', () => {
  it('float', () => {
    const random = new Random(4);
    for (const [dim, ln, offset, outlier] of [[64, false, 0, 1], [768, true, 0, 1], [5120, true, 0, 1], [4096, false, 0, 1], [4096, false, 0, 100], [4096, false, 0, 3000], [768, true, 0.2, 3000], [5120, true, 0.5, 100], [5120, true, 10, 1], [7168, true, 10, 1]] as const) {
      const weight = Float32Array.from({ length: dim }, () => 1 + 0.3 * random.gaussian());
      const bias = ln ? Float32Array.from({ length: dim }, () => 0.3 * random.gaussian()) : null;
      const norm = integerNorm({ weight, bias }, dim);
      for (const size of [0.001, 0.1, 10, 100]) {
        const real = Float64Array.from({ length: dim }, (_, i) => size * (offset + random.gaussian()) * (i === 5 ? outlier : 1));
        const x = Int32Array.from(real, (v) => Math.round(v * Q16));
        const exactIn = Float64Array.from(x, (v) => v / Q16);
        const mean = ln ? exactIn.reduce((s, v) => s + v, 0) / dim : 0;
        const variance = exactIn.reduce((s, v) => s + (v - mean) ** 2, 0) / dim;
        const exact = exactIn.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + (bias ? bias[i]! : 0));
        const y = Float64Array.from(normalize(tables, norm, x, ln, normEpsilon(1e-5, dim)), (v) => v / 2 ** norm.frac);
        console.log('norm', dim, ln, offset, outlier, size, norm.frac, 'rel', relativeError(y, exact), 'max', largestDifference(y, exact), 'rmsAbs', rms(exact.map((v,i)=>v-y[i]!)));
      }
    }
  });
});

describe('attention', () => {
  it('float', () => {
    const random = new Random(4);
    for (const qs of [0.3, 1, 3, 10]) for (const headDim of [16, 64, 128]) {
      const n = 200;
      const shift = 14 + Math.ceil(Math.log2(Math.sqrt(headDim) / Math.LOG2E));
      const att = new Attention(tables, { heads: 1, kvHeads: 1, headDim, context: n }, { shift, mantissa: Math.round((Math.LOG2E / Math.sqrt(headDim)) * 2 ** shift) });
      const ks: Float64Array[] = [], vs: Float64Array[] = [];
      const errs: number[] = [];
      for (let p = 0; p < n; p++) {
        const g = (s: number) => Int32Array.from({ length: headDim }, () => Math.round(Q20 * s * random.gaussian()));
        const q = g(qs), k = g(1), v = g(1);
        ks.push(Float64Array.from(k, (x) => x / Q20)); vs.push(Float64Array.from(v, (x) => x / Q20));
        const out = att.attend(q, k, v, p);
        const sc = ks.map((kk) => kk.reduce((s, x, i) => s + x * q[i]! / Q20, 0) / Math.sqrt(headDim));
        const top = Math.max(...sc); const e = sc.map((s) => Math.exp(s - top)); const sum = e.reduce((a, b) => a + b);
        const exact = Float64Array.from({ length: headDim }, (_, i) => e.reduce((s, w, t) => s + w * vs[t]![i]!, 0) / sum);
        errs.push(relativeError(Float64Array.from(out, (x) => x / Q20), exact));
      }
      console.log('att', qs, headDim, Math.max(...errs), rms(errs));
    }
  });
});

describe('int8matrix, linear', () => {
  it('float', () => {
    const random = new Random(4);
    const w = Float32Array.from({ length: 200 * 512 }, () => random.gaussian() * 0.05);
    const m = int8Matrix(w, 200, 512);
    const x = Int32Array.from({ length: 512 }, () => Math.round(Q16 * random.gaussian()));
    const exact = Float64Array.from({ length: 200 }, (_, r) => { let s = 0; for (let c = 0; c < 512; c++) s += w[r * 512 + c]! * x[c]! / Q16; return s });
    const ex2 = Float64Array.from({ length: 200 }, (_, r) => { let s = 0; for (let c = 0; c < 512; c++) s += m.values[r * 512 + c]! * m.scales[r]! * 2 ** m.exponent * x[c]! / Q16; return s });
    const y = Float64Array.from(multiplyInt8(m, x, 16, 16), (v) => v / Q16);
    console.log('int8', relativeError(y, exact), relativeError(y, ex2));
    for (const frame of ['hadamard', 'fourier'] as const) for (const cols of [512, 300]) for (const outlier of [1, 100]) {
      const linear = fabricateLinear({ rows: 100, cols, block: 128, samples: 320, frame, gainShifts: frame === 'hadamard' ? [0, 1, 2] : [0, 0, 0] });
      const signs = drawSigns(1, 3, 128);
      const q = fabricateLinearWeights(linear, random);
      const wf = dequantizeLinear(q, linear, signs);
      const x = Int32Array.from({ length: cols }, (_, i) => Math.round(Q16 * random.gaussian() * (i % 90 === 7 ? outlier : 1)));
      const f = new Framer(frameShape([linear]), { signs }, frame === 'fourier' ? fourierKernel(128, 320) : null).frame(x);
      const y = runLinear(linear, q, f, 16 - 20 - q.exponent - f.reference);
      const exact = Float64Array.from({ length: 100 }, (_, r) => { let s = 0; for (let c = 0; c < cols; c++) s += wf[r * cols + c]! * x[c]! / Q16; return s });
      console.log('lin', frame, cols, outlier, relativeError(Float64Array.from(y, (v) => v / Q20), exact), rms(exact));
    }
  });
});
describe('eps', () => {
  it('17', () => {
    for (const [B, U] of [[32, 80], [64, 100], [128, 320], [256, 640], [256, 2048], [32,33]] as const) {
      const signs = drawSigns(3, 1, B);
      const k = fourierKernel(B, U);
      const linear = fabricateLinear({ rows: 1, cols: B, block: B, samples: U, frame: 'fourier' });
      const x = Int32Array.from(signsOf(signs[0]!, B), (s) => s * 32767);
      const f = new Framer(frameShape([linear]), { signs }, k).frame(x);
      console.log(B, U, f.exponents, k[0]);
      let norm = 0;
      for (let j = 0; j < U; j++) norm = Math.max(norm, Math.hypot(...k.subarray(j * B, (j + 1) * B)));
      console.log(norm / 16384, Math.sqrt(1 + 3 / B));
    }
  });
});
