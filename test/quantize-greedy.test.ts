import { describe, expect, it } from 'vitest';
import { blocksOf } from '../generator/plan/blocks.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { denseGreedy } from '../generator/quantize/dense-greedy.js';
import { frameOf, hadamardSegments } from '../generator/quantize/frame.js';
import { hadamardGreedy } from '../generator/quantize/hadamard-greedy.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricateLinear } from './support/golden-models.js';
import { gaussian } from './support/random.js';

const signs = drawSigns(2, 4, 64);

describe.each(['ternary', 'binary'] as const)('the greedy pass over a hadamard frame, %s', (alphabet) => {
  it.each([
    { samples: 64, gainShifts: [0] },
    { samples: 104, gainShifts: [0, 0] },
    { samples: 160, gainShifts: [0, 0, 1] },
    { samples: 256, gainShifts: [0, 1, 2, 3] },
  ])('by transforms is the one symbol after symbol: $samples samples, gain shifts $gainShifts', (fields) => {
    const linear: PlanLinear = fabricateLinear({ rows: 1, cols: 64, block: 64, alphabet, ...fields });
    const block = blocksOf(linear)[0]!;
    const frame = frameOf(linear, block, signs);
    const fast = hadamardGreedy(hadamardSegments(linear, block, signs), 64, alphabet);
    const dense = denseGreedy(frame.matrix(), block.samples, 64, alphabet);
    expect(fast.longestRow).toBeCloseTo(dense.longestRow, 10);

    const next = gaussian(11);
    const found = new Int8Array(block.samples);
    const expected = new Int8Array(block.samples);
    const foundSum = new Float64Array(64);
    const expectedSum = new Float64Array(64);
    const synthesized = new Float64Array(64);
    for (let trial = 0; trial < 20; trial++) {
      const target = Float64Array.from({ length: 64 }, next);
      fast.load(target);
      dense.load(target);
      const scale = (0.3 + 0.06 * trial) / fast.longestRow;
      fast.run(scale, 0, found, foundSum);
      dense.run(scale, 0, expected, expectedSum);
      expect(found).toEqual(expected);
      frame.synthesize(found, 0, 1, 0, synthesized);
      foundSum.forEach((value, i) => {
        expect(value).toBe(synthesized[i]!);
        expect(value).toBeCloseTo(expectedSum[i]!, 9);
      });
    }
  });

  it('also runs from the last segment to the first where gains are equal', () => {
    const linear = fabricateLinear({ rows: 1, cols: 64, block: 64, samples: 104, alphabet });
    const block = blocksOf(linear)[0]!;
    const segments = hadamardSegments(linear, block, signs);
    const pass = hadamardGreedy(segments, 64, alphabet);
    expect(pass.orders).toBe(2);
    // The segments' places are exchanged, so that symbol after symbol does the same.
    const matrix = frameOf(linear, block, signs).matrix();
    const turned = new Float64Array(matrix.length);
    turned.set(matrix.subarray(64 * 64));
    turned.set(matrix.subarray(0, 64 * 64), 40 * 64);
    const dense = denseGreedy(turned, 104, 64, alphabet);
    const target = Float64Array.from({ length: 64 }, gaussian(12));
    const symbols = new Int8Array(104);
    const expected = new Int8Array(104);
    pass.load(target);
    dense.load(target);
    pass.run(0.8 / 8, 1, symbols, new Float64Array(64));
    dense.run(0.8 / 8, 0, expected, new Float64Array(64));
    expect([...symbols.subarray(64), ...symbols.subarray(0, 64)]).toEqual([...expected]);
  });

  it('has one order only where gains fall', () => {
    const linear = fabricateLinear({ rows: 1, cols: 64, block: 64, samples: 128, gainShifts: [0, 1], alphabet });
    const segments = hadamardSegments(linear, blocksOf(linear)[0]!, signs);
    expect(hadamardGreedy(segments, 64, alphabet).orders).toBe(1);
  });
});
