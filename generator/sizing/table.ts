/** The table engine's shape: groups of three lanes whose sums are looked up. See rtl/array/sdq_table_array.v. */

import type { PlanArray } from '../plan/types.js';
import { bitLength, ceilDiv } from './integers.js';

/** Lanes that share a table. */
export const TABLE_LANES = 3;

/** Bits of the code of a group: an entry and a sign. */
export const TABLE_CODE_BITS = 5;

/** Symbols of a table's entries, in the order in which they are written. The sign is that of the first nonzero symbol. */
const ENTRIES: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [0, 0, 1],
  [0, 1, 1],
  [0, 1, 0],
  [0, 1, -1],
  [1, 1, -1],
  [1, 1, 0],
  [1, 1, 1],
  [1, 0, 1],
  [1, 0, 0],
  [1, 0, -1],
  [1, -1, -1],
  [1, -1, 0],
  [1, -1, 1],
];

/** Cycles in which a table is filled: one per entry. */
export const TABLE_FILL_CYCLES = ENTRIES.length;

/** Row groups that take turns on the same tables: as many as a LUT-RAM has words for their totals. */
const MOST_SPAN_GROUPS = 32;
/** Width of an index into them. */
export const TABLE_GROUP_WIDTH = 5;

const NEGATED = 16;
const CODES = new Uint8Array(27);
ENTRIES.forEach(([a, b, c], entry) => {
  const value = 9 * a + 3 * b + c;
  CODES[13 - value] = entry + NEGATED;
  CODES[13 + value] = entry;
});

/** The code of three symbols, each −1, 0 or 1. */
export function tableCode(a: number, b: number, c: number): number {
  return CODES[13 + 9 * a + 3 * b + c]!;
}

/** How the row groups of a linear are divided: spans as equal as can be, the last one smaller. */
export interface TableSpans {
  readonly count: number;
  /** Row groups of each span but the last. */
  readonly groups: number;
  readonly finalGroups: number;
}

export function tableSpans(groups: number): TableSpans {
  const count = ceilDiv(groups, MOST_SPAN_GROUPS);
  const perSpan = ceilDiv(groups, count);
  return { count, groups: perSpan, finalGroups: groups - (count - 1) * perSpan };
}

/**
 * Cycles that a span is given per step: as many as a fill takes, as it has row groups, and enough that their totals have
 * passed the scale units before the last step of the next span.
 */
export function tableStepCycles(spans: TableSpans, steps: number, phases: number): number {
  return Math.max(TABLE_FILL_CYCLES, spans.groups, ceilDiv(spans.groups * phases, steps));
}

/** Tables of an array. */
export function tableGroups(array: Pick<PlanArray, 'lanes'>): number {
  return ceilDiv(array.lanes, TABLE_LANES);
}

/** Bytes of a word of weights: R codes for each group. */
export function tableWordBytes(array: PlanArray): number {
  return ceilDiv(TABLE_CODE_BITS * array.rows * tableGroups(array), 8);
}

/** Levels of the tree that adds what a row looked up. */
export function tableLevels(array: Pick<PlanArray, 'lanes'>): number {
  return bitLength(tableGroups(array) - 1);
}

/** The parameters of sdq_table_array besides LANES and ROWS. */
export function tableParameters(array: PlanArray): Record<string, number> {
  return {
    GROUPS: tableGroups(array),
    LEVELS: tableLevels(array),
    WEIGHT_BYTES: tableWordBytes(array),
    SUM_WIDTH: 8 + bitLength(array.lanes - 1),
  };
}
