import { describe, expect, it } from 'vitest';
import { createWasmDotKernel, dotRows, dotRowsPlain, MAX_DOT_COLUMNS } from '../sim/golden/dot-kernel.js';
import { Random } from './support/golden-random.js';
import { expectIntegers } from './support/golden-reference.js';

const wasm = createWasmDotKernel();
const KERNELS = [
  { name: 'the plain loop', kernel: dotRowsPlain },
  { name: 'the kernel in use', kernel: dotRows },
  ...(wasm ? [{ name: 'the WebAssembly kernel', kernel: wasm }] : []),
];

describe.each(KERNELS)('$name', ({ kernel }) => {
  it('equals the inner products of rows and vector', () => {
    const random = new Random(1);
    for (const count of [1, 2, 15, 16, 17, 31, 32, 33, 100, 128, 255, MAX_DOT_COLUMNS]) {
      for (const [rowCount, extraStride, offset] of [
        [1, 0, 0],
        [3, 0, 5],
        [7, 13, 1],
        [500, 300, 2],
      ] as const) {
        const stride = count + extraStride;
        const rows = Int8Array.from({ length: offset + rowCount * stride }, () => random.integer(-128, 127));
        const vector = Int16Array.from({ length: count + 40 }, () => random.integer(-32768, 32767));
        const sums = new Int32Array(rowCount).fill(-1);
        kernel(rows, offset, stride, vector, count, sums);
        const expected = Array.from(sums, (_, r) => {
          let sum = 0n;
          for (let j = 0; j < count; j++) sum += BigInt(rows[offset + r * stride + j]!) * BigInt(vector[j]!);
          return sum;
        });
        expectIntegers(sums, expected);
      }
    }
  });

  it('adds up more columns than 32 bits hold, for rows side by side and far apart', () => {
    const random = new Random(2);
    for (const [rowCount, count, gap] of [
      [3, 257, 0],
      [2, 1000, 2048],
      [5, 700, 2049],
      [2, 20000, 0],
      [2, 16400, 5000],
    ] as const) {
      const stride = count + gap;
      const rows = Int8Array.from({ length: 3 + rowCount * stride }, () => random.integer(100, 127));
      const vector = Int16Array.from({ length: count }, () => random.integer(32000, 32767));
      const sums = new Float64Array(rowCount).fill(-1);
      kernel(rows, 3, stride, vector, count, sums);
      const expected = Array.from(sums, (_, r) => {
        let sum = 0n;
        for (let j = 0; j < count; j++) sum += BigInt(rows[3 + r * stride + j]! * vector[j]!);
        return sum;
      });
      expect(Array.from(sums, BigInt)).toEqual(expected);
    }
  });

  it('takes more rows than it copies at once', () => {
    const random = new Random(3);
    for (const [rowCount, count, stride] of [
      [9000, 1, 1],
      [9000, 40, 40],
      [700, 300, 2400],
      [3000, 300, 320],
    ] as const) {
      const rows = Int8Array.from({ length: rowCount * stride }, () => random.integer(-128, 127));
      const vector = Int16Array.from({ length: count }, () => random.integer(-100, 100));
      const sums = new Int32Array(rowCount);
      kernel(rows, 0, stride, vector, count, sums);
      const expected = Int32Array.from(sums, (_, r) =>
        vector.reduce((sum, value, j) => sum + value * rows[r * stride + j]!, 0),
      );
      expect(sums.findIndex((sum, r) => sum !== expected[r])).toBe(-1);
    }
  });

  it('is exact at the largest sums', () => {
    for (const [a, b] of [
      [127, 32767],
      [-127, 32767],
      [127, -32767],
    ] as const) {
      const sums = new Int32Array(2);
      const rows = new Int8Array(2 * MAX_DOT_COLUMNS).fill(a);
      kernel(rows, 0, MAX_DOT_COLUMNS, new Int16Array(MAX_DOT_COLUMNS).fill(b), MAX_DOT_COLUMNS, sums);
      expectIntegers(sums, [BigInt(a * b * MAX_DOT_COLUMNS), BigInt(a * b * MAX_DOT_COLUMNS)]);
    }
  });

  it('keeps nothing from one call to the next', () => {
    const sums = new Int32Array(1);
    kernel(new Int8Array(256).fill(100), 0, 256, new Int16Array(256).fill(30000), 256, sums);
    kernel(Int8Array.of(1, 1, 1), 0, 3, Int16Array.of(5, 6, 7), 3, sums);
    expect([...sums]).toEqual([18]);
  });
});

describe('WebAssembly SIMD', () => {
  it('is there in Node', () => {
    expect(wasm).not.toBeNull();
  });
});
