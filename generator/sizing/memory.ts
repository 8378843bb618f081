/** The memories of the engine, as the host sees them: byte addressed, one region each. */

import { InputError } from '../errors.js';
import { blockCount } from '../plan/blocks.js';
import type { PlanArray, PlanLinear, PlanMemory, PlanMemoryRegion } from '../plan/types.js';
import { ceilDiv, nextPowerOfTwo } from './integers.js';
import { type SdramPart, sdramBytes } from './sdram.js';
import { alphabetOf, blockKinds, ROWS_PER_BYTE, rowGroups } from './shape.js';
import { tableWordBytes } from './table.js';
import { hasMeans } from './widths.js';

/** A region is what the low 28 bits of an address reach. */
export const REGION_BYTES = 2 ** 28;

/** Bytes of a word of the blocks memory: sum_b (3, signed), eps_b (1, signed). */
export const BLOCK_WORD_BYTES = 4;

/** Bytes of a mantissa in the activations region. */
export const MANTISSA_BYTES = 2;

/** Words of the sample memory from one block's samples to the next block's: ⌈max U / L⌉ over the plan. */
export function blockSlotWords(linears: readonly PlanLinear[], array: Pick<PlanArray, 'lanes'>): number {
  const samples = linears.flatMap((linear) => blockKinds(linear).map((kind) => kind.samples));
  return ceilDiv(Math.max(...samples), array.lanes);
}

/** Words that a linear takes in the weights region (one per beat) and in the scales region (one per block and group). */
export function linearWords(
  linear: PlanLinear,
  array: PlanArray,
): { readonly weights: number; readonly scales: number } {
  const groups = rowGroups(linear, array);
  const beats = blockKinds(linear).reduce((sum, kind) => sum + kind.count * ceilDiv(kind.samples, array.lanes), 0);
  return { weights: beats * groups, scales: blockCount(linear) * groups };
}

/** Bytes of one weights word: L · R symbols. */
export function weightWordBytes(linears: readonly PlanLinear[], array: PlanArray): number {
  if (array.engine === 'table') return tableWordBytes(array);
  return alphabetOf(linears) === 'ternary'
    ? array.lanes * ceilDiv(array.rows, ROWS_PER_BYTE)
    : ceilDiv(array.lanes * array.rows, 8);
}

function region(index: number, wordBytes: number, words: number): PlanMemoryRegion {
  return { base: index * REGION_BYTES, stride: nextPowerOfTwo(wordBytes), wordBytes, words };
}

/** The memory map of a plan. Regions may be larger than any memory: `checkMemory` says whether they can be built. */
export function memoryMap(linears: readonly PlanLinear[], array: PlanArray): PlanMemory {
  const words = linears.map((linear) => linearWords(linear, array));
  const blocks = Math.max(...linears.map((linear) => blockCount(linear)));
  return {
    weights: region(
      0,
      weightWordBytes(linears, array),
      words.reduce((sum, { weights }) => sum + weights, 0),
    ),
    scales: region(
      1,
      array.rows * (hasMeans(linears) ? 2 : 1),
      words.reduce((sum, { scales }) => sum + scales, 0),
    ),
    // Samples; or mantissas, as many per word as the frame unit takes at once.
    activations:
      array.frame === undefined
        ? region(2, array.lanes, blocks * blockSlotWords(linears, array))
        : region(2, MANTISSA_BYTES * array.frame, (blocks * linears[0]!.block) / array.frame),
    blocks: region(3, BLOCK_WORD_BYTES, blocks),
  };
}

/** Bytes that a region takes on the host link, padding included. */
export function regionSpan(region: PlanMemoryRegion): number {
  return region.words * region.stride;
}

/** Where a board has room for the regions. */
export interface MemoryBoard {
  readonly name: string;
  /** On chip. */
  readonly memoryBits: number;
  /** Where weights can lie if there is not enough of it. */
  readonly sdram?: SdramPart | null;
}

const regionBytes = ({ words, wordBytes }: PlanMemoryRegion): number => words * wordBytes;

/** Whether a plan's weights lie in a board's SDRAM: they do if there is one and not all regions fit on chip. */
export function weightsInSdram(memory: PlanMemory, board: Omit<MemoryBoard, 'name'>): boolean {
  const bytes = Object.values(memory).reduce((sum, part) => sum + regionBytes(part), 0);
  return board.sdram != null && 8 * bytes > board.memoryBits;
}

/** @throws InputError if a region is larger than the host link can address, or the board can hold */
export function checkMemory(memory: PlanMemory, board: MemoryBoard): void {
  for (const [name, part] of Object.entries(memory)) {
    if (regionSpan(part) > REGION_BYTES) {
      throw new InputError(
        `the ${name} of this plan span ${regionSpan(part)} bytes; the link addresses ${REGION_BYTES}`,
      );
    }
  }
  const { weights, ...others } = memory;
  const outside = weightsInSdram(memory, board);
  const bits = 8 * Object.values(outside ? others : memory).reduce((sum, part) => sum + regionBytes(part), 0);
  if (bits > board.memoryBits) {
    throw new InputError(`this plan needs ${bits} bits of memory; board ${board.name} has ${board.memoryBits}`);
  }
  if (outside && regionBytes(weights) > sdramBytes(board.sdram!)) {
    throw new InputError(
      `the weights of this plan are ${regionBytes(weights)} bytes; the SDRAM of board ${board.name} has ${sdramBytes(board.sdram!)}`,
    );
  }
}
