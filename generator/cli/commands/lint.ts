import type { Command } from 'commander';
import { lintBuild, readBuildFolder } from '../../../sim/harness/node/simulator.js';
import type { CommandResult, Register } from '../command.js';
import { interruptible } from '../interrupt.js';
import { startProgress } from '../progress.js';
import { userPath } from '../values.js';

export function addLint(program: Command, register: Register): void {
  const command = program
    .command('lint')
    .argument('<build>', 'folder from "sdq generate"')
    .description("check the generated Verilog with Verilator's -Wall")
    .addHelpText('after', '\nExit code 1 if there is an error or any warning.\n\nExample:\n  $ sdq lint build/');
  register(command, lint);
}

async function lint(path: string): Promise<CommandResult> {
  const build = readBuildFolder(userPath(path));
  const files = build.verilog.length + build.simulation.length;
  const progress = startProgress('Linting');
  try {
    const { ok, output } = await interruptible((signal) => lintBuild(build, (line) => progress.note(line), signal));
    return {
      json: { clean: ok, files, output },
      text: ok ? `${files} files, no warning` : output.trimEnd(),
      passed: ok,
    };
  } finally {
    progress.stop();
  }
}
