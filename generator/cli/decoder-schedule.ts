import { listing } from '../schedule/disassemble.js';
import type { Program } from '../schedule/instructions.js';
import type { TokenTime } from '../schedule/timing.js';
import type { CommandResult } from './command.js';
import { table } from './progress.js';

/** The decoder's program, disassembled, with the times of one token: when each instruction first works, and how much in all. */
export function decoderSchedule(program: Program, time: TokenTime): CommandResult {
  const instructions = listing(program, time);
  const rows = instructions.map(({ at, text, issue, begin, end, count, cycles }) => [
    `${String(at).padStart(3)}  ${text}`,
    ...[issue, begin, end, count, cycles].map(String),
  ]);
  const head = ['instruction', 'issue', 'begin', 'end', 'times', 'cycles in all'];
  return {
    json: { schedule: instructions, cycles: time.cycles, beats: time.beats },
    text: `${table([head, ...rows])}\n\n${time.cycles} cycles per token, ${time.beats} of them with a beat of the array`,
  };
}
