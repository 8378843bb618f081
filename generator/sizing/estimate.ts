/** What an engine takes of an FPGA, before any synthesis. */

import type { SinglePortRam } from '../boards/board.js';
import type { PlanMemoryRegion } from '../plan/types.js';
import { type FrameGeometry, transformWidth } from './framing.js';
import { type EngineGeometry, type EngineTarget, storedWidth } from './geometry.js';
import { ceilDiv } from './integers.js';
import { arrayLuts, frameLuts, type LutTarget } from './luts.js';
import { FIFO_BEATS } from './sdram.js';

/** What an estimate needs to know of a board. */
export interface EstimateTarget extends EngineTarget, LutTarget, MemoryTarget {}

/** What a memory's place depends on of a board. */
export interface MemoryTarget {
  /** LUTs can be used as memory: shallow memories lie there. */
  readonly lutRam?: boolean;
  readonly blockRam: {
    readonly bits: number;
    /** Widest word. */
    readonly width: number;
    /** How many there are; null: as many as are wanted. */
    readonly count?: number | null;
  };
}

export interface Estimate {
  /** LUTs of the engine with the host link. */
  readonly luts: number;
  /** Block RAMs. */
  readonly brams: number;
}

/** LUTs and block RAMs of sdq_host_link: measured with Yosys, see docs/rtl.md. */
export const LINK_COST = { 4: { luts: 1710, memories: 3 }, 6: { luts: 750, memories: 2 } } as const;

/** A memory as wide and as deep as the engine has it. */
export interface EngineMemory {
  readonly name: string;
  readonly words: number;
  /** Bits per word. */
  readonly width: number;
}

/** The engine's memories, the accumulators among them. */
export function engineMemories(geometry: EngineGeometry, target: EngineTarget): EngineMemory[] {
  const { weights, scales, activations, blocks } = geometry.memory;
  const { frame } = geometry;
  return [
    geometry.stream === null
      ? { name: 'weights', words: weights.words, width: weights.wordBytes * storedWidth(geometry, target) }
      : { name: 'weight FIFO', words: FIFO_BEATS, width: 16 },
    { name: 'scales', words: scales.words, width: scales.wordBytes * 8 },
    { name: 'activations', words: activations.words, width: activations.wordBytes * 8 },
    { name: 'blocks', words: blocks.words, width: blocks.wordBytes * 8 },
    ...(frame === null ? [] : frameMemories(geometry, frame)),
    {
      name: 'accumulators',
      words: geometry.accumulatorWords,
      width: geometry.units * geometry.widths.accumulator,
    },
  ];
}

/** Memories that only the frame unit writes. */
function frameMemories(geometry: EngineGeometry, frame: FrameGeometry): EngineMemory[] {
  return [
    { name: 'samples', words: geometry.sampleWords, width: 8 * geometry.array.lanes },
    { name: 'exponents', words: geometry.memory.blocks.words, width: 8 },
    { name: 'transforms', words: 2 * frame.workWords, width: frame.values * transformWidth(frame) },
  ];
}

/** Words of a memory that lies in LUT-RAM where there is one, as rtl/memory/sdq_ram_1r1w.v has it. */
const LUT_RAM_WORDS = 16;

export function liesInLuts({ words }: EngineMemory, { lutRam }: Pick<MemoryTarget, 'lutRam'>): boolean {
  return lutRam === true && words <= LUT_RAM_WORDS;
}

/** Block RAMs of a memory: as many of the widest as its width asks for, or as its depth does with narrower ones. */
export function blockRams(memory: EngineMemory, target: MemoryTarget): number {
  if (liesInLuts(memory, target)) return 0;
  const { words, width } = memory;
  const ram = target.blockRam;
  let best = Number.POSITIVE_INFINITY;
  for (let ramWidth = ram.width; ramWidth >= 1; ramWidth = Math.floor(ramWidth / 2)) {
    best = Math.min(best, ceilDiv(width, ramWidth) * ceilDiv(words, Math.floor(ram.bits / ramWidth)));
  }
  return best;
}

/** Single-port RAMs of a board that weights take. */
export function singlePortRams({ words, wordBytes }: PlanMemoryRegion, ram: SinglePortRam): number {
  return ceilDiv(8 * wordBytes, ram.width) * ceilDiv(words, ram.words);
}

/** LUTs of the engine alone, its frame unit included. */
export function engineLuts({ array, units, frame }: EngineGeometry, target: LutTarget): number {
  return arrayLuts(array, units, target) + (frame === null ? 0 : frameLuts(frame, target));
}

/** Estimates an engine with its host link. */
export function estimate(geometry: EngineGeometry, target: EstimateTarget): Estimate {
  const link = LINK_COST[target.lutInputs];
  const memories = engineMemories(geometry, target)
    .filter(({ name }) => name !== 'weights' || !target.singlePortRam)
    .map((memory) => blockRams(memory, target));
  return {
    luts: engineLuts(geometry, target) + link.luts,
    brams: memories.reduce((sum, count) => sum + count, link.memories),
  };
}

/** What an engine with its host link needs of a board's memories and is not there, as a sentence; null if all is. */
export function memoryProblem(
  geometry: EngineGeometry,
  target: EstimateTarget & { readonly name: string },
): string | null {
  const { blockRam, singlePortRam, name } = target;
  const { words, wordBytes } = geometry.memory.weights;
  if (geometry.array.engine === 'table' && geometry.stream !== null) {
    return `the table engine reads its weights on chip; those of this plan would lie in the SDRAM of board ${name}`;
  }
  if (singlePortRam) {
    const rams = singlePortRams(geometry.memory.weights, singlePortRam);
    if (rams > singlePortRam.count) {
      return `the weights of this plan, ${words} words of ${wordBytes} bytes, take ${rams} single-port RAMs; board ${name} has ${singlePortRam.count}`;
    }
  }
  const { brams } = estimate(geometry, target);
  if (blockRam.count == null || brams <= blockRam.count) return null;
  return `this plan takes ${brams} block RAMs; board ${name} has ${blockRam.count}`;
}
