/** Everything about a plan that the engine is built from, as plain numbers. */

import type { Plan, PlanArray, PlanLinear, PlanMemory } from '../plan/types.js';
import { givesResults, scaleUnits } from './array.js';
import { type FrameGeometry, frameGeometry, frameParameters } from './framing.js';
import { ceilDiv, countWidth, indexWidth, log2Exact } from './integers.js';
import { blockSlotWords, type MemoryBoard, weightsInSdram } from './memory.js';
import { sdramParameters, streamParameters } from './sdram.js';
import { alphabetOf, type BlockKind, blockKinds, rowGroups, turnCycles } from './shape.js';
import { TABLE_GROUP_WIDTH, tableGroups, tableLevels, tableSpans } from './table.js';
import { linearBases } from './tile.js';
import { type EngineWidths, engineWidths, hasMeans } from './widths.js';

/** The parts of a plan that the engine depends on. */
export type EnginePlan = Pick<Plan, 'linears' | 'array' | 'memory'>;

export interface EngineGeometry {
  readonly array: PlanArray;
  readonly memory: PlanMemory;
  readonly ternary: boolean;
  readonly means: boolean;
  /** Rows whose block totals are scaled at once (N). */
  readonly units: number;
  /** Cycles in which the R totals of a row group pass the scale units: R / N. */
  readonly phases: number;
  readonly widths: EngineWidths;
  /** Words of the sample memory per block, and in all. */
  readonly slotWords: number;
  readonly sampleWords: number;
  /** The frame unit; null if the host frames. */
  readonly frame: FrameGeometry | null;
  /** Words of the accumulator memory: N accumulators each. */
  readonly accumulatorWords: number;
  /** Rows of the largest linear. */
  readonly mostRows: number;
  /** Row groups of the largest linear. */
  readonly mostGroups: number;
  /** Blocks of the linear that has most. */
  readonly mostBlocks: number;
  /** Spans of the largest linear (table engine). */
  readonly mostSpans: number;
  /** Beats of the longest block and row group. */
  readonly mostBeats: number;
  /** Cycles that the longest turn of the walk is given. */
  readonly mostCycles: number;
  /** Null if weights lie on chip. */
  readonly stream: WeightStream | null;
}

/** How weights come from an SDRAM. */
export interface WeightStream {
  /** Of sdq_sdram_weights, those of the host's address aside. */
  readonly parameters: Readonly<Record<string, number>>;
  /** First word of a linear, by name. */
  readonly bases: ReadonlyMap<string, number>;
}

/** What an engine's geometry depends on of a board. */
export type GeometryBoard = Omit<MemoryBoard, 'name'> & { readonly clockHz: number };

const largest = (linears: readonly PlanLinear[], measure: (linear: PlanLinear) => number): number =>
  linears.reduce((most, linear) => Math.max(most, measure(linear)), 0);

/**
 * Derives the engine of a plan.
 *
 * @param board null: all memories are on chip
 * @param units rows whose block totals are scaled at once, if not as sizing has it
 * @throws RangeError if the plan's linears do not fit its array
 */
export function engineGeometry(
  plan: EnginePlan,
  board: GeometryBoard | null = null,
  units: number = scaleUnits(plan.linears, plan.array),
): EngineGeometry {
  const { linears, array, memory } = plan;
  const phases = array.rows / units;
  const mostGroups = largest(linears, (linear) => rowGroups(linear, array));
  const slotWords = blockSlotWords(linears, array);
  const perKind = (measure: (linear: PlanLinear, kind: BlockKind) => number): number =>
    largest(linears, (linear) => Math.max(...blockKinds(linear).map((kind) => measure(linear, kind))));
  return {
    array,
    memory,
    ternary: alphabetOf(linears) === 'ternary',
    means: hasMeans(linears),
    units,
    phases,
    widths: engineWidths(linears, array),
    slotWords,
    sampleWords: memory.blocks.words * slotWords,
    frame: array.frame === undefined ? null : frameGeometry(linears, array, array.frame),
    accumulatorWords: mostGroups * phases,
    mostRows: largest(linears, (linear) => linear.rows),
    mostGroups,
    mostBlocks: memory.blocks.words,
    mostSpans: tableSpans(mostGroups).count,
    mostBeats: perKind((_, kind) => ceilDiv(kind.samples, array.lanes)),
    mostCycles: perKind((linear, kind) => turnCycles(linear, kind, array, phases)),
    stream: board !== null && weightsInSdram(memory, board) ? weightStream(plan, board) : null,
  };
}

function weightStream({ linears, array, memory }: EnginePlan, { sdram, clockHz }: GeometryBoard): WeightStream {
  const bases = linearBases(linears, array);
  return {
    parameters: { ...sdramParameters(sdram!, clockHz), ...streamParameters(memory.weights.wordBytes) },
    bases: new Map(linears.map(({ name }, index) => [name, bases[index]!.weights])),
  };
}

/** Width of a count of cycles in a turn; a step's also counts the row groups of a span. */
export function cycleWidth({ array, mostCycles }: Pick<EngineGeometry, 'array' | 'mostCycles'>): number {
  return Math.max(indexWidth(mostCycles), array.engine === 'table' ? TABLE_GROUP_WIDTH : 1);
}

