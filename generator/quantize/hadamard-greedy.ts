import type { Alphabet } from '../plan/types.js';
import type { HadamardSegment } from './frame.js';
import type { GreedyPass } from './greedy.js';
import { fwht } from './hadamard.js';

/**
 * The greedy pass over a Hadamard frame of a full block. The rows of a segment are orthogonal, so none of its symbols
 * changes the correlation of another with the residual: the whole segment is decided at once, by one transform of the
 * residual and one back, and the result is that of deciding symbol after symbol, at O(B log B) instead of O(B²) per
 * segment.
 *
 * The second order visits the segments from the last to the first. It helps where the last segment is a short one, and
 * only where all gains are equal: a smaller gain is there to correct what the larger ones leave.
 *
 * @param size columns of the block, all of its transform's
 */
export function hadamardGreedy(segments: readonly HadamardSegment[], size: number, alphabet: Alphabet): GreedyPass {
  const last = segments.length - 1;
  const longestGain = Math.max(...segments.map((segment) => segment.gain));
  const offsets = segments.map((_, k) => k * size);
  const equalGains = segments.every((segment) => segment.gain === longestGain);
  const orders = equalGains && last > 0 ? 2 : 1;
  // What the first segment of each order sees is the block itself, whatever the scale.
  const opening = Array.from({ length: orders }, () => new Float64Array(size));
  const target = new Float64Array(size);
  const work = new Float64Array(size);

  return {
    longestRow: longestGain * Math.sqrt(size),
    orders,
    load(block) {
      target.set(block);
      for (let order = 0; order < orders; order++) {
        const first = opening[order]!;
        const { signs } = segments[order === 0 ? 0 : last]!;
        for (let i = 0; i < size; i++) first[i] = target[i]! * signs[i]!;
        fwht(first);
      }
    },
    run(scale, order, symbols, approximation) {
      for (let i = 0; i < size; i++) approximation[i] = 0;
      for (let step = 0; step <= last; step++) {
        const k = order === 0 ? step : last - step;
        const { signs, gain, rows } = segments[k]!;
        if (step === 0) {
          work.set(opening[order]!);
        } else {
          for (let i = 0; i < size; i++) work[i] = signs[i]! * (target[i]! - scale * approximation[i]!);
          fwht(work);
        }
        // A row's squared length is gain² · size, and its correlation gain times the transform's value.
        decide(work, rows, (scale * gain * size) / 2, alphabet, symbols, offsets[k]!);
        fwht(work);
        for (let i = 0; i < size; i++) approximation[i] = approximation[i]! + gain * signs[i]! * work[i]!;
      }
    },
  };
}

/** Replaces the first `rows` correlations by the symbols they call for, and the others by zero. */
function decide(
  correlations: Float64Array,
  rows: number,
  threshold: number,
  alphabet: Alphabet,
  symbols: Int8Array,
  at: number,
): void {
  if (alphabet === 'ternary') {
    for (let j = 0; j < rows; j++) {
      const c = correlations[j]!;
      const symbol = c > threshold ? 1 : c < -threshold ? -1 : 0;
      symbols[at + j] = symbol;
      correlations[j] = symbol;
    }
  } else {
    for (let j = 0; j < rows; j++) {
      const symbol = correlations[j]! > 0 ? 1 : -1;
      symbols[at + j] = symbol;
      correlations[j] = symbol;
    }
  }
  for (let j = rows; j < correlations.length; j++) correlations[j] = 0;
}
