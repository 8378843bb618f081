/**
 * Search for the symbols q and the scale a of one block that minimise e · M · eᵀ for the error e = w − a · qᵀ F, in
 * AssemblyScript.
 *
 * F is the block's frame (samples × cols) and M the metric (cols × cols; the identity without calibration). With the
 * Gram matrix G = F M Fᵀ and the correlations c = F M wᵀ the error is w M wᵀ − 2 a · q·c + a² · qᵀ G q: everything below
 * works on c, G and the running product g = G q. What a symbol j would best be, all others given, is decided by
 * c[j] / a − g[j] + G[j][j] · q[j].
 */

import {
  analysis,
  correlations,
  frame,
  hasMetric,
  kept,
  keptBefore,
  padded,
  products,
  result,
  rowOf,
  samples,
  scales,
  segment,
  slotValues,
  slots,
  symbols,
  target,
  useMetric,
  usePlain,
  width,
} from './block';
import { answerInChains } from './chains';
import { MOST_SWEEPS, change, descend, fit, greedy, score, sweep } from './descent';
import { answerBySegments } from './segments';
import { isFilled, keep, recall } from './solutions';
import { dot, put, value } from './vectors';

/**
 * Searches from each of the first `starts` scales; the solutions kept are refined for up to `rounds` rounds with chains
 * of `depth` changes. In a metric, the solutions of the plain error are further starting points: they are found more
 * easily, and are often close. The symbols are left as int8 in the result.
 * @returns the scale that fits them best, 0 for a block that is best left at zero
 */
export function search(starts: i32, rounds: i32, depth: i32): f32 {
  usePlain();
  analyse(frame);
  descendFrom(starts);
  refine(rounds, depth);
  if (hasMetric) {
    useMetric();
    analyse(analysis);
    descendFrom(starts);
    for (let slot = 0; slot < slots && isFilled(slot, keptBefore); slot++) {
      keep(descend(fit(recall(slot, keptBefore))));
    }
    refine(rounds, depth);
  }
  let best = 0;
  for (let slot = 1; slot < slots; slot++) {
    if (value(kept, (slot + 1) * slotValues - 1) > value(kept, (best + 1) * slotValues - 1)) best = slot;
  }
  lastScore = value(kept, (best + 1) * slotValues - 1);
  if (!(lastScore > 0)) return 0;
  const at = kept + (<usize>(best * slotValues) << 2);
  for (let j = 0; j < samples; j++) store<i8>(result + j, <i8>value(at, j));
  return value(at, slotValues - 2);
}

/** Computes the correlations of the target with the rows of F M. */
function analyse(analysed: usize): void {
  for (let j = 0; j < samples; j++) put(correlations, j, dot(rowOf(analysed, j), target, width));
}

/** Descends from the greedy solution at each scale, and keeps the best. */
function descendFrom(starts: i32): void {
  memory.fill(kept, 0, <usize>(slots * slotValues) << 2);
  for (let start = 0; start < starts; start++) {
    const scale = value(scales, start);
    greedy(1 / scale);
    keep(descend(scale));
  }
}

/** Refines each of the kept solutions in its place. */
function refine(rounds: i32, depth: i32): void {
  for (let slot = 0; slot < slots && isFilled(slot, kept); slot++) {
    let scale = recall(slot, kept);
    for (let round = 0; round < rounds; round++) {
      const changes = segment > 0 ? answerBySegments(1 / scale) : answerInChains(1 / scale, depth);
      if (changes == 0) break;
      scale = descend(scale);
    }
    const at = kept + (<usize>(slot * slotValues) << 2);
    memory.copy(at, symbols, (<usize>padded) << 2);
    put(at, slotValues - 2, scale);
    put(at, slotValues - 1, score());
  }
}

let lastScore: f32 = 0;

/** By how much the last search, or settle after it, lowered the error from that of a zero block. */
export function scoreOfSearch(): f32 {
  return lastScore;
}

/** Fits the symbols in the result to a scale that is not quite the one they were found for. */
export function settle(scale: f32): void {
  memory.fill(symbols, 0, (<usize>padded) << 2);
  memory.fill(products, 0, (<usize>padded) << 2);
  for (let j = 0; j < samples; j++) {
    const symbol = <f32>load<i8>(result + j);
    if (symbol != 0) change(j, symbol);
  }
  for (let sweeps = 0; sweeps < MOST_SWEEPS && sweep(1 / scale) > 0; sweeps++) {}
  for (let j = 0; j < samples; j++) store<i8>(result + j, <i8>value(symbols, j));
  lastScore = scale * (2 * dot(symbols, correlations, padded) - scale * dot(symbols, products, padded));
}
