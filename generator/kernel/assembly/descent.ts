/** Symbol by symbol: each takes its best value, all others given, until nothing changes. */

import { binary, correlations, gramRow, lengths, padded, products, samples, segment, symbols } from './block';
import { addTo, dot, put, value } from './vectors';

/** Changes symbol j by `delta`. */
// @ts-expect-error: decorator
@inline
export function change(j: i32, delta: f32): void {
  put(symbols, j, value(symbols, j) + delta);
  addColumn(j, delta);
}

/** g ← g + delta · G[j] */
export function addColumn(j: i32, delta: f32): void {
  const row = gramRow(j);
  if (segment == 0) {
    addTo(products, row, delta, padded);
    return;
  }
  // Of its own segment, a row touches itself only.
  const first = j - (j & (segment - 1));
  const next = first + segment;
  put(products, j, value(products, j) + delta * value(lengths, j));
  if (first > 0) addTo(products, row, delta, first);
  const behind = (<usize>next) << 2;
  if (next < padded) addTo(products + behind, row + behind, delta, padded - next);
}

/** The symbol that is best for a correlation without the symbol's own part. */
// @ts-expect-error: decorator
@inline
export function best(correlation: f32, length: f32): f32 {
  if (binary) return correlation > 0 ? 1 : -1;
  const half = 0.5 * length;
  return correlation > half ? 1 : correlation < -half ? -1 : 0;
}

/** Decides the symbols from the first to the last, each minimising what the ones before it left. */
export function greedy(inverse: f32): void {
  memory.fill(symbols, 0, (<usize>padded) << 2);
  memory.fill(products, 0, (<usize>padded) << 2);
  for (let j = 0; j < samples; j++) {
    const symbol = best(value(correlations, j) * inverse - value(products, j), value(lengths, j));
    if (symbol != 0) change(j, symbol);
  }
}

/** Changes that lower the error by less than this times the symbol's length are left: they may be rounding errors. */
const LEAST_GAIN: f32 = 1e-5;

/** By how much the best values of the four symbols at the byte offset would lower the error, each alone. */
// @ts-expect-error: decorator
@inline
export function gains(offset: usize, inverse: v128): v128 {
  const symbol = v128.load(symbols + offset);
  const length = v128.load(lengths + offset);
  const own = f32x4.sub(f32x4.mul(v128.load(correlations + offset), inverse), v128.load(products + offset));
  const twice = f32x4.add(own, own);
  const ownLength = f32x4.mul(symbol, length);
  // A symbol costs q · (q · length − 2 · response), and its response is own + q · length.
  const now = f32x4.mul(symbol, f32x4.add(twice, ownLength));
  const strength = f32x4.sub(f32x4.abs(f32x4.add(twice, f32x4.add(ownLength, ownLength))), length);
  const possible = binary ? strength : f32x4.max(strength, f32x4.splat(0));
  return f32x4.sub(possible, now);
}

/** Gives every symbol in turn its best value. @returns the number of changes */
export function sweep(inverse: f32): i32 {
  let changes = 0;
  const scale = f32x4.splat(inverse);
  const least = f32x4.splat(LEAST_GAIN);
  for (let j = 0; j < padded; j += 4) {
    const offset = (<usize>j) << 2;
    const worthwhile = f32x4.gt(gains(offset, scale), f32x4.mul(least, v128.load(lengths + offset)));
    if (!v128.any_true(worthwhile)) continue;
    for (let k = j; k < j + 4; k++) changes += improve(k, inverse);
  }
  return changes;
}

/** Gives one symbol its best value. @returns whether that changed it, 0 or 1 */
export function improve(j: i32, inverse: f32): i32 {
  const length = value(lengths, j);
  const symbol = value(symbols, j);
  const own = value(correlations, j) * inverse - value(products, j);
  const delta = best(own + symbol * length, length) - symbol;
  if (delta == 0 || delta * (delta * length - 2 * own) >= -LEAST_GAIN * length) return 0;
  change(j, delta);
  return 1;
}

export const MOST_SWEEPS = 60;

/** The scale that fits the symbols best; the given one if they are all zero. */
// @ts-expect-error: decorator
@inline
export function fit(scale: f32): f32 {
  const length = dot(symbols, products, padded);
  const along = dot(symbols, correlations, padded);
  return length > 0 && along > 0 ? along / length : scale;
}

/** By how much the symbols with their best scale lower the error: (q·c)² / qᵀGq. */
// @ts-expect-error: decorator
@inline
export function score(): f32 {
  const length = dot(symbols, products, padded);
  const along = dot(symbols, correlations, padded);
  return length > 0 && along > 0 ? (along * along) / length : 0;
}

/** Sweeps and refits the scale in turns until neither changes. @returns the scale */
export function descend(start: f32): f32 {
  let scale = start;
  let sweeps = 0;
  while (sweep(1 / scale) > 0 && sweeps < MOST_SWEEPS) sweeps++;
  do {
    scale = fit(scale);
    sweeps++;
  } while (sweep(1 / scale) > 0 && sweeps < MOST_SWEEPS);
  return fit(scale);
}

