/** The table engine's shape: groups of three lanes whose sums are looked up. See rtl/array/sdq_table_array.v. */

import type { PlanArray } from '../plan/types.js';
import { bitLength, ceilDiv } from './integers.js';

/** Lanes that share a table. */
export const TABLE_LANES = 3;

/** Bits of the code of a group: an entry and a sign. */
export const TABLE_CODE_BITS = 5;

/** Cycles in which a table is filled: one per entry. */
export const TABLE_FILL_CYCLES = 14;

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
