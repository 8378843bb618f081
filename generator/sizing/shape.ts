/** What one linear asks of an array: the row groups, and for each kind of block the beats it takes. */

import { segmentShifts } from '../plan/blocks.js';
import type { PlanArray, PlanLinear } from '../plan/types.js';
import { ceilDiv } from './integers.js';
import type { WeightStreamTimes } from './sdram.js';
import { tableSpans, tableStepCycles } from './table.js';

/** Blocks of a linear that the array treats alike. */
export interface BlockKind {
  readonly count: number;
  /** Samples in a segment. */
  readonly size: number;
  /** Symbols per row. */
  readonly samples: number;
}

/** A block as the array walks through it, once per row group. */
export interface BlockBeats {
  readonly count: number;
  readonly samples: number;
  /** Beats with weights: ⌈samples / L⌉. */
  readonly beats: number;
  /** Lanes in use in the last beat, 1 … L. */
  readonly lastLanes: number;
  /** Beats until the gain may change. */
  readonly segmentBeats: number;
  /** Left shift of each segment's sum. */
  readonly shifts: readonly number[];
}

/** Full (or zero-padded) blocks, then the tail if there is one; kinds that do not occur are left out. */
export function blockKinds(linear: PlanLinear): BlockKind[] {
  const full = Math.floor(linear.cols / linear.block);
  const left = linear.cols % linear.block > 0 ? 1 : 0;
  const tail = left > 0 ? linear.tail : null;
  const kinds: BlockKind[] = [];
  const padded = full + (tail === null ? left : 0);
  if (padded > 0) kinds.push({ count: padded, size: linear.block, samples: linear.samples });
  if (tail !== null) kinds.push({ count: 1, size: tail.size, samples: tail.samples });
  return kinds;
}

/**
 * Beats and gains of a kind of block on an array of `lanes` lanes.
 *
 * @throws RangeError if a gain would change within a beat
 */
export function blockBeats(linear: PlanLinear, kind: BlockKind, lanes: number): BlockBeats {
  const beats = ceilDiv(kind.samples, lanes);
  const shifts = segmentShifts(linear, kind);
  const uniform = shifts.every((shift) => shift === shifts[0]);
  if (!uniform && kind.size % lanes !== 0) {
    throw new RangeError(`${linear.name}: ${lanes} lanes do not divide segments of ${kind.size} samples with gains`);
  }
  return {
    count: kind.count,
    samples: kind.samples,
    beats,
    lastLanes: kind.samples - (beats - 1) * lanes,
    segmentBeats: uniform ? beats : kind.size / lanes,
    shifts: uniform ? shifts.slice(0, 1) : shifts,
  };
}

/** Row groups of a linear: each is R rows that run at once. */
export function rowGroups(linear: Pick<PlanLinear, 'rows'>, array: Pick<PlanArray, 'rows'>): number {
  return ceilDiv(linear.rows, array.rows);
}

/**
 * Cycles of a turn of the walk through a kind of block: of a row group in the adder engine, of a span's step in the table
 * engine. The totals of a row group take `phases` cycles to pass the scale units.
 */
export function turnCycles(linear: PlanLinear, kind: BlockKind, array: PlanArray, phases: number): number {
  const beats = ceilDiv(kind.samples, array.lanes);
  if (array.engine === 'table') return tableStepCycles(tableSpans(rowGroups(linear, array)), beats, phases);
  return Math.max(phases, beats);
}

/** Cycles that the array is given to the blocks of a linear. */
export function arrayCycles(linear: PlanLinear, array: PlanArray, phases: number): number {
  const groups = rowGroups(linear, array);
  return blockKinds(linear).reduce((sum, kind) => {
    const turns = array.engine === 'table' ? tableSpans(groups).count * ceilDiv(kind.samples, array.lanes) : groups;
    return sum + kind.count * turns * turnCycles(linear, kind, array, phases);
  }, 0);
}

/**
 * The same when weights come from `stream`, beat by beat: the array's first cycle follows the stream's start.
 */
export function streamedCycles(
  linear: PlanLinear,
  array: PlanArray,
  phases: number,
  stream: WeightStreamTimes,
): number {
  const groups = rowGroups(linear, array);
  let cycle = 0;
  for (const { count, samples } of blockKinds(linear)) {
    const beats = ceilDiv(samples, array.lanes);
    for (let group = count * groups; group > 0; group--) {
      cycle += Math.max(0, phases - beats);
      for (let beat = 0; beat < beats; beat++) cycle = stream.next(cycle + 1);
    }
  }
  return cycle;
}

/** Symbols that the weights of a linear really have. */
export function usefulSymbols(linear: PlanLinear): number {
  return linear.rows * blockKinds(linear).reduce((sum, kind) => sum + kind.count * kind.samples, 0);
}
