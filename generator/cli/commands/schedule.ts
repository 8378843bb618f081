import type { Command } from 'commander';
import { readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { loadBoard } from '../../boards/node/load.js';
import { engineUtilisation, runCycles } from '../../sizing/cycles.js';
import { engineGeometry } from '../../sizing/geometry.js';
import { scheduleOf } from '../../sizing/schedule.js';
import type { CommandResult, Register } from '../command.js';
import { table } from '../progress.js';
import { userPath } from '../values.js';

export function addSchedule(program: Command, register: Register): void {
  const command = program
    .command('schedule')
    .argument('<build>', 'folder from "sdq generate"')
    .description(
      'show the schedule of a generated accelerator: what each entry runs, its engine cycles, beats and stalls',
    )
    .addHelpText('after', '\nExample:\n  $ sdq schedule build/');
  register(command, schedule);
}

function schedule(path: string): CommandResult {
  const { plan } = readBuildFolder(userPath(path));
  const geometry = engineGeometry(plan, loadBoard(plan.board));
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
