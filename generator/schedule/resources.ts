/** What the decoder's units take of a board, and what they leave to the engine. */

import type { Board } from '../boards/board.js';
import type { Plan } from '../plan/types.js';
import { scaleUnits } from '../sizing/array.js';
import { blockRams, LINK_COST } from '../sizing/estimate.js';
import { type EngineGeometry, type EnginePlan, engineGeometry, type GeometryBoard } from '../sizing/geometry.js';
import { decoderLuts, decoderMultipliers } from '../sizing/luts.js';
import { compileProgram, modelOfPlan } from './compile.js';
import { type Machine, type MachinePlan, planMachine } from './machine.js';
import { type DecoderMemory, decoderMemories } from './memories.js';

/** Share of a device's LUTs that can be used before it can no longer be routed at a useful clock. */
const LUT_SHARE = 0.9;

/** What fits beside what, of a board. */
export type ResourceBoard = Pick<
  Board,
  'family' | 'lutInputs' | 'lutRam' | 'blockRam' | 'memoryBits' | 'lutBudget' | 'luts' | 'multipliers'
>;

export interface DecoderResources {
  readonly luts: number;
  readonly multipliers: number;
  readonly brams: number;
  readonly memories: readonly DecoderMemory[];
}

/** Constants of a plan's program: a final shift per linear, and shifts of the program's int8 matrices. */
function constantsOf(plan: MachinePlan, machine: Machine): number {
  const { instructions } = compileProgram(modelOfPlan(plan), machine);
  return plan.linears.length + instructions.filter(({ fields }) => fields.shift !== undefined).length;
}

/** LUTs and multipliers are estimates; block RAMs follow from the memories' shapes. */
export function decoderResources(plan: MachinePlan, machine: Machine, board: ResourceBoard): DecoderResources {
  const memories = decoderMemories(machine, constantsOf(plan, machine));
  return {
    luts: decoderLuts(machine.widths, board),
    multipliers: decoderMultipliers(machine.widths),
    brams: memories.reduce((sum, memory) => sum + blockRams(memory, board), 0),
    memories,
  };
}

/** A board with what the decoder's units leave of it; what there is too little of is 0. */
export function boardBeside<B extends ResourceBoard>({ luts, brams }: DecoderResources, board: B): B {
  const { blockRam, memoryBits, lutBudget } = board;
  const left =
    board.luts === null ? lutBudget : Math.floor(LUT_SHARE * board.luts) - luts - LINK_COST[board.lutInputs].luts;
  return {
    ...board,
    lutBudget: Math.max(0, Math.min(lutBudget, left)),
    memoryBits: Math.max(0, memoryBits - brams * blockRam.bits),
    blockRam: { ...blockRam, count: blockRam.count === null ? null : Math.max(0, blockRam.count - brams) },
  };
}

/** What a machine depends on of a plan in either placement. */
export type PlacedPlan = MachinePlan & Pick<Plan, 'decoder'>;

/** The board as a plan's engine has it: in placement `decoder` with what the decoder's units leave of it. */
export function engineBoard<B extends ResourceBoard>(plan: PlacedPlan, board: B): B {
  if (plan.decoder === undefined) return board;
  return boardBeside(decoderResources(plan, planMachine(plan), board), board);
}

/** The engine of a plan on its board, in either placement. */
export function planGeometry(plan: PlacedPlan & EnginePlan, board: ResourceBoard & GeometryBoard): EngineGeometry {
  const units = scaleUnits(plan.linears, plan.array, plan.decoder?.drain ?? 1);
  return engineGeometry(plan, engineBoard(plan, board), units);
}
