import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Alphabet } from '../generator/plan/types.js';
import { normalizeSamples, rotateBlock, sampleStatistics } from '../generator/quantize/fourier-block.js';
import { orthonormalFwht } from '../generator/quantize/hadamard.js';
import { applyMatrix, resampleMatrix } from '../generator/quantize/resample.js';
import { modulate, type SigmaDeltaOrder } from '../generator/quantize/sigma-delta.js';
import { data, lacks } from './support/needs.js';
import { gaussian } from './support/random.js';
import { sharedPath } from './support/shared.js';

/** The modulator as a recurrence over plain arrays. */
function reference(x: readonly number[], threshold: number, alphabet: Alphabet, order: SigmaDeltaOrder): number[] {
  const y: number[] = [];
  let i1 = 0;
  let i2 = 0;
  x.forEach((sample, j) => {
    const last = j === 0 ? 0 : y[j - 1]!;
    i1 += sample - last;
    i2 += i1 - last;
    const level = order === 1 ? i1 : i2;
    if (alphabet === 'binary') y.push(level > 0 ? 1 : -1);
    else if (level >= threshold) y.push(1);
    else y.push(level <= -threshold ? -1 : 0);
  });
  return y;
}

describe('the sigma-delta modulator', () => {
  const samples = Float64Array.from({ length: 200 }, gaussian(3));

  describe.each(['ternary', 'binary'] as const)('%s', (alphabet) => {
    it.each([1, 2] as const)('follows the recurrence of order %i', (order) => {
      const symbols = new Int8Array(210);
      modulate(samples, 0.55, alphabet, order, symbols, 7);
      expect([...symbols.subarray(7, 207)]).toEqual(reference([...samples], 0.55, alphabet, order));
      expect([...symbols.subarray(0, 7), ...symbols.subarray(207)]).toEqual(new Array(10).fill(0));
    });
  });

  it('decides for a symbol at its threshold, and for −1 at zero when binary', () => {
    const symbols = new Int8Array(1);
    modulate(Float64Array.of(0.5), 0.5, 'ternary', 1, symbols, 0);
    expect(symbols[0]).toBe(1);
    modulate(Float64Array.of(-0.5), 0.5, 'ternary', 1, symbols, 0);
    expect(symbols[0]).toBe(-1);
    modulate(Float64Array.of(0), 0.5, 'binary', 1, symbols, 0);
    expect(symbols[0]).toBe(-1);
  });

  it('tracks the mean of its input', () => {
    const symbols = new Int8Array(1000);
    modulate(new Float64Array(1000).fill(0.3), 0.5, 'ternary', 1, symbols, 0);
    expect(symbols.reduce((sum, symbol) => sum + symbol, 0) / 1000).toBeCloseTo(0.3, 2);
  });
});

describe('normalisation', () => {
  it('of a block of zeros has scale 0', () => {
    const { scale, mean, samples } = normalizeSamples(sampleStatistics(new Float64Array(64)), {
      sdScale: 0.9,
      percentileScale: 0.9,
      percentileCut: 0.5,
    });
    expect([scale, mean, ...samples]).toEqual(new Array(66).fill(0));
  });
});

interface SigmaDeltaCase {
  readonly name: string;
  readonly osr: number;
  readonly alphabet: Alphabet;
  readonly block: number;
  readonly sdScale: number;
  readonly percentileScale: number;
  readonly percentileCut: number;
  readonly input: number[][];
  readonly scale: number[];
  readonly mean: number[];
  readonly threshold: number[];
  readonly q: number[][];
  readonly dequantised: number[][];
  readonly output: number[][];
  readonly decisionMargin: number;
}

const VECTORS = 'vectors/sigma_delta.json';

describe.skipIf(lacks(data(VECTORS)))('the published quantizer of a block', () => {
  const cases = (): SigmaDeltaCase[] =>
    (JSON.parse(readFileSync(sharedPath(VECTORS), 'utf8')) as { cases: SigmaDeltaCase[] }).cases;
  const plus = new Int8Array(128).fill(1);

  function closeTo(found: Float64Array, expected: readonly number[], what: string): void {
    const worst = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
    expect(worst, what).toBeLessThan(1e-9);
  }

  it('matches every symbol, scale and output', () => {
    for (const vector of cases()) {
      const { block, osr, alphabet, decisionMargin } = vector;
      const samples = Math.floor(block * osr);
      vector.input.forEach((row, r) => {
        const what = `${vector.name}, OSR ${osr}, ${alphabet}, row ${r}`;
        const rotated = new Float64Array(block);
        rotateBlock(Float64Array.from(row), plus, rotated);
        const upsampled = new Float64Array(samples);
        applyMatrix(resampleMatrix(block, samples), rotated, upsampled);
        const normalized = normalizeSamples(sampleStatistics(upsampled), vector);
        expect(normalized.scale, what).toBeCloseTo(vector.scale[r]!, 9);
        expect(normalized.mean, what).toBeCloseTo(vector.mean[r]!, 9);
        expect(normalized.threshold, what).toBeCloseTo(vector.threshold[r]!, 9);

        const symbols = new Int8Array(samples);
        modulate(normalized.samples, normalized.threshold, alphabet, 1, symbols, 0);
        // A decision closer to its threshold than rounding errors are may go either way, and all that follow with it.
        if (decisionMargin < 1e-9) return;
        expect([...symbols], what).toEqual(vector.q[r]);

        const values = Float64Array.from(symbols, (symbol) => symbol * normalized.scale + normalized.mean);
        const dequantised = new Float64Array(block);
        applyMatrix(resampleMatrix(samples, block), values, dequantised);
        closeTo(dequantised, vector.dequantised[r]!, what);
        orthonormalFwht(dequantised);
        closeTo(dequantised, vector.output[r]!, what);
      });
    }
  });
});
