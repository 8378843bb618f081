/** What one linear asks of an array: the row groups, and for each kind of block the beats it takes. */

import { segmentShifts } from '../plan/blocks.js';
import type { Alphabet, PlanArray, PlanLinear } from '../plan/types.js';
import { ceilDiv } from './integers.js';
import type { WeightStreamTimes } from './sdram.js';
import { tableSpans, tableStepCycles } from './table.js';

/** Symbols of a ternary byte lie in as many rows. */
export const ROWS_PER_BYTE = 5;

/** The alphabet of a plan's linears. @throws RangeError if there is more than one, or none */
export function alphabetOf(linears: readonly PlanLinear[]): Alphabet {
  const alphabets = [...new Set(linears.map((linear) => linear.alphabet))];
  if (alphabets.length !== 1) throw new RangeError(`one alphabet is wanted, not ${alphabets.join(' and ') || 'none'}`);
  return alphabets[0]!;
}

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

/** First cycle in which the array can read a word of a block's samples, counted from its first. */
export interface SampleTiming {
  readonly ready: (block: number, word: number) => number;
}

/**
 * Cycles that the array is given to the blocks of a linear.
 *
 * @param timing when samples become ready, if not all are at the start
 */
export function arrayCycles(linear: PlanLinear, array: PlanArray, phases: number, timing?: SampleTiming): number {
  const groups = rowGroups(linear, array);
  let cycle = 0;
  let block = 0;
  for (const kind of blockKinds(linear)) {
    const words = ceilDiv(kind.samples, array.lanes);
    const turn = turnCycles(linear, kind, array, phases);
    const turns = array.engine === 'table' ? tableSpans(groups).count * words : groups;
    for (const end = block + kind.count; block < end; block++) {
      if (timing === undefined) cycle += turns * turn;
      else if (array.engine === 'table') cycle = firstSteps(cycle, words, turn, block, timing) + (turns - words) * turn;
      else cycle = firstGroup(cycle, words, turn, block, timing) + (turns - 1) * turn;
    }
  }
  return cycle;
}

/** Words become ready one by one, or more slowly: the last one decides when the first row group of a block is through. */
function firstGroup(cycle: number, words: number, turn: number, block: number, { ready }: SampleTiming): number {
  return Math.max(cycle + turn, ready(block, words - 1) + 1);
}

/** A step of the first span begins when its word is ready. */
function firstSteps(cycle: number, words: number, turn: number, block: number, { ready }: SampleTiming): number {
  let end = cycle;
  for (let word = 0; word < words; word++) end = Math.max(end, ready(block, word)) + turn;
  return end;
}

/**
 * The same in the adder engine when weights come from `stream`, beat by beat: the array's first cycle follows the stream's
 * start.
 */
export function streamedCycles(
  linear: PlanLinear,
  array: PlanArray,
  phases: number,
  stream: WeightStreamTimes,
  timing?: SampleTiming,
): number {
  const groups = rowGroups(linear, array);
  let cycle = 0;
  let block = 0;
  for (const { count, samples } of blockKinds(linear)) {
    const beats = ceilDiv(samples, array.lanes);
    for (const end = block + count; block < end; block++) {
      for (let group = 0; group < groups; group++) {
        cycle += Math.max(0, phases - beats);
        for (let beat = 0; beat < beats; beat++) {
          const ready = group === 0 && timing !== undefined ? timing.ready(block, beat) : 0;
          cycle = stream.next(Math.max(cycle, ready) + 1);
        }
      }
    }
  }
  return cycle;
}

/** Symbols that the weights of a linear really have. */
export function usefulSymbols(linear: PlanLinear): number {
  return linear.rows * blockKinds(linear).reduce((sum, kind) => sum + kind.count * kind.samples, 0);
}
