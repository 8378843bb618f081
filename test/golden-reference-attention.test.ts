import { describe, expect, it } from 'vitest';
import { Attention } from '../sim/golden/attention.js';
import { buildTables } from '../sim/golden/tables.js';
import { llamaConfig } from './support/golden-models.js';
import { extremeVectors, Random, randomVectors } from './support/golden-random.js';
import { big, expectIntegers, ReferenceAttention } from './support/golden-reference.js';

const tables = buildTables(llamaConfig());

const SHAPES = [
  { heads: 4, kvHeads: 4, headDim: 8 },
  { heads: 8, kvHeads: 2, headDim: 16 },
  { heads: 6, kvHeads: 1, headDim: 10 },
  { heads: 1, kvHeads: 1, headDim: 128 },
  { heads: 1, kvHeads: 1, headDim: 256 },
];

/** log2(e) / √headDim with a 15-bit mantissa. */
function scoreScale(headDim: number): { mantissa: number; shift: number } {
  const shift = 14 + Math.ceil(Math.log2(Math.sqrt(headDim) / Math.LOG2E));
  return { mantissa: Math.round((Math.LOG2E / Math.sqrt(headDim)) * 2 ** shift), shift };
}

describe.each(SHAPES)('attention of $heads heads over $kvHeads of $headDim', (shape) => {
  const scale = scoreScale(shape.headDim);
  const exact = { mantissa: BigInt(scale.mantissa), shift: BigInt(scale.shift) };
  const start = (context: number) => ({
    golden: new Attention(tables, { ...shape, context }, scale),
    reference: new ReferenceAttention(tables, shape, exact),
  });
  const width = shape.heads * shape.headDim;
  const kvWidth = shape.kvHeads * shape.headDim;

  function compare(steps: readonly (readonly [q: Int32Array, k: Int32Array, v: Int32Array])[]): void {
    const { golden, reference } = start(steps.length);
    steps.forEach(([q, k, v], position) => {
      expectIntegers(golden.attend(q, k, v, position), reference.attend(big(q), big(k), big(v)));
    });
  }

  it('equals its definition on random sequences', () => {
    const random = new Random(shape.headDim);
    for (let sequence = 0; sequence < 4; sequence++) {
      const steps = Array.from({ length: 12 }, () => {
        const pick = (length: number): Int32Array => random.pick(randomVectors(length, random)).x;
        return [pick(width), pick(kvWidth), pick(kvWidth)] as const;
      });
      compare(steps);
    }
  });

  it('equals its definition on typical activations', () => {
    const random = new Random(shape.headDim + 1);
    const gaussian = (length: number): Int32Array =>
      Int32Array.from({ length }, () => Math.round(2 ** 20 * 1.5 * random.gaussian()));
    compare(Array.from({ length: 40 }, () => [gaussian(width), gaussian(kvWidth), gaussian(kvWidth)] as const));
  });

  it('equals its definition on extreme vectors in every combination', () => {
    const queries = extremeVectors(width);
    const keys = extremeVectors(kvWidth);
    for (const { x: q } of queries) {
      compare(keys.map(({ x: k }, i) => [q, k, keys[(i * 3 + 1) % keys.length]!.x] as const));
    }
  });
});

describe('attention', () => {
  it('of the first position is its value, as int8 holds it', () => {
    const shape = { heads: 1, kvHeads: 1, headDim: 4, context: 1 };
    const attention = new Attention(tables, shape, scoreScale(4));
    const v = Int32Array.of(127 << 10, -(127 << 10), 64 << 10, 0);
    const out = attention.attend(Int32Array.of(1 << 20, 0, 0, 0), Int32Array.of(1 << 20, 0, 0, 0), v, 0);
    for (const [i, value] of out.entries()) expect(Math.abs(value - v[i]!)).toBeLessThanOrEqual(4);
  });

  it('of equal scores is the mean of the values', () => {
    const shape = { heads: 1, kvHeads: 1, headDim: 2, context: 100 };
    const attention = new Attention(tables, shape, scoreScale(2));
    let out: Int32Array = new Int32Array(2);
    for (let position = 0; position < 100; position++) {
      const value = (position % 5) << 20;
      out = attention.attend(new Int32Array(2), new Int32Array(2), Int32Array.of(value, -value), position);
    }
    expect(Math.abs(out[0]! / 2 ** 20 - 2)).toBeLessThan(0.01);
    expect(out[1]).toBeLessThan(0);
  });

  it('keeps what it stored while its cache grows', () => {
    const shape = { heads: 2, kvHeads: 1, headDim: 4, context: 300 };
    const random = new Random(5);
    const vector = (length: number): Int32Array =>
      Int32Array.from({ length }, () => random.integer(-(2 ** 21), 2 ** 21));
    const steps = Array.from({ length: 300 }, () => [vector(8), vector(4), vector(4)] as const);
    const inOrder = new Attention(tables, shape, scoreScale(4));
    const outputs = steps.map(([q, k, v], position) => inOrder.attend(q, k, v, position));
    // The last position first: the cache has its final size from then on.
    const atOnce = new Attention(tables, shape, scoreScale(4));
    atOnce.attend(...steps[299]!, 299);
    steps.forEach(([q, k, v], position) => {
      expect(atOnce.attend(q, k, v, position)).toEqual(outputs[position]);
    });
  });

  it('takes memory for the positions that it has seen, not for its context', () => {
    const attention = new Attention(tables, { heads: 1, kvHeads: 1, headDim: 256, context: 2 ** 40 }, scoreScale(256));
    const zeros = new Int32Array(256);
    expect([...attention.attend(zeros, zeros, zeros, 0)]).toEqual([...zeros]);
  });

  it('ends where its context ends', () => {
    const attention = new Attention(tables, { heads: 1, kvHeads: 1, headDim: 2, context: 65 }, scoreScale(2));
    const zeros = new Int32Array(2);
    attention.attend(zeros, zeros, zeros, 64);
    expect(() => attention.attend(zeros, zeros, zeros, 65)).toThrow('position 65 is beyond the context of 65 tokens');
  });
});
