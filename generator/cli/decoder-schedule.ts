import { listing } from '../schedule/disassemble.js';
import type { Program } from '../schedule/instructions.js';
import { LATENCY, type TokenTime, unitCycles } from '../schedule/timing.js';
import type { CommandResult } from './command.js';
import { table } from './progress.js';

/**
 * The decoder's program, disassembled, with the times of one token: when each instruction first works, and how much in all.
 * A step takes `cycles`, and LATENCY.step to the next one.
 */
export function decoderSchedule(program: Program, time: TokenTime, position: number): CommandResult {
  const instructions = listing(program, time);
  const rows = instructions.map(({ at, text, issue, begin, end, count, cycles }) => [
    `${String(at).padStart(3)}  ${text}`,
    ...[issue, begin, end, count, cycles].map(String),
  ]);
  const head = ['instruction', 'issue', 'begin', 'end', 'times', 'cycles in all'];
  const units = unitCycles(time, program);
  const step = time.cycles + LATENCY.step;
  const busy = Object.entries(units).map(([unit, cycles]) => `${unit} ${((100 * cycles) / step).toFixed(1)} %`);
  return {
    json: { schedule: instructions, position, cycles: step, beats: time.beats, units },
    text: [
      table([head, ...rows]),
      '',
      `${step} cycles for the token at position ${position}, ${time.beats} of them with a beat of the array`,
      `units at work: ${busy.join(', ')}`,
    ].join('\n'),
  };
}
