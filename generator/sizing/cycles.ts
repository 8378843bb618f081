/** Predicted time. Engine cycles are exact: what RESULT frames report as `cycles`. */

import type { PlanArray, PlanLinear } from '../plan/types.js';
import { readsSameVector } from './framing.js';
import { type EngineGeometry, type EnginePlan, engineGeometry } from './geometry.js';
import { log2Exact } from './integers.js';
import { linearWords } from './memory.js';
import { WeightStreamTimes } from './sdram.js';
import { arrayCycles, blockKinds, rowGroups, streamedCycles, turnCycles, usefulSymbols } from './shape.js';
import { tableLevels, tableSpans } from './table.js';

/**
 * Cycles from accepting RUN to the first result, besides those of the array: the schedule's look-up, the stages from
 * address to memory to symbols to lanes, block total, scale units, accumulator and read-out. One more per level of the
 * adder tree.
 */
export const PIPELINE_CYCLES = 19;

/** The same of the table engine: before the first beat come the fill of its tables, after the last one the queue. */
export const TABLE_PIPELINE_CYCLES = 39;

/** Engine cycles of one RUN of a linear, as RESULT frames report them. */
export function linearCycles(
  linear: PlanLinear,
  geometry: Pick<EngineGeometry, 'array' | 'phases' | 'stream'>,
): number {
  const { array, phases } = geometry;
  if (array.engine === 'table') {
    // The last step's row groups pass the scale units one after another.
    const others = arrayCycles(linear, array, phases) - turnCycles(linear, blockKinds(linear).at(-1)!, array, phases);
    const last = tableSpans(rowGroups(linear, array)).finalGroups * phases;
    return TABLE_PIPELINE_CYCLES + tableLevels(array) + others + last;
  }
  // After the last beat, the totals of its row group pass the scale units.
  return PIPELINE_CYCLES + log2Exact(array.lanes) + beatCycles(linear, geometry) + phases;
}

/** Cycles from the array's first to its last beat. */
function beatCycles(linear: PlanLinear, geometry: Pick<EngineGeometry, 'array' | 'phases' | 'stream'>): number {
  const { array, phases, stream } = geometry;
  if (stream === null) return arrayCycles(linear, array, phases);
  const base = stream.bases.get(linear.name)!;
  return streamedCycles(linear, array, phases, new WeightStreamTimes(stream.parameters, base));
}

/** What one RUN of a linear comes to in the engine. */
export interface RunCycles {
  /** Engine cycles from the request to the first result. */
  readonly cycles: number;
  /** Of these, cycles in which the array takes a beat: one per word of its weights. */
  readonly beats: number;
  /** Of these, cycles in which the array waits for an operand. */
  readonly stalls: number;
}

/** Predicts a RUN of each linear, in plan order. Exact: "sdq simulate" fails where the simulated design differs. */
export function runCycles({ linears, array }: EnginePlan, geometry: EngineGeometry): RunCycles[] {
  return linears.map((linear) => ({
    cycles: linearCycles(linear, geometry),
    beats: linearWords(linear, array).weights,
    stalls: stallCycles(linear, geometry),
  }));
}

/** Cycles that beats wait for weights; those on chip, and all other operands, are there when they are wanted. */
function stallCycles(linear: PlanLinear, geometry: EngineGeometry): number {
  const { array, phases, stream } = geometry;
  return stream === null ? 0 : beatCycles(linear, geometry) - arrayCycles(linear, array, phases);
}

/** Useful symbols / (cycles · L · R), when a linear has taken `cycles` engine cycles in each of its runs. */
export function engineUtilisation(linear: PlanLinear, array: PlanArray, cycles: number): number {
  return usefulSymbols(linear) / (cycles * array.lanes * array.rows);
}

/** Body bytes of the largest frame (docs/protocol.md). */
const MAX_BODY = 1024;
/** Results in a RESULT frame. */
const RESULTS_PER_FRAME = 60;

/** Encoded bytes of a frame: type, sequence, CRC, COBS overhead and the final 0. */
function frameBytes(body: number): number {
  const payload = body + 6;
  return payload + 1 + Math.floor(payload / 255) + 1;
}

/** Encoded bytes of WRITE frames that carry `bytes` bytes. */
function writeBytes(bytes: number): number {
  const most = MAX_BODY - 4;
  const whole = Math.floor(bytes / most);
  const rest = bytes % most;
  return whole * frameBytes(MAX_BODY) + (rest > 0 ? frameBytes(4 + rest) : 0);
}

/** What is written before the first of the linears that read one vector: its blocks' samples and their exponents. */
function vectorBytes(linear: PlanLinear, array: PlanArray, slotWords: number): number {
  const blocks = blockKinds(linear).reduce((sum, kind) => sum + kind.count, 0);
  return writeBytes(blocks * slotWords * array.lanes) + writeBytes(blocks * 4);
}

/** Encoded bytes of a RUN request and its RESULT frames. */
function runBytes(linear: PlanLinear): number {
  const whole = Math.floor(linear.rows / RESULTS_PER_FRAME);
  const rest = linear.rows % RESULTS_PER_FRAME;
  const results = whole * frameBytes(14 + 4 * RESULTS_PER_FRAME) + (rest > 0 ? frameBytes(14 + 4 * rest) : 0);
  return frameBytes(3) + results;
}

export interface TokenCycles {
  /** Cycles in which the engine runs. */
  readonly engine: number;
  /** Cycles in which the link moves bytes, at one byte per cycle. */
  readonly link: number;
}

/** Bytes that the link moves for a run of each linear, in plan order; a shared vector counts for its first reader. */
export function linkBytes({ linears, array }: EnginePlan, geometry: EngineGeometry): number[] {
  return linears.map((linear, index) => {
    const isFirst = !readsSameVector(linear, linears[index - 1]);
    return runBytes(linear) + (isFirst ? vectorBytes(linear, array, geometry.slotWords) : 0);
  });
}

/** Cycles of one decoder step, in which every linear runs once and nothing overlaps. */
export function tokenCycles(plan: EnginePlan, geometry: EngineGeometry = engineGeometry(plan)): TokenCycles {
  return {
    engine: plan.linears.reduce((sum, linear) => sum + linearCycles(linear, geometry), 0),
    link: linkBytes(plan, geometry).reduce((sum, bytes) => sum + bytes, 0),
  };
}
