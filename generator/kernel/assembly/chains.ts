/** A change of one symbol, answered by changes of others one after another. */

import { binary, correlations, lengths, padded, products, samples, savedProducts, savedSymbols, symbols } from './block';
import { MOST_SWEEPS, change, gains, improve, sweep } from './descent';
import { value } from './vectors';

/**
 * For each symbol, tries to change it and then, up to `depth` times, to make the change of another one that lowers the
 * error most. @returns the number of chains that lowered the error
 */
export function answerInChains(inverse: f32, depth: i32): i32 {
  let chains = 0;
  const bytes = (<usize>padded) << 2;
  memory.copy(savedSymbols, symbols, bytes);
  memory.copy(savedProducts, products, bytes);
  for (let i = 0; i < samples; i++) {
    const symbol = value(symbols, i);
    const length = value(lengths, i);
    const own = value(correlations, i) * inverse - value(products, i);
    const delta: f32 = binary ? -2 * symbol : symbol == 0 ? (own < 0 ? -1 : 1) : -symbol;
    let gain = delta * (delta * length - 2 * own);
    change(i, delta);
    for (let step = 0; step < depth && gain >= -1e-4 * length; step++) {
      const lowered = bestChange(inverse, i);
      if (!(lowered > 0)) break;
      gain -= lowered;
    }
    if (gain < -1e-4 * length) {
      chains++;
      for (let sweeps = 0; sweeps < MOST_SWEEPS && sweep(inverse) > 0; sweeps++) {}
      memory.copy(savedSymbols, symbols, bytes);
      memory.copy(savedProducts, products, bytes);
    } else {
      memory.copy(symbols, savedSymbols, bytes);
      memory.copy(products, savedProducts, bytes);
    }
  }
  return chains;
}

/** Makes the one change, other than of symbol `fixed`, that lowers the error most. @returns by how much */
function bestChange(inverse: f32, fixed: i32): f32 {
  const scale = f32x4.splat(inverse);
  let bestGain = f32x4.splat(0);
  let bestIndex = i32x4.splat(-1);
  let index = i32x4(0, 1, 2, 3);
  const step = i32x4.splat(4);
  const except = i32x4.splat(fixed);
  const bytes = (<usize>padded) << 2;
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    const gain = gains(offset, scale);
    const better = v128.andnot(f32x4.gt(gain, bestGain), i32x4.eq(index, except));
    bestGain = v128.bitselect(gain, bestGain, better);
    bestIndex = v128.bitselect(index, bestIndex, better);
    index = i32x4.add(index, step);
  }
  let gain = f32x4.extract_lane(bestGain, 0);
  let chosen = i32x4.extract_lane(bestIndex, 0);
  if (f32x4.extract_lane(bestGain, 1) > gain) {
    gain = f32x4.extract_lane(bestGain, 1);
    chosen = i32x4.extract_lane(bestIndex, 1);
  }
  if (f32x4.extract_lane(bestGain, 2) > gain) {
    gain = f32x4.extract_lane(bestGain, 2);
    chosen = i32x4.extract_lane(bestIndex, 2);
  }
  if (f32x4.extract_lane(bestGain, 3) > gain) {
    gain = f32x4.extract_lane(bestGain, 3);
    chosen = i32x4.extract_lane(bestIndex, 3);
  }
  if (chosen < 0) return 0;
  return improve(chosen, inverse) == 1 ? gain : 0;
}

