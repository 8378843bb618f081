import { describe, expect, it } from 'vitest';
import type { PlanLinear } from '../generator/plan/types.js';
import { fourierKernel } from '../generator/quantize/frame.js';
import { drawSigns, signsOf } from '../generator/quantize/signs.js';
import type { QuantizedLinear } from '../generator/quantize/types.js';
import {
  type FramedVector,
  Framer,
  frameShape,
  framingGroups,
  signPatterns,
  walshHadamard,
} from '../sim/golden/frame.js';
import { finalShift, runLinear } from '../sim/golden/linear.js';
import { fabricateLinear, fabricateLinearWeights } from './support/golden-models.js';
import { Random, testVectors } from './support/golden-random.js';
import { big, expectIntegers } from './support/golden-reference.js';
import * as reference from './support/golden-reference-linear.js';

describe('Walsh–Hadamard transform', () => {
  it.each([1, 2, 4, 16, 32, 64, 128, 256])('of %i values equals its matrix', (size) => {
    const random = new Random(size);
    for (const { x } of testVectors(size, random, 32767)) {
      const y = new Int32Array(size + 3).fill(9);
      y.set(x, 2);
      walshHadamard(y, 2, size);
      const expected = Array.from({ length: size }, (_, j) =>
        big(x).reduce((sum, value, i) => sum + reference.hadamardEntry(j, i) * value, 0n),
      );
      expectIntegers(y.subarray(2, size + 2), expected);
      expect([y[0], y[1], y[size + 2]]).toEqual([9, 9, 9]);
    }
  });
});

describe('sign patterns', () => {
  it('are read alike by golden model, quantizer and reference', () => {
    const signs = drawSigns(77, 3, 128);
    const patterns = signPatterns(signs, 128);
    patterns.forEach((pattern, k) => {
      expectIntegers(
        pattern,
        Array.from({ length: 128 }, (_, i) => reference.sign({ signs }, k, i)),
      );
      expect(pattern).toEqual(signsOf(signs[k]!, 128));
    });
  });
});

interface Case {
  readonly name: string;
  readonly linears: readonly PlanLinear[];
  /** A kernel of random int16 values, −32768 included. */
  readonly kernel: Int16Array | null;
}

const random = new Random(11);

function hadamardCase(cols: number, block: number, samples: readonly number[], more: Partial<PlanLinear> = {}): Case {
  const gainShifts = (count: number): number[] => Array.from({ length: count }, (_, k) => [0, 2, 1, 7, 3, 0, 5, 6][k]!);
  return {
    name: `hadamard, ${cols} columns in blocks of ${block}, ${samples.join(' and ')} samples`,
    linears: samples.map((count) =>
      fabricateLinear({
        rows: 6,
        cols,
        block,
        samples: count,
        gainShifts: gainShifts(Math.ceil(count / block)),
        ...more,
      }),
    ),
    kernel: null,
  };
}

function fourierCase(cols: number, block: number, samples: number, alphabet: PlanLinear['alphabet'] = 'ternary'): Case {
  return {
    name: `fourier, ${cols} columns in blocks of ${block}, ${samples} samples, ${alphabet}`,
    linears: [fabricateLinear({ rows: 6, cols, block, samples, alphabet, frame: 'fourier' })],
    kernel: Int16Array.from({ length: samples * block }, () => random.integer(-32768, 32767)),
  };
}

const CASES: readonly Case[] = [
  hadamardCase(64, 64, [64]),
  hadamardCase(128, 64, [160, 64, 128]),
  // Tails of 44 → 64 and 12 → 16 columns.
  hadamardCase(172, 64, [160]),
  hadamardCase(172, 64, [104, 512]),
  hadamardCase(140, 128, [320, 128]),
  hadamardCase(140, 128, [200], { alphabet: 'binary', packing: 'bits' }),
  hadamardCase(33, 32, [96, 32]),
  hadamardCase(12, 32, [80]),
  hadamardCase(300, 32, [40]),
  hadamardCase(96, 32, [72], { alphabet: 'binary', packing: 'bits' }),
  hadamardCase(256, 256, [640]),
  fourierCase(64, 32, 80),
  fourierCase(80, 64, 100),
  fourierCase(80, 32, 53, 'binary'),
  fourierCase(256, 256, 300),
];

const SIGNS = new Map([32, 64, 128, 256].map((block) => [block, drawSigns(5, 8, block)]));

const planOf = ({ linears }: Case) => ({ signs: SIGNS.get(linears[0]!.block)! });

function expectSameVector(actual: FramedVector, expected: reference.ReferenceVector): void {
  expect(BigInt(actual.reference)).toBe(expected.reference);
  expectIntegers(
    actual.exponents,
    expected.blocks.map(({ eps }) => eps),
  );
  expectIntegers(
    actual.sums,
    expected.blocks.map(({ sum }) => sum),
  );
  expected.blocks.forEach(({ u }, b) => {
    expectIntegers(actual.samples.subarray(b * actual.stride, b * actual.stride + u.length), u);
  });
}

