/** Predicted time. Engine cycles are exact: what RESULT frames report as `cycles`. */

import type { PlanArray, PlanLinear } from '../plan/types.js';
import { framedCycles, frameTiming, readsSameVector } from './framing.js';
import type { EngineGeometry, EnginePlan } from './geometry.js';
import { log2Exact } from './integers.js';
import { type LinkTarget, linkRuns } from './link.js';
import { linearWords } from './memory.js';
import { WeightStreamTimes } from './sdram.js';
import {
  arrayCycles,
  blockKinds,
  rowGroups,
  type SampleTiming,
  streamedCycles,
  turnCycles,
  usefulSymbols,
} from './shape.js';
import { tableLevels, tableSpans } from './table.js';

/**
 * Cycles from accepting RUN to the first result, besides those of the array: the schedule's look-up, the stages from
 * address to memory to symbols to lanes, block total, scale units, accumulator and read-out. One more per level of the
 * adder tree.
 */
export const PIPELINE_CYCLES = 16;

/** The same of the table engine: before the first beat come the fill of its tables, after the last one the queue. */
export const TABLE_PIPELINE_CYCLES = 36;

/**
 * Of a RUN's cycles to the first result, those from when its last operand has been read on: block total, scale units,
 * accumulator and read-out, besides the R / N cycles in which the last totals pass the scale units.
 */
const RESULT_CYCLES = 12;

/**
 * With two banks of accumulators: cycles from a RUN's request until the engine can take the next one.
 *
 * @param cycles those of the RUN to its first result
 * @param frames the linear's place in the plan if its vector is framed in this RUN
 */
export function occupiedCycles(
  cycles: number,
  { array, frame, phases }: EngineGeometry,
  frames: number | null,
): number {
  const walked = cycles - RESULT_CYCLES - phases;
  if (frame === null || frames === null) return walked;
  return Math.max(walked, framedCycles(frame.shapes[frame.shapeOf[frames]!]!, frame, array.lanes));
}

/** Engine cycles of one RUN of a linear whose vector is framed, as RESULT frames report them. */
export function linearCycles(linear: PlanLinear, geometry: EngineGeometry): number {
  return engineCycles(linear, geometry, beatCycles(linear, geometry));
}

/** Engine cycles of the first RUN after its vector was written: it is framed before, if the device frames. */
export function framingCycles(linears: readonly PlanLinear[], index: number, geometry: EngineGeometry): number {
  const linear = linears[index]!;
  return engineCycles(linear, geometry, beatCycles(linear, geometry, sampleTiming(index, geometry)));
}

/** When samples become ready, if they are framed in the run. */
function sampleTiming(index: number, { array, frame }: EngineGeometry): SampleTiming | undefined {
  return frame === null ? undefined : frameTiming(frame.shapes[frame.shapeOf[index]!]!, frame, array.lanes);
}

/** From the cycles of the array to those of the RUN. */
function engineCycles(linear: PlanLinear, { array, phases }: EngineGeometry, cycles: number): number {
  if (array.engine === 'table') {
    // The last step's row groups pass the scale units one after another.
    const others = cycles - turnCycles(linear, blockKinds(linear).at(-1)!, array, phases);
    const last = tableSpans(rowGroups(linear, array)).finalGroups * phases;
    return TABLE_PIPELINE_CYCLES + tableLevels(array) + others + last;
  }
  // After the last beat, the totals of its row group pass the scale units.
  return PIPELINE_CYCLES + log2Exact(array.lanes) + cycles + phases;
}

/** Cycles from the array's first to its last beat. */
function beatCycles(linear: PlanLinear, { array, phases, stream }: EngineGeometry, timing?: SampleTiming): number {
  if (stream === null) return arrayCycles(linear, array, phases, timing);
  const times = new WeightStreamTimes(stream.parameters, stream.bases.get(linear.name)!);
  return streamedCycles(linear, array, phases, times, timing);
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

/** A RUN as it is predicted. */
export interface PredictedRun extends RunCycles {
  /** The stalls that there would be if the vector were framed already: those for weights. */
  readonly weightStalls: number;
  /** With two banks of accumulators: cycles from the request until the next one can be taken. */
  readonly occupied: number;
}

/**
 * Predicts the RUNs of one decoder step, in plan order: the first that reads a vector frames it. Exact: "sdq simulate" fails
 * where the simulated design differs.
 */
export function runCycles({ linears, array }: EnginePlan, geometry: EngineGeometry): PredictedRun[] {
  return linears.map((linear, index) => {
    const frames = !readsSameVector(linear, linears[index - 1]);
    const timing = frames ? sampleTiming(index, geometry) : undefined;
    // What passes with operands that are there when they are wanted.
    const unstalled = arrayCycles(linear, array, geometry.phases);
    const working = beatCycles(linear, geometry, timing);
    const framed = timing === undefined ? working : beatCycles(linear, geometry);
    const cycles = engineCycles(linear, geometry, working);
    return {
      cycles,
      beats: linearWords(linear, array).weights,
      stalls: working - unstalled,
      weightStalls: framed - unstalled,
      occupied: occupiedCycles(cycles, geometry, frames ? index : null),
    };
  });
}

/** Useful symbols / (cycles · L · R), when a linear has taken `cycles` engine cycles in each of its runs. */
export function engineUtilisation(linear: PlanLinear, array: PlanArray, cycles: number): number {
  return usefulSymbols(linear) / (cycles * array.lanes * array.rows);
}

export interface TokenCycles {
  /** Cycles in which the engine runs. */
  readonly engine: number;
  /** Cycles in which the link moves what the engine reads and gives. */
  readonly link: number;
}

/** Cycles of one decoder step, in which every linear runs once and nothing overlaps. */
export function tokenCycles(plan: EnginePlan, geometry: EngineGeometry, link: LinkTarget): TokenCycles {
  return {
    engine: runCycles(plan, geometry).reduce((sum, { cycles }) => sum + cycles, 0),
    link: Math.ceil(linkRuns(plan, link).reduce((sum, { cycles }) => sum + cycles, 0)),
  };
}
