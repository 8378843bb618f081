import { describe, expect, it } from 'vitest';
import { softmaxRows } from '../generator/kernel/softmax.js';
import { gaussian } from './support/random.js';

/** In double precision. */
function expected(scores: readonly number[]): number[] {
  const max = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - max));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

describe('softmaxRows', () => {
  it.each([
    { rows: 1, cols: 1, visible: 1, spread: 1 },
    { rows: 5, cols: 7, visible: 3, spread: 3 },
    { rows: 9, cols: 9, visible: 1, spread: 30 },
    { rows: 64, cols: 67, visible: 4, spread: 100 },
    { rows: 300, cols: 512, visible: 213, spread: 5 },
  ])('weighs the visible scores of $rows rows of $cols', ({ rows, cols, visible, spread }) => {
    const next = gaussian(3);
    const scores = Float32Array.from({ length: rows * cols }, () => spread * next());
    const before = scores.slice();
    softmaxRows(scores, rows, cols, visible);
    for (let r = 0; r < rows; r++) {
      const count = visible + r;
      const row = [...scores.subarray(r * cols, (r + 1) * cols)];
      const wanted = expected([...before.subarray(r * cols, r * cols + count)]);
      // The exponent's rounding is relative to how far a score is below the greatest.
      const max = Math.max(...before.subarray(r * cols, r * cols + count));
      wanted.forEach((weight, i) => {
        const below = max - before[r * cols + i]!;
        expect(Math.abs(row[i]! - weight)).toBeLessThanOrEqual((1e-6 + 2e-7 * below) * weight + 1e-37);
      });
      expect(row.slice(count).every((weight) => weight === 0)).toBe(true);
    }
  });

  it('bears scores that differ without bounds', () => {
    const scores = Float32Array.of(-3e38, 0, 3e38, Number.NEGATIVE_INFINITY);
    softmaxRows(scores, 1, 4, 4);
    expect([...scores]).toEqual([0, 0, 1, 0]);
  });
});
