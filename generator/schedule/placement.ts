/** Where a decoder's memories lie on a board, and what of a board it has too little of. */

import type { Board } from '../boards/board.js';
import type { Plan } from '../plan/types.js';
import {
  blockRams,
  type EngineMemory,
  type Estimate,
  engineMemories,
  estimate,
  liesInLuts,
  memoryProblem,
  singlePortRams,
} from '../sizing/estimate.js';
import { engineGeometry } from '../sizing/geometry.js';
import { checkMemory, REGION_BYTES, weightsInSdram } from '../sizing/memory.js';
import { planMachine } from './machine.js';
import type { MemoryUse } from './memories.js';
import { decoderResources, engineBoard, planGeometry } from './resources.js';

/** A memory of the accelerator. */
export interface PlacedMemory {
  readonly use: MemoryUse | 'linears';
  readonly name: string;
  readonly words: number;
  /** Bits per word. */
  readonly width: number;
  readonly place: 'block RAM' | 'LUT-RAM' | 'single-port RAM' | 'SDRAM';
  /** Memories of that kind that it takes; none of LUT-RAM, which counts as LUTs. */
  readonly rams: number;
}

/** All memories of a plan in placement `decoder`, but for those of the host link. */
export function placedMemories(plan: Plan, board: Board): PlacedMemory[] {
  const geometry = planGeometry(plan, board);
  const { singlePortRam } = board;
  const { weights } = plan.memory;
  const onChip = (memory: EngineMemory): Pick<PlacedMemory, 'place' | 'rams'> => ({
    place: liesInLuts(memory, board) ? 'LUT-RAM' : 'block RAM',
    rams: blockRams(memory, board),
  });
  const engine = engineMemories(geometry, board).map(
    (memory): PlacedMemory => ({
      use: 'linears',
      ...memory,
      ...(memory.name === 'weights' && singlePortRam !== null
        ? { place: 'single-port RAM', rams: singlePortRams(weights, singlePortRam) }
        : onChip(memory)),
    }),
  );
  const outside: PlacedMemory[] =
    geometry.stream === null
      ? []
      : [
          {
            use: 'linears',
            name: 'weights',
            words: weights.words,
            width: 8 * weights.wordBytes,
            place: 'SDRAM',
            rams: 1,
          },
        ];
  const { memories } = decoderResources(plan, planMachine(plan), board);
  const decoder = memories.map((memory): PlacedMemory => ({ ...memory, ...onChip(memory) }));
  return [...outside, ...engine, ...decoder];
}

/** LUTs, block RAMs and multipliers of an accelerator in placement `decoder`, its host link included. */
export interface DecoderEstimate extends Estimate {
  readonly multipliers: number;
}

/** An estimate, but for block RAMs, which follow from the memories' shapes. */
export function decoderEstimate(plan: Plan, board: Board): DecoderEstimate {
  const engine = estimate(planGeometry(plan, board), board);
  const units = decoderResources(plan, planMachine(plan), board);
  return { luts: engine.luts + units.luts, brams: engine.brams + units.brams, multipliers: units.multipliers };
}

/** Estimates the accelerator of a plan in either placement, its host link included. */
export function planEstimate(plan: Plan, board: Board): Estimate {
  return plan.decoder === undefined ? estimate(engineGeometry(plan, board), board) : decoderEstimate(plan, board);
}

/** What a plan in placement `decoder` wants of its board and is not there, as a sentence; null if all is. */
export function decoderProblem(plan: Plan, board: Board): string | null {
  const { luts, brams, multipliers } = decoderEstimate(plan, board);
  const { blockRam } = board;
  const { bytes } = planMachine(plan).parameters;
  if (bytes > REGION_BYTES) {
    return `the parameters of this plan span ${bytes} bytes; the link addresses ${REGION_BYTES}`;
  }
  const lacks = (what: string, wanted: number, has: number | null): string | null =>
    has === null || wanted <= has
      ? null
      : `this plan takes ${wanted} ${what}; board ${board.name} has ${has}: ${wanted - has} are missing`;
  if (blockRam.count !== null && brams > blockRam.count) {
    const bits = (brams - blockRam.count) * blockRam.bits;
    return `${lacks('block RAMs', brams, blockRam.count)}, ${bits} bits (${shares(placedMemories(plan, board))})`;
  }
  const left = engineBoard(plan, board);
  const units = decoderResources(plan, planMachine(plan), board).brams * blockRam.bits;
  const { weights, ...others } = plan.memory;
  const onChip = weightsInSdram(plan.memory, left) ? others : plan.memory;
  const bits = Object.values(onChip).reduce((sum, { words, wordBytes }) => sum + 8 * words * wordBytes, units);
  const missing = lacks('bits of memory on chip', bits, board.memoryBits);
  if (missing !== null) return missing;
  try {
    checkMemory(plan.memory, left);
  } catch (error) {
    return (error as Error).message;
  }
  return (
    memoryProblem(planGeometry(plan, board), { ...left, blockRam }) ??
    lacks('LUTs', luts, board.luts) ??
    lacks('multipliers of 18 × 18 bits', multipliers, board.multipliers)
  );
}

/** Block RAMs by what they are for. */
function shares(memories: readonly PlacedMemory[]): string {
  const uses = [...new Set(memories.map(({ use }) => use))];
  return uses
    .map((use) => {
      const rams = memories.filter((memory) => memory.use === use && memory.place === 'block RAM');
      return `${use} ${rams.reduce((sum, memory) => sum + memory.rams, 0)}`;
    })
    .join(', ');
}
