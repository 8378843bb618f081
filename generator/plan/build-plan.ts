import type { Board } from '../boards/board.js';
import { InputError } from '../errors.js';
import { headLinearsOf, linearsOf } from '../model/roles.js';
import type { LinearShape, ModelConfig } from '../model/types.js';
import { drawSigns } from '../quantize/signs.js';
import { sizeDecoder } from '../schedule/widths.js';
import { bestArray, type Engine, enginesFor, sizeArray } from '../sizing/array.js';
import { memoryProblem } from '../sizing/estimate.js';
import { engineGeometry } from '../sizing/geometry.js';
import { memoryMap, weightsInSdram } from '../sizing/memory.js';
import { sdramReadCycles } from '../sizing/sdram.js';
import { VERSION } from '../version.js';
import type { Alphabet, FrameMode, Placement, Plan, PlanArray, PlanLinear, PlanTail } from './types.js';

export const MIN_OSR = 1;
export const MAX_OSR = 8;
/** Samples per block are a multiple of this in mode `hadamard`, so that beats are full. */
export const SAMPLE_GRANULE = 8;
const SIGN_SEED = 1;
/** Columns that a block may have. */
export const BLOCKS: readonly number[] = [32, 64, 128, 256];

export interface PlanOptions {
  readonly alphabet: Alphabet;
  readonly frame: FrameMode;
  /** Columns per block; null: the largest of 32, 64, 128 that is not more than the least column count. */
  readonly block: number | null;
  readonly placement: Placement;
}

/** Builds the linears of a plan's layers for given over-sampling ratios. @throws InputError if an option does not fit the model */
export function planLinears(
  config: ModelConfig,
  options: PlanOptions,
  osrOf: (linear: LinearShape) => number,
): PlanLinear[] {
  const shapes = linearsOf(config);
  const block = options.block ?? defaultBlock(shapes);
  if (!BLOCKS.includes(block)) throw new InputError(`--block must be one of ${BLOCKS.join(', ')}, not ${block}`);
  return shapes.map((shape) => planLinear(shape, options, block, osrOf(shape)));
}

/**
 * Builds the linears of a head in SDQ, for the array that runs those of the layers.
 * @param like a linear of a layer
 */
export function planHead(config: ModelConfig, like: PlanLinear, osr: number): PlanLinear[] {
  return headLinearsOf(config).map((shape) => planLinear(shape, like, like.block, osr));
}

function planLinear(
  shape: LinearShape,
  options: Pick<PlanOptions, 'alphabet' | 'frame'>,
  block: number,
  osr: number,
): PlanLinear {
  const { alphabet, frame } = options;
  const samples = samplesFor(osr, block, frame);
  return {
    ...shape,
    osr: samples / block,
    block,
    samples,
    tail: frame === 'hadamard' ? tailFor(shape.cols, block, samples) : null,
    alphabet,
    frame,
    signSeed: SIGN_SEED,
    packing: alphabet === 'ternary' ? 'base3' : 'bits',
    gainShifts: gainShiftsFor(options, samples / block),
  };
}

/**
 * Completes a plan around its linears: sign patterns, array and memory map for a board.
 * @param engine the one to have, if not the one that sizing chooses
 * @throws InputError if the board cannot have it
 */
export function buildPlan(
  config: ModelConfig,
  linears: PlanLinear[],
  board: Board,
  placement: Placement,
  engine?: Engine,
): Plan {
  const block = linears[0]!.block;
  const patterns = linears[0]!.frame === 'hadamard' ? Math.max(...linears.map((l) => l.gainShifts.length)) : 1;
  const engines = enginesOf(linears, board, placement, engine);
  const engineFor = (beside: Board, leastFrame: number | null): Parameters<typeof bestArray> => [
    linears,
    beside,
    (candidate) => holdsEngine(linears, candidate, beside),
    (candidate, beats) => weightCycles(linears, candidate, beats, beside),
    engines,
    leastFrame,
  ];
  const size =
    placement === 'decoder'
      ? sizeDecoder(config, linears, board, (beside, leastFrame) => bestArray(...engineFor(beside, leastFrame)))
      : withMemory(linears, sizeArray(...engineFor(board, null)));
  return {
    format: 'sdq-plan/1',
    generator: `sdq-forge ${VERSION}`,
    model: config,
    board: board.name,
    placement,
    signs: drawSigns(SIGN_SEED, patterns, block),
    linears,
    ...size,
  };
}

/** @throws InputError if the one that is wanted cannot be had */
function enginesOf(
  linears: PlanLinear[],
  board: Board,
  placement: Placement,
  engine: Engine | undefined,
): readonly Engine[] {
  const possible = placement === 'decoder' ? (['adder'] as const) : enginesFor(linears, board);
  const engines = engine === undefined ? possible : possible.filter((choice) => choice === engine);
  if (engines.length > 0) return engines;
  throw new InputError(`the ${engine} engine is for ternary symbols and boards with LUT-RAM, not for this plan`);
}

const withMemory = (linears: PlanLinear[], array: PlanArray): Pick<Plan, 'array' | 'memory'> => ({
  array,
  memory: memoryMap(linears, array),
});

/** Whether a board has the memories of a plan's engine. */
function holdsEngine(linears: readonly PlanLinear[], array: PlanArray, board: Board): boolean {
  const memory = memoryMap(linears, array);
  return memoryProblem(engineGeometry({ linears, array, memory }, board), board) === null;
}

/** Cycles in which the weights of so many beats come from the board's memory; 0 if they lie on chip. */
function weightCycles(linears: readonly PlanLinear[], array: PlanArray, beats: number, board: Board): number {
  const memory = memoryMap(linears, array);
  if (!weightsInSdram(memory, board)) return 0;
  return sdramReadCycles(board.sdram!, board.clockHz, beats * memory.weights.wordBytes);
}

/** The largest power of two in 32 … 128 that is not more than the least column count. */
function defaultBlock(shapes: readonly LinearShape[]): number {
  const least = Math.min(...shapes.map(({ cols }) => cols));
  return [128, 64, 32].find((block) => block <= least) ?? 32;
}

/** Samples of a full block: floor(B · OSR) as the paper has it, or the nearest multiple of the granule. */
function samplesFor(osr: number, block: number, frame: FrameMode): number {
  const clamped = Math.min(MAX_OSR, Math.max(MIN_OSR, osr));
  if (frame === 'fourier') return Math.floor(block * clamped);
  return Math.round((block * clamped) / SAMPLE_GRANULE) * SAMPLE_GRANULE;
}

/**
 * The gain 2^−shift of each segment that gives the least error on Gaussian weights (bench/gains.ts): smaller gains are
 * finer steps, which pay once the first segments have taken most of the weights in.
 */
export function gainShiftsFor({ frame, alphabet }: Pick<PlanOptions, 'frame' | 'alphabet'>, osr: number): number[] {
  let most = 0;
  if (frame === 'hadamard' && alphabet === 'ternary') most = osr <= 2 ? 0 : osr <= 2.6 ? 1 : MAX_OSR;
  if (frame === 'hadamard' && alphabet === 'binary') most = Math.max(0, Math.ceil(osr) - 3);
  return Array.from({ length: Math.ceil(osr) }, (_, segment) => Math.min(segment, most));
}

function tailFor(cols: number, block: number, samples: number): PlanTail | null {
  const rest = cols % block;
  if (rest === 0) return null;
  let size = 1;
  while (size < rest) size *= 2;
  return { cols: rest, size, samples: Math.ceil((samples * rest) / block) };
}
