/** How the columns of a linear fall into blocks, and the samples of a block into segments. */

import type { PlanLinear } from './types.js';

/** Tails whose transform is smaller than this use no gains, so that a gain never changes within a beat of the array. */
export const LEAST_GAIN_SIZE = 32;

export interface LinearBlock {
  /** First column. */
  readonly start: number;
  /** Columns that exist; a `fourier` block is zero-padded from here to `size`. */
  readonly cols: number;
  /** Size of the block's transform (P): a power of two, and the samples in a segment. */
  readonly size: number;
  /** Symbols per row. */
  readonly samples: number;
  /** Position of the block's first symbol within a row of symbols. */
  readonly symbolOffset: number;
}

type BlockFields = Pick<PlanLinear, 'cols' | 'block' | 'samples' | 'tail'>;

/** Number of blocks: full ones, and one more if columns are left over. */
export function blockCount(linear: BlockFields): number {
  return Math.floor(linear.cols / linear.block) + (linear.cols % linear.block > 0 ? 1 : 0);
}

/**
 * The blocks of a linear in order of columns: full ones, then the tail. Columns that are left over without a `tail`
 * (mode `fourier`) make a zero-padded block with as many samples as a full one.
 */
export function blocksOf(linear: BlockFields): LinearBlock[] {
  const { cols, block, samples, tail } = linear;
  const blocks: LinearBlock[] = [];
  for (let start = 0, symbolOffset = 0; start < cols; start += block) {
    const left = Math.min(block, cols - start);
    const shape = left < block && tail !== null ? { size: tail.size, samples: tail.samples } : { size: block, samples };
    blocks.push({ start, cols: left, ...shape, symbolOffset });
    symbolOffset += shape.samples;
  }
  return blocks;
}

/** Symbols in one row of a linear, over all blocks. */
export function symbolsPerRow(linear: BlockFields): number {
  const full = Math.floor(linear.cols / linear.block);
  const rest = linear.cols % linear.block > 0 ? (linear.tail?.samples ?? linear.samples) : 0;
  return full * linear.samples + rest;
}

/**
 * Left shift of each segment's sum in a block: max(gainShifts) − gainShifts[k], one entry per segment of `size` samples
 * that the block has. With it, Σ_k S_k · 2^shift_k is 2^max(gainShifts) times the sum with gains 2^−gainShifts[k]; a
 * block without gains (see LEAST_GAIN_SIZE) counts as all gains 1, so that one scale exponent serves all blocks.
 *
 * @throws RangeError if the linear has fewer gains than the block has segments
 */
export function segmentShifts(
  linear: Pick<PlanLinear, 'gainShifts'>,
  block: Pick<LinearBlock, 'size' | 'samples'>,
): number[] {
  const segments = Math.floor((block.samples - 1) / block.size) + 1;
  if (segments > linear.gainShifts.length) {
    throw new RangeError(`${segments} segments but ${linear.gainShifts.length} gains`);
  }
  const largest = Math.max(...linear.gainShifts);
  const gains = block.size < LEAST_GAIN_SIZE ? linear.gainShifts.map(() => 0) : linear.gainShifts;
  return gains.slice(0, segments).map((gain) => largest - gain);
}
