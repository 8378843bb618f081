/** A plan's program, with the times of its tokens: what generator, simulation and commands share. */

import type { Board } from '../boards/board.js';
import type { Plan } from '../plan/types.js';
import { compileProgram, modelOfPlan } from './compile.js';
import { type Assembly, assemble, type Program } from './instructions.js';
import { type Machine, planMachine } from './machine.js';
import { planGeometry } from './resources.js';
import { LATENCY, type TokenTime, tokenTime } from './timing.js';

export interface PlanProgram {
  readonly machine: Machine;
  readonly program: Program;
  readonly assembly: Assembly;
  /** Times of the step at a position. */
  time(position: number): TokenTime;
  /** Cycles of the step at a position, as TOKEN responses have them: up to where the next one can begin. */
  stepCycles(position: number): number;
}

/** The program of a plan in placement `decoder`. Its constants are not a model's. */
export function planProgram(plan: Plan, board: Board): PlanProgram {
  const machine = planMachine(plan);
  const program = compileProgram(modelOfPlan(plan), machine);
  const geometry = planGeometry(plan, board);
  const time = (position: number): TokenTime => tokenTime(program, machine, plan, geometry, position);
  return {
    machine,
    program,
    assembly: assemble(program, machine, plan),
    time,
    stepCycles: (position) => time(position).cycles + LATENCY.step,
  };
}
