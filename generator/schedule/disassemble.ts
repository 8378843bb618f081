/** A program as people read it. */

import { type Instruction, OPCODES, type Program, SPACES } from './instructions.js';
import type { TokenTime } from './timing.js';

/** One instruction: opcode, operands that are not 0, and the units it waits for. */
export function disassemble({ opcode, fields, wait }: Instruction): string {
  const operands = OPCODES[opcode].fields.flatMap((name) => {
    const value = fields[name]!;
    if (name === 'space') return [SPACES[value]!];
    return value === 0 ? [] : [`${name}=${value}`];
  });
  return [opcode.padEnd(7), ...operands, ...wait.map((unit) => `after:${unit}`)].join(' ');
}

export interface ListedInstruction {
  readonly at: number;
  readonly text: string;
  /** Its first execution. */
  readonly issue: number;
  readonly begin: number;
  readonly end: number;
  /** How often it is executed, and its unit's cycles in all. */
  readonly count: number;
  readonly cycles: number;
}

/** A program with the times of one token. */
export function listing(program: Program, { executions }: TokenTime): ListedInstruction[] {
  return program.instructions.map((instruction, at) => {
    const times = executions.filter((execution) => execution.at === at);
    const { issue, begin, end } = times[0]!;
    const cycles = times.reduce((sum, time) => sum + time.end - time.begin, 0);
    return { at, text: disassemble(instruction), issue, begin, end, count: times.length, cycles };
  });
}
