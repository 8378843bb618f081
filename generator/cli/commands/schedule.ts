import type { Command } from 'commander';
import { readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { loadBoard } from '../../boards/node/load.js';
import { linearCycles } from '../../sizing/cycles.js';
import { engineGeometry } from '../../sizing/geometry.js';
import { scheduleOf } from '../../sizing/schedule.js';
import type { CommandResult, Register } from '../command.js';
import { table } from '../progress.js';
import { userPath } from '../values.js';

export function addSchedule(program: Command, register: Register): void {
  const command = program
    .command('schedule')
    .argument('<build>', 'folder from "sdq generate"')
    .description('show the schedule of a generated accelerator: what each entry runs and its engine cycles')
    .addHelpText('after', '\nExample:\n  $ sdq schedule build/');
  register(command, schedule);
}

function schedule(path: string): CommandResult {
  const { plan } = readBuildFolder(userPath(path));
  const geometry = engineGeometry(plan, loadBoard(plan.board));
  const entries = scheduleOf(plan, geometry).map((entry, i) => ({
    ...entry,
    cycles: linearCycles(plan.linears[i]!, geometry),
  }));
  const total = entries.reduce((sum, { cycles }) => sum + cycles, 0);
  const rows = entries.map(({ name, cycles }, i) => {
    const { rows: outputs, samples } = plan.linears[i]!;
    return [name, String(outputs), String(samples), String(cycles)];
  });
  return {
    json: { schedule: entries, cycles: total },
    text: `${table([['linear', 'rows', 'samples per block', 'engine cycles'], ...rows])}\n\n${total} engine cycles per token`,
  };
}