describe.each(CASES)('$name', (shape) => {
  const { linears, kernel } = shape;
  const plan = planOf(shape);
  const framer = new Framer(frameShape(linears), plan, kernel);
  const vectors = testVectors(linears[0]!.cols, random).map(({ name, x }) => ({
    name,
    golden: framer.frame(x),
    expected: reference.frameVector(plan, linears, big(x), kernel),
  }));

  it('frames vectors as defined', () => {
    for (const { name, golden, expected } of vectors) {
      expectSameVector(golden, expected);
      if (name === 'zeros') expect(golden.samples.every((sample) => sample === 0)).toBe(true);
      // The kernel here is arbitrary; a real one stays below 18 (see "Framing a vector").
      for (const eps of golden.exponents) expect(Math.abs(eps)).toBeLessThanOrEqual(kernel ? 26 : 16);
    }
  });

  it('runs linears as defined', () => {
    for (const linear of linears) {
      for (const weights of weightsFor(linear)) {
        for (const { golden, expected } of vectors) {
          for (const shift of [-16, -3, 0, 1, 11, 24, 63]) {
            expectIntegers(
              runLinear(linear, weights, golden, shift),
              reference.linearOutput(linear, weights, expected, BigInt(shift)),
            );
          }
        }
      }
    }
  });
});

/** Random weights, and the largest that there are. */
function weightsFor(linear: PlanLinear): QuantizedLinear[] {
  const some = fabricateLinearWeights(linear, random);
  const fill = linear.alphabet === 'binary' ? -1 : 1;
  return [
    some,
    {
      ...some,
      symbols: new Int8Array(some.symbols.length).fill(fill),
      scales: new Uint8Array(some.scales.length).fill(255),
      means: some.means && new Int8Array(some.means.length).fill(-127),
    },
  ];
}

describe('a linear that is aligned with its input', () => {
  it('stays exact at the bound of the accumulator', () => {
    // Symbols that are the signs of the samples, all scales 255: the largest sum that framing allows.
    const gains = [0, 1, 2];
    for (const block of [32, 128, 256]) {
      const linear = fabricateLinear({ rows: 1, cols: 4 * block, block, samples: 3 * block, gainShifts: gains });
      const plan = { signs: SIGNS.get(block)! };
      const framer = new Framer(frameShape([linear]), plan, null);
      for (const { x } of testVectors(linear.cols, random)) {
        const golden = framer.frame(x);
        const weights = {
          symbols: Int8Array.from(golden.samples, (sample) => Math.sign(sample)),
          scales: new Uint8Array(4).fill(255),
          means: null,
          exponent: 0,
        };
        const vector = reference.frameVector(plan, [linear], big(x), null);
        const [y] = runLinear(linear, weights, golden, 30);
        expect(BigInt(y!)).toBe(reference.linearOutput(linear, weights, vector, 30n)[0]);
        const bound = (9 / 8) * 2 ** 15 * 255 * 4 * block ** 1.5 * 7 + 2;
        expect(Math.abs(y!)).toBeLessThanOrEqual(bound / 2 ** 30 + 1);
      }
    }
  });
});

describe('the kernel of mode fourier', () => {
  it.each([
    [32, 33],
    [32, 80],
    [64, 100],
    [128, 320],
    [64, 64],
  ])('of %i columns and %i samples is the resampling matrix that is defined', (B, U) => {
    const kernel = fourierKernel(B, U);
    for (let j = 0; j < U; j++) {
      for (let n = 0; n < B; n++) {
        let sum = 1 + 2 * (-1) ** n * Math.cos((Math.PI * B * j) / U);
        for (let k = 1; k < B / 2; k++) sum += 2 * Math.cos(2 * Math.PI * k * (n / B - j / U));
        const real = U === B ? Number(n === j) : sum / B;
        if (Math.abs(kernel[j * B + n]! - 2 ** 14 * real) > 0.5 + 1e-6) throw new Error(`K[${j}][${n}]`);
      }
    }
  });
});

describe('the final shift', () => {
  it('is the sum of its parts, clamped to a signed byte of −16 … 63', () => {
    for (const [inputFrac, outputFrac, exponent, ref] of [
      [14, 20, -20, 3],
      [16, 16, 40, 16],
      [0, 20, 0, 16],
      [14, 16, -120, 0],
      [14, 16, -61, 0],
    ] as const) {
      const expected = reference.finalShift(BigInt(inputFrac), BigInt(outputFrac), BigInt(exponent), BigInt(ref));
      expect(BigInt(finalShift(inputFrac, outputFrac, exponent, ref))).toBe(expected);
    }
  });
});

describe('framing groups', () => {
  const linear = (samples: number, frame: PlanLinear['frame']) =>
    fabricateLinear({ rows: 4, cols: 64, block: 32, samples, frame });

  it('hold all readers of a vector in mode hadamard, those of equal samples in mode fourier', () => {
    const hadamard = [linear(64, 'hadamard'), linear(96, 'hadamard'), linear(64, 'hadamard')];
    expect(framingGroups(hadamard)).toEqual([hadamard]);
    const [a, b, c] = [linear(64, 'fourier'), linear(96, 'fourier'), linear(64, 'fourier')];
    expect(framingGroups([a, b, c])).toEqual([[a, c], [b]]);
  });

  it('in mode hadamard fewer samples of a block are the first of more, up to the exponent', () => {
    const few = linear(64, 'hadamard');
    const many = linear(96, 'hadamard');
    const plan = { signs: SIGNS.get(32)! };
    const x = Int32Array.from({ length: 64 }, () => random.integer(-3e6, 3e6));
    const shared = new Framer(frameShape([few, many]), plan, null).frame(x);
    const alone = new Framer(frameShape([many]), plan, null).frame(x);
    expect(shared).toEqual(alone);
  });
});
