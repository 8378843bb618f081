/** A change of one symbol, answered by the best choice of a whole segment. */

import { binary, correlations, gramRow, lengths, products, responses, samples, segment, symbols } from './block';
import { best, change } from './descent';
import { put, total, value } from './vectors';

/** A change that alone costs more than this times the symbol's own length is hardly ever made good by an answer. */
const PRUNE: f32 = 0.6;

/**
 * For each symbol of one segment, tries to change it while another segment answers with its best symbols, all at
 * once: its rows are orthogonal, so that they do not interfere. @returns the number of changes that lowered the error
 */
export function answerBySegments(inverse: f32): i32 {
  let changes = 0;
  for (let from = 0; from < samples; from += segment) {
    for (let to = 0; to < samples; to += segment) {
      if (to != from) changes += answerBySegment(inverse, from, to);
    }
  }
  return changes;
}

function answerBySegment(inverse: f32, from: i32, to: i32): i32 {
  const end = min(from + segment, samples);
  const count = (min(to + segment, samples) - to + 7) & ~7;
  const answering = symbols + ((<usize>to) << 2);
  const length = value(lengths, to);
  const ownLength = value(lengths, from);
  let error = prepareAnswer(inverse, to, count, length);
  let changes = 0;
  for (let i = from; i < end; i++) {
    const row = gramRow(i) + ((<usize>to) << 2);
    const symbol = value(symbols, i);
    const own = value(correlations, i) * inverse - value(products, i);
    const delta: f32 = binary ? -2 * symbol : symbol == 0 ? (own < 0 ? -1 : 1) : -symbol;
    const alone = delta * (delta * ownLength - 2 * own);
    if (alone > PRUNE * ownLength) continue;
    const gain = alone + answerError(row, answering, delta, count, length) - error;
    if (gain >= -1e-4 * ownLength) continue;
    change(i, delta);
    changes++;
    error = prepareAnswer(inverse, to, count, length);
  }
  return changes;
}

/** Gives a segment its best symbols. @returns its part of the error */
function prepareAnswer(inverse: f32, to: i32, count: i32, length: f32): f32 {
  let error: f32 = 0;
  const last = min(to + count, samples);
  for (let j = to; j < last; j++) {
    const symbol = value(symbols, j);
    const response = value(correlations, j) * inverse - value(products, j) + symbol * length;
    const answer = best(response, length);
    // Within the segment, a change leaves the other responses as they are.
    if (answer != symbol) change(j, answer - symbol);
    put(responses, j - to, response);
    error += answer * (answer * length - 2 * response);
  }
  for (let j = last; j < to + count; j++) put(responses, j - to, 0);
  // The error of an answer counts what is padded too (see answerError).
  return binary ? error + <f32>(to + count - last) * length : error;
}

/**
 * The error of a segment's best answer, if the responses are lowered by delta · row, less what the change alone does to
 * the error through the segment's present symbols.
 */
function answerError(row: usize, answering: usize, delta: f32, count: i32, length: f32): f32 {
  const step = f32x4.splat(delta);
  const half = f32x4.splat(binary ? 0 : 0.5 * length);
  const zero = f32x4.splat(0);
  // Two sums of each kind, so that an addition need not wait for the one before it.
  let strength0 = zero;
  let strength1 = zero;
  let product0 = zero;
  let product1 = zero;
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 32) {
    const row0 = v128.load(row + i);
    const row1 = v128.load(row + i, 16);
    const response0 = f32x4.sub(v128.load(responses + i), f32x4.mul(step, row0));
    const response1 = f32x4.sub(v128.load(responses + i, 16), f32x4.mul(step, row1));
    strength0 = f32x4.add(strength0, f32x4.max(f32x4.sub(f32x4.abs(response0), half), zero));
    strength1 = f32x4.add(strength1, f32x4.max(f32x4.sub(f32x4.abs(response1), half), zero));
    product0 = f32x4.add(product0, f32x4.mul(row0, v128.load(answering + i)));
    product1 = f32x4.add(product1, f32x4.mul(row1, v128.load(answering + i, 16)));
  }
  const error: f32 = -2 * (total(f32x4.add(strength0, strength1)) + delta * total(f32x4.add(product0, product1)));
  return binary ? error + <f32>count * length : error;
}

