import { describe, expect, it } from 'vitest';
import { blocksOf } from '../generator/plan/blocks.js';
import { fourierKernel, frameOf } from '../generator/quantize/frame.js';
import { resampleMatrix } from '../generator/quantize/resample.js';
import { drawSigns, signsOf } from '../generator/quantize/signs.js';
import { fabricateLinear } from './support/golden-models.js';
import { uniform } from './support/random.js';

function walsh(j: number, i: number): number {
  let sign = 1;
  for (let bits = j & i; bits !== 0; bits &= bits - 1) sign = -sign;
  return sign;
}

describe('sign patterns', () => {
  it('follow from the seed alone', () => {
    expect(drawSigns(1, 3, 64)).toEqual(drawSigns(1, 3, 64));
    expect(drawSigns(1, 3, 64)).not.toEqual(drawSigns(2, 3, 64));
    expect(drawSigns(1, 2, 64)).toEqual(drawSigns(1, 3, 64).slice(0, 2));
  });

  it('are these, for ever', () => {
    expect(drawSigns(1, 2, 32)).toEqual(['5e2d1772', '14e498f0']);
  });

  it.each([4, 32, 64, 100, 128, 256])('have the digits of %i bits', (bits) => {
    for (const pattern of drawSigns(5, 4, bits)) {
      expect(pattern).toMatch(/^[0-9a-f]+$/);
      expect(pattern.length).toBe(Math.ceil(bits / 4));
    }
  });

  it('are balanced', () => {
    const signs = drawSigns(3, 64, 128).flatMap((pattern) => [...signsOf(pattern, 128)]);
    const sum = signs.reduce((total, sign) => total + sign, 0);
    expect(Math.abs(sum)).toBeLessThan(4 * Math.sqrt(signs.length));
  });

  it('negate column i where bit i is set, the last digit being the lowest', () => {
    expect([...signsOf('81', 8)]).toEqual([-1, 1, 1, 1, 1, 1, 1, -1]);
    expect([...signsOf('f2', 4)]).toEqual([1, -1, 1, 1]);
  });

  it('refuse what is not hex', () => {
    expect(() => signsOf('0g', 8)).toThrow(RangeError);
  });
});

describe('a hadamard frame', () => {
  const linear = fabricateLinear({ rows: 1, cols: 64 + 44, block: 64, samples: 160, gainShifts: [0, 0, 1] });
  const signs = drawSigns(9, 3, 64);

  it.each([0, 1])('of block %i is the definition', (b) => {
    const block = blocksOf(linear)[b]!;
    const matrix = frameOf(linear, block, signs).matrix();
    expect(matrix.length).toBe(block.samples * block.cols);
    for (let j = 0; j < block.samples; j++) {
      const k = Math.floor(j / block.size);
      const pattern = BigInt(`0x${signs[k]}`);
      for (let i = 0; i < block.cols; i++) {
        const sign = (pattern >> BigInt(i)) & 1n ? -1 : 1;
        expect(matrix[j * block.cols + i]).toBe(2 ** (1 - linear.gainShifts[k]!) * sign * walsh(j % block.size, i));
      }
    }
  });

  it('synthesizes mantissa · qᵀ · F exactly', () => {
    const random = uniform(4);
    for (const block of blocksOf(linear)) {
      const frame = frameOf(linear, block, signs);
      const matrix = frame.matrix();
      const symbols = Int8Array.from({ length: block.samples + 3 }, () => Math.floor(random() * 3) - 1);
      const out = new Float64Array(block.cols);
      frame.synthesize(symbols, 3, 201, 0, out);
      out.forEach((value, i) => {
        let expected = 0;
        for (let j = 0; j < block.samples; j++) expected += 201 * symbols[3 + j]! * matrix[j * block.cols + i]!;
        expect(value).toBe(expected);
      });
    }
  });

  it('refuses a plan with too few patterns or gains', () => {
    const block = blocksOf(linear)[0]!;
    expect(() => frameOf(linear, block, signs.slice(0, 2))).toThrow(RangeError);
    expect(() => frameOf({ ...linear, gainShifts: [0, 0] }, block, signs)).toThrow(RangeError);
  });
});

describe('a fourier frame', () => {
  const linear = fabricateLinear({ rows: 1, cols: 100, block: 64, samples: 144, frame: 'fourier' });
  const signs = drawSigns(9, 1, 64);

  it('has the rounded resampling matrix as its kernel', () => {
    const kernel = fourierKernel(64, 144);
    const down = resampleMatrix(144, 64);
    let worst = 0;
    for (let j = 0; j < 144; j++) {
      for (let n = 0; n < 64; n++) {
        worst = Math.max(worst, Math.abs(kernel[j * 64 + n]! - 2 ** 14 * (144 / 64) * down[n * 144 + j]!));
      }
    }
    expect(worst).toBeLessThanOrEqual(0.5);
    // The sum of 64 cosines and one more for the Nyquist bin, which stands for two.
    expect(kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBe((2 ** 14 * 65) / 64);
    expect(fourierKernel(64, 144)).toBe(kernel);
  });

  it('is the kernel times the signed transform, and pads its last block', () => {
    const kernel = fourierKernel(64, 144);
    const plusMinus = signsOf(signs[0]!, 64);
    const blocks = blocksOf(linear);
    expect(blocks.map(({ cols, size, samples }) => [cols, size, samples])).toEqual([
      [64, 64, 144],
      [36, 64, 144],
    ]);
    for (const block of blocks) {
      const matrix = frameOf(linear, block, signs).matrix();
      for (const j of [0, 1, 77, 143]) {
        for (let i = 0; i < block.cols; i++) {
          let expected = 0;
          for (let n = 0; n < 64; n++) expected += kernel[j * 64 + n]! * plusMinus[i]! * walsh(n, i);
          expect(matrix[j * block.cols + i]).toBe(expected / 2 ** 14);
        }
      }
    }
  });

  it('adds the mean to every sample', () => {
    const frame = frameOf(linear, blocksOf(linear)[1]!, signs);
    const matrix = frame.matrix();
    const random = uniform(5);
    const symbols = Int8Array.from({ length: 144 }, () => Math.floor(random() * 3) - 1);
    const out = new Float64Array(36);
    frame.synthesize(symbols, 0, 99, -17, out);
    out.forEach((value, i) => {
      let expected = 0;
      for (let j = 0; j < 144; j++) expected += (99 * symbols[j]! - 17) * matrix[j * 36 + i]!;
      expect(value).toBeCloseTo(expected, 8);
    });
  });
});
