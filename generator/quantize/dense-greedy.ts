import type { Alphabet } from '../plan/types.js';
import type { GreedyPass } from './greedy.js';

/**
 * The greedy pass over any frame, symbol after symbol, at O(samples · cols): for blocks whose rows are not orthogonal
 * within a segment (tails, and mode `fourier`).
 *
 * @param matrix the frame, samples × cols, row-major
 */
export function denseGreedy(matrix: Float64Array, samples: number, cols: number, alphabet: Alphabet): GreedyPass {
  const squaredLengths = new Float64Array(samples);
  for (let j = 0; j < samples; j++) {
    let sum = 0;
    for (let i = 0; i < cols; i++) sum += matrix[j * cols + i]! ** 2;
    squaredLengths[j] = sum;
  }
  const target = new Float64Array(cols);
  const residual = new Float64Array(cols);

  return {
    longestRow: Math.sqrt(squaredLengths.reduce((longest, length) => Math.max(longest, length), 0)),
    orders: 1,
    load(block) {
      target.set(block);
    },
    run(scale, _order, symbols, approximation) {
      residual.set(target);
      for (let j = 0, row = 0; j < samples; j++, row += cols) {
        let correlation = 0;
        for (let i = 0; i < cols; i++) correlation += matrix[row + i]! * residual[i]!;
        const threshold = (scale * squaredLengths[j]!) / 2;
        let symbol = correlation > 0 ? 1 : -1;
        if (alphabet === 'ternary' && Math.abs(correlation) <= threshold) symbol = 0;
        symbols[j] = symbol;
        if (symbol === 0) continue;
        const step = scale * symbol;
        for (let i = 0; i < cols; i++) residual[i] = residual[i]! - step * matrix[row + i]!;
      }
      for (let i = 0; i < cols; i++) approximation[i] = (target[i]! - residual[i]!) / scale;
    },
  };
}
