import { describe, expect, it } from 'vitest';
import { multiplyRows, type Rows } from '../generator/kernel/multiply.js';
import { gaussian } from './support/random.js';

const next = gaussian(1);

/** Rows of random values with as many between and before them, which must not count. */
function randomRows(rows: number, cols: number, gap = 0, offset = 0): Rows {
  const stride = cols + gap;
  const data = Float32Array.from({ length: offset + rows * stride }, next);
  return { data, offset, stride, rows };
}

/** The sum of the products and of their magnitudes, in double precision. */
function product(a: Rows, row: number, b: Rows, other: number, cols: number): { sum: number; size: number } {
  let sum = 0;
  let size = 0;
  for (let c = 0; c < cols; c++) {
    const term = a.data[a.offset + row * a.stride + c]! * b.data[b.offset + other * b.stride + c]!;
    sum += term;
    size += Math.abs(term);
  }
  return { sum, size };
}

describe('products of rows with rows', () => {
  it.each([
    [1, 1, 1],
    [2, 4, 8],
    [3, 5, 7],
    [5, 3, 33],
    [17, 19, 130],
    // More than the kernel takes at once: rows, tokens, and columns.
    [203, 9, 701],
    [7, 402, 701],
    [3, 5, 70_001],
  ])('are those of plain loops: %i rows, %i tokens, %i columns', (rows, tokens, cols) => {
    for (const gap of [0, 5]) {
      const weights = randomRows(rows, cols, gap, 3 * gap);
      const input = randomRows(tokens, cols, 2 * gap, gap);
      const stride = rows + gap;
      const before = Float32Array.from({ length: gap + tokens * stride }, next);
      for (const [factor, accumulate] of [
        [1, false],
        [-0.5, false],
        [2, true],
      ] as const) {
        const output = before.slice();
        multiplyRows(weights, input, cols, output, gap, stride, factor, accumulate);
        const expected = before.slice();
        let worst = 0;
        for (let t = 0; t < tokens; t++) {
          for (let r = 0; r < rows; r++) {
            const { sum, size } = product(weights, r, input, t, cols);
            const at = gap + t * stride + r;
            const value = factor * sum + (accumulate ? before[at]! : 0);
            worst = Math.max(worst, Math.abs(output[at]! - value) / (size + Math.abs(before[at]!)));
            expected[at] = output[at]!;
          }
        }
        expect(worst).toBeLessThan(1e-6);
        // What lies before and between the rows of the output stays.
        expect(output).toEqual(expected);
      }
    }
  });

  it('go to double precision too', () => {
    const weights = randomRows(5, 21);
    const input = randomRows(6, 21);
    const single = new Float32Array(30);
    const double = new Float64Array(30);
    multiplyRows(weights, input, 21, single, 0, 5, 1, false);
    multiplyRows(weights, input, 21, double, 0, 5, 1, false);
    expect(Float32Array.from(double)).toEqual(single);
  });

  it('do not depend on how many there are', () => {
    const [rows, tokens, cols] = [150, 210, 650];
    const weights = randomRows(rows, cols);
    const input = randomRows(tokens, cols);
    const whole = new Float32Array(rows * tokens);
    multiplyRows(weights, input, cols, whole, 0, rows, 1, false);
    const one = new Float32Array(1);
    for (let i = 0; i < 200; i++) {
      const r = (i * 67) % rows;
      const t = (i * 113) % tokens;
      const only = (of: Rows, row: number): Rows => ({ ...of, offset: row * cols, rows: 1 });
      multiplyRows(only(weights, r), only(input, t), cols, one, 0, 1, 1, false);
      expect(one[0]).toBe(whole[t * rows + r]);
    }
  });

  it('may read and write different columns of one matrix', () => {
    const [rows, cols, stride] = [9, 6, 10];
    const matrix = Float32Array.from({ length: rows * stride }, next);
    const before = matrix.slice();
    const all = { data: matrix, offset: 0, stride, rows };
    multiplyRows({ ...all, rows: 3 }, all, cols, matrix, cols, stride, 1, false);
    for (let t = 0; t < rows; t++) {
      for (let r = 0; r < 3; r++) {
        const { sum } = product({ ...all, data: before }, r, { ...all, data: before }, t, cols);
        expect(matrix[t * stride + cols + r]).toBeCloseTo(sum, 5);
      }
    }
  });

  it('of nothing are nothing', () => {
    const output = Float32Array.of(1, 2, 3, 4);
    multiplyRows(randomRows(2, 3), randomRows(0, 3), 3, output, 0, 2, 1, false);
    multiplyRows(randomRows(0, 3), randomRows(2, 3), 3, output, 0, 2, 1, false);
    expect([...output]).toEqual([1, 2, 3, 4]);
    multiplyRows(randomRows(2, 0), randomRows(2, 0), 0, output, 0, 2, 1, false);
    expect([...output]).toEqual([0, 0, 0, 0]);
  });
});
