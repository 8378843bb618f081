import { InputError } from '../errors.js';
import { LEAST_SEGMENT } from '../kernel/search-kernel.js';
import { blocksOf, type LinearBlock } from '../plan/blocks.js';
import type { PlanLinear } from '../plan/types.js';
import type { BlockSearch } from './block-search.js';
import { type SigmaDeltaOptions, sigmaDeltaSearch } from './fourier-block.js';
import { frameOf } from './frame.js';
import { DEFAULT_EFFORT, refineSearch } from './refine.js';

/**
 * How a block's symbols are found: by modulating its samples (mode `fourier` only), or by a search for the least error.
 */
export type SearchName = 'sigma-delta' | 'refine';

export interface SearchOptions {
  readonly search: SearchName;
  readonly sigmaDelta?: SigmaDeltaOptions;
  /** Of `refine`, 1 … 9; default 5. */
  readonly effort?: number;
}

/** @throws InputError if the search cannot be used with the linear's frame */
export function checkSearch({ name, frame }: PlanLinear, search: SearchName): void {
  if (search !== 'sigma-delta' || frame === 'fourier') return;
  throw new InputError(
    `${name}: a hadamard frame has no sigma-delta search, since its samples are not smooth; plan a fourier frame for it.`,
  );
}

/** Blocks from which a search learns what to expect: a share of all, so that it does not outlast the search itself. */
const SAMPLE_SHARE = 1 / 32;
const LEAST_SAMPLE = 4;
const LARGEST_SAMPLE = 16;

/** What the searches of a linear learned from its weights, by the columns of the block: plain data. */
export type PreparedSearches = ReadonlyMap<number, unknown>;

export interface LinearSearches {
  readonly prepared: PreparedSearches;
  /** The largest amplitude of all blocks (see BlockSearch.amplitude). */
  readonly amplitude: number;
}

/**
 * Prepares the searches for a linear: one for each shape of block, so that full blocks share one and a shorter last
 * block has its own.
 *
 * @param weights rows × cols, from which the searches take their samples
 */
export function prepareSearches(
  weights: Float32Array,
  plan: PlanLinear,
  signs: readonly string[],
  options: SearchOptions,
): LinearSearches {
  const blocks = blocksOf(plan);
  const searches = new Map<number, BlockSearch>();
  const prepared = new Map<number, unknown>();
  let amplitude = 0;
  for (const block of blocks) {
    let search = searches.get(block.cols);
    if (search === undefined) {
      search = createSearch(plan, block, signs, options);
      prepared.set(block.cols, search.prepare(sampleBlocks(weights, plan, block, blocks)));
      searches.set(block.cols, search);
    }
    const target = new Float64Array(block.cols);
    for (let row = 0; row < plan.rows; row++) {
      const first = row * plan.cols + block.start;
      target.set(weights.subarray(first, first + block.cols));
      amplitude = Math.max(amplitude, search.amplitude(target));
    }
  }
  return { prepared, amplitude };
}

/** The search for a block, from what `prepareSearches` returned; blocks of one shape share it. */
export function searchesOf(
  prepared: PreparedSearches,
  plan: PlanLinear,
  signs: readonly string[],
  options: SearchOptions,
): (block: LinearBlock) => BlockSearch {
  const searches = new Map<number, BlockSearch>();
  return (block) => {
    let search = searches.get(block.cols);
    if (search === undefined) {
      search = createSearch(plan, block, signs, options);
      search.resume(prepared.get(block.cols));
      searches.set(block.cols, search);
    }
    return search;
  };
}

function createSearch(
  plan: PlanLinear,
  block: LinearBlock,
  signs: readonly string[],
  { search, sigmaDelta = {}, effort = DEFAULT_EFFORT }: SearchOptions,
): BlockSearch {
  const { alphabet } = plan;
  if (search === 'sigma-delta') return sigmaDeltaSearch(block, signs[0]!, alphabet, sigmaDelta);
  const { samples, cols, size } = block;
  const orthogonal = plan.frame === 'hadamard' && cols === size && size >= LEAST_SEGMENT;
  const frame = frameOf(plan, block, signs).matrix();
  return refineSearch({ frame, samples, cols, segment: orthogonal ? size : 0, alphabet }, effort);
}

/** Blocks of one shape, spread evenly over rows and columns. */
function sampleBlocks(
  weights: Float32Array,
  plan: PlanLinear,
  shape: LinearBlock,
  blocks: readonly LinearBlock[],
): Float64Array[] {
  const alike = blocks.filter((block) => block.cols === shape.cols);
  const count = alike.length * plan.rows;
  const sample: Float64Array[] = [];
  const wanted = Math.max(LEAST_SAMPLE, Math.min(LARGEST_SAMPLE, Math.round(count * SAMPLE_SHARE)));
  for (let i = 0; i < Math.min(wanted, count); i++) {
    const picked = Math.floor((i * count) / Math.min(wanted, count));
    const block = alike[picked % alike.length]!;
    const first = Math.floor(picked / alike.length) * plan.cols + block.start;
    sample.push(Float64Array.from(weights.subarray(first, first + block.cols)));
  }
  return sample;
}
