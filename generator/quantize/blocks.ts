import type { PlanLinear } from '../plan/types.js';

/** Where one block of a row lies: the same for every row of a linear. */
export interface BlockShape {
  /** First column. */
  readonly start: number;
  /** Columns; fewer than `size` in the last block of a row that does not fill it. */
  readonly cols: number;
  /** Size of the block's transform, a power of two. */
  readonly size: number;
  /** Symbols (U). */
  readonly samples: number;
  /** First symbol, counted from the row's first. */
  readonly symbolOffset: number;
}

/**
 * The blocks of each row, in order of columns. In mode `hadamard` the columns that remain form the plan's tail; in mode
 * `fourier` the last block is padded with zero columns, so it has the size and the samples of a full one.
 */
export function blocksOf(plan: PlanLinear): BlockShape[] {
  const blocks: BlockShape[] = [];
  let symbolOffset = 0;
  for (let start = 0; start < plan.cols; start += plan.block) {
    const cols = Math.min(plan.block, plan.cols - start);
    const tail = cols < plan.block && plan.frame === 'hadamard' ? plan.tail : null;
    if (cols < plan.block && plan.frame === 'hadamard' && tail?.cols !== cols) {
      throw new RangeError(`${plan.name}: the plan's tail does not have the ${cols} columns that remain`);
    }
    const size = tail?.size ?? plan.block;
    const samples = tail?.samples ?? plan.samples;
    blocks.push({ start, cols, size, samples, symbolOffset });
    symbolOffset += samples;
  }
  return blocks;
}

/** Symbols per row of a linear. */
export function symbolsPerRow(plan: PlanLinear): number {
  const last = blocksOf(plan).at(-1);
  return last === undefined ? 0 : last.symbolOffset + last.samples;
}
