import type { Command } from 'commander';
import { readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { loadBoard } from '../../boards/node/load.js';
import { InputError } from '../../errors.js';
import type { Plan } from '../../plan/types.js';
import { wordsOf } from '../../schedule/instructions.js';
import { planProgram } from '../../schedule/program.js';
import { engineUtilisation, runCycles } from '../../sizing/cycles.js';
import { engineGeometry } from '../../sizing/geometry.js';
import { scheduleOf } from '../../sizing/schedule.js';
import type { CommandResult, Register } from '../command.js';
import { decoderSchedule } from '../decoder-schedule.js';
import { table } from '../progress.js';
import { integerFrom, userPath } from '../values.js';

export function addSchedule(program: Command, register: Register): void {
  const command = program
    .command('schedule')
    .argument('<build>', 'folder from "sdq generate"')
    .description(
      'show the schedule of a generated accelerator: what each entry runs, its engine cycles, beats and stalls; ' +
        'in placement decoder, its program with the cycles of each instruction',
    )
    .option(
      '--position <place>',
      'of the token whose cycles are shown (default: the last of the context)',
      integerFrom(0),
    )
    .addHelpText('after', '\nExamples:\n  $ sdq schedule build/\n  $ sdq schedule build/ --position 0 --json');
  register(command, schedule);
}

function schedule(path: string, { position }: { readonly position?: number }): CommandResult {
  const { plan } = readBuildFolder(userPath(path));
  if (plan.decoder !== undefined) return programOf(plan, position ?? plan.model.context - 1);
  if (position !== undefined) throw new InputError('--position is for placement decoder; no cycle depends on it here');
  return linearSchedule(plan);
}

function programOf(plan: Plan, position: number): CommandResult {
  const { context } = plan.model;
  if (position >= context) throw new InputError(`--position must be below the context of ${context}, not ${position}`);
  const { program, assembly, time } = planProgram(plan, loadBoard(plan.board, plan.placement));
  return decoderSchedule({ ...program, instructions: wordsOf(assembly) }, time(position), position);
}

function linearSchedule(plan: Plan): CommandResult {
  const geometry = engineGeometry(plan, loadBoard(plan.board, plan.placement));
  const runs = runCycles(plan, geometry);
  const entries = scheduleOf(plan, geometry).map((entry, i) => ({
    ...entry,
    ...runs[i]!,
    utilisation: engineUtilisation(plan.linears[i]!, plan.array, runs[i]!.cycles),
  }));
  const total = (field: 'cycles' | 'beats' | 'stalls'): number => entries.reduce((sum, entry) => sum + entry[field], 0);
  const rows = entries.map(({ name, cycles, beats, stalls, utilisation }, i) => {
    const { rows: outputs, samples } = plan.linears[i]!;
    return [name, ...[outputs, samples, cycles, beats, stalls].map(String), `${(100 * utilisation).toFixed(1)} %`];
  });
  const [cycles, beats, stalls] = [total('cycles'), total('beats'), total('stalls')];
  const head = ['linear', 'rows', 'samples per block', 'engine cycles', 'beats', 'stalls', 'utilisation'];
  return {
    json: { schedule: entries, cycles, beats, stalls },
    text: `${table([head, ...rows])}\n\n${cycles} engine cycles per token: ${beats} beats, ${stalls} stalls`,
  };
}
