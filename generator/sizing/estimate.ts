/** What an engine takes of an FPGA, before any synthesis. */

import { arrayLuts } from './array.js';
import type { EngineGeometry, EngineTarget } from './geometry.js';
import { ceilDiv } from './integers.js';

/** What an estimate needs to know of a board. */
export interface EstimateTarget extends EngineTarget {
  readonly blockRam: {
    readonly bits: number;
    /** Widest word. */
    readonly width: number;
  };
}

export interface Estimate {
  /** LUTs of the engine with the host link. */
  readonly luts: number;
  /** Block RAMs. */
  readonly brams: number;
}

/** LUTs and block RAMs of sdq_host_link: measured with Yosys, see docs/rtl.md. */
const LINK_COST = { 4: { luts: 1710, memories: 3 }, 6: { luts: 750, memories: 2 } } as const;

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
  const byteBits = geometry.ternary ? target.memoryByteBits : 8;
  return [
    { name: 'weights', words: weights.words, width: weights.wordBytes * byteBits },
    { name: 'scales', words: scales.words, width: scales.wordBytes * 8 },
    { name: 'activations', words: activations.words, width: activations.wordBytes * 8 },
    { name: 'blocks', words: blocks.words, width: blocks.wordBytes * 8 },
    {
      name: 'accumulators',
      words: geometry.accumulatorWords,
      width: geometry.units * geometry.widths.accumulator,
    },
  ];
}

/** Block RAMs of a memory: as many of the widest as its width asks for, or as its depth does with narrower ones. */
function blockRams({ words, width }: EngineMemory, ram: EstimateTarget['blockRam']): number {
  let best = Number.POSITIVE_INFINITY;
  for (let ramWidth = ram.width; ramWidth >= 1; ramWidth = Math.floor(ramWidth / 2)) {
    best = Math.min(best, ceilDiv(width, ramWidth) * ceilDiv(words, Math.floor(ram.bits / ramWidth)));
  }
  return best;
}

/** Estimates an engine with its host link. */
export function estimate(geometry: EngineGeometry, target: EstimateTarget): Estimate {
  const link = LINK_COST[target.lutInputs];
  const memories = engineMemories(geometry, target).map((memory) => blockRams(memory, target.blockRam));
  return {
    luts: arrayLuts(geometry.array, geometry.units, target.lutInputs) + link.luts,
    brams: memories.reduce((sum, count) => sum + count, link.memories),
  };
}