/** How an engine is built on a kind of FPGA; it computes the same on all. */
export interface EngineTarget {
  /** Inputs of a LUT: with 6, signs pass up the adder trees; with 4, terms are inverted in front of them. */
  readonly lutInputs: 4 | 6;
  /** Bits of a byte of block RAM: with 9, ternary weights are stored in a form that is cheaper to decode. */
  readonly memoryByteBits: 8 | 9;
  /** Larger memories with one port, in which the weights lie where a board has them; their bytes have 8 bits. */
  readonly singlePortRam?: { readonly words: number; readonly width: number; readonly count: number } | null;
}

/** Bits that a byte of weights takes in memory. */
export function storedWidth(
  geometry: Pick<EngineGeometry, 'ternary' | 'array' | 'stream'>,
  target: EngineTarget,
): 8 | 9 {
  const bytes =
    !geometry.ternary || geometry.array.engine === 'table' || geometry.stream !== null || target.singlePortRam;
  return bytes ? 8 : target.memoryByteBits;
}

/** The parameters of sdq_engine. */
export function engineParameters(geometry: EngineGeometry, target: EngineTarget): Record<string, number> {
  const { array, memory, widths } = geometry;
  const table = array.engine === 'table';
  return {
    LANES: array.lanes,
    LANE_WIDTH: indexWidth(array.lanes),
    ROWS: array.rows,
    UNITS: geometry.units,
    UNIT_WIDTH: indexWidth(geometry.units),
    PHASES: geometry.phases,
    PHASE_WIDTH: indexWidth(geometry.phases),
    TERNARY: geometry.ternary ? 1 : 0,
    MEANS: geometry.means ? 1 : 0,
    TABLES: table ? 1 : 0,
    SIGN_TREE: target.lutInputs === 6 ? 1 : 0,
    TABLE_GROUPS: tableGroups(array),
    TABLE_LEVELS: tableLevels(array),
    STORED_WIDTH: storedWidth(geometry, target),
    WEIGHT_SINGLE_PORT: target.singlePortRam ? 1 : 0,
    WEIGHT_STREAM: geometry.stream === null ? 0 : 1,
    SEGMENTS: widths.segments,
    GAIN_WIDTH: widths.gain,
    SUM_WIDTH: widths.sum,
    TOTAL_WIDTH: widths.total,
    SCALED_WIDTH: widths.scaled,
    ACC_WIDTH: widths.accumulator,
    WEIGHT_WORDS: memory.weights.words,
    WEIGHT_ADDR_WIDTH: indexWidth(memory.weights.words),
    WEIGHT_BYTES: memory.weights.wordBytes,
    WEIGHT_BYTE_WIDTH: log2Exact(memory.weights.stride),
    SCALE_WORDS: memory.scales.words,
    SCALE_ADDR_WIDTH: indexWidth(memory.scales.words),
    SCALE_BYTES: memory.scales.wordBytes,
    SCALE_BYTE_WIDTH: log2Exact(memory.scales.stride),
    ACTIVATION_WORDS: geometry.sampleWords,
    ACTIVATION_ADDR_WIDTH: indexWidth(geometry.sampleWords),
    SLOT_WORDS: geometry.slotWords,
    BLOCK_WORDS: memory.blocks.words,
    BLOCK_ADDR_WIDTH: indexWidth(memory.blocks.words),
    ACC_WORDS: geometry.accumulatorWords,
    ACC_ADDR_WIDTH: indexWidth(geometry.accumulatorWords),
    CYCLE_WIDTH: cycleWidth(geometry),
    GROUP_WIDTH: indexWidth(geometry.mostGroups),
    SPAN_WIDTH: indexWidth(geometry.mostSpans),
    STEP_WIDTH: indexWidth(geometry.mostBeats),
    ROW_WIDTH: countWidth(geometry.mostRows),
    FRAME: geometry.frame === null ? 0 : 1,
    ...(geometry.frame === null ? {} : frameParameters(geometry.frame)),
    VECTOR_WORDS: memory.activations.words,
    VECTOR_ADDR_WIDTH: indexWidth(memory.activations.words),
  };
}

/** How results leave the engine. */
export interface ResultWidths {
  /** Banks of accumulators: with 2, a linear runs while the results of the one before are taken. */
  readonly banks: 1 | 2;
  /** Results at a time, a power of two. */
  readonly results: number;
}

/**
 * The parameters of sdq_engine that decide this; without them it has one bank and gives one result at a time.
 *
 * @throws RangeError if its accumulators cannot give so many: choose its units by `scaleUnits`
 */
export function resultParameters(
  { units }: Pick<EngineGeometry, 'units'>,
  { banks, results }: ResultWidths,
): Record<string, number> {
  if (!givesResults(units, results)) {
    throw new RangeError(`${results} results at a time of accumulators in words of ${units}`);
  }
  return { BANKS: banks, RESULTS: results, SLICE_WIDTH: log2Exact(Math.max(1, results / units)) };
}
