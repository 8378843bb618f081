/** The best solutions so far, in slots. */

import { kept, padded, products, samples, slotValues, slots, symbols } from './block';
import { addColumn, score } from './descent';
import { put, value } from './vectors';

/** Keeps the symbols if they are among the best so far; slots are in order of descending score. */
export function keep(scale: f32): void {
  const found = score();
  let slot = slots;
  while (slot > 0 && found > value(kept, slot * slotValues - 1)) slot--;
  if (slot == slots) return;
  // The same local minimum is often found again.
  if (slot > 0 && value(kept, slot * slotValues - 1) - found <= 1e-6 * found) return;
  const at = kept + (<usize>(slot * slotValues) << 2);
  memory.copy(at + ((<usize>slotValues) << 2), at, <usize>((slots - 1 - slot) * slotValues) << 2);
  memory.copy(at, symbols, (<usize>padded) << 2);
  put(at, slotValues - 2, scale);
  put(at, slotValues - 1, found);
}

/** Takes up a kept solution again. @returns its scale */
export function recall(slot: i32, from: usize): f32 {
  const at = from + (<usize>(slot * slotValues) << 2);
  memory.copy(symbols, at, (<usize>padded) << 2);
  memory.fill(products, 0, (<usize>padded) << 2);
  for (let j = 0; j < samples; j++) {
    const symbol = value(symbols, j);
    if (symbol != 0) addColumn(j, symbol);
  }
  return value(at, slotValues - 2);
}

export function isFilled(slot: i32, from: usize): bool {
  return value(from, (slot + 1) * slotValues - 1) > 0;
}

