import { existsSync, rmSync } from 'node:fs';
import type { Command } from 'commander';
import { type GenerateResult, generate } from '../../emit/node/generate.js';
import { InputError } from '../../errors.js';
import { planHash } from '../../plan/hash.js';
import { readPlan } from '../../plan/node/read-plan.js';
import type { CommandResult, Register } from '../command.js';
import { outputFolder, userPath } from '../values.js';

const BOUNDS = { lanes: 'the lanes', memory: 'the memory', link: 'the host link' } as const;

export function addGenerate(program: Command, register: Register): void {
  const command = program
    .command('generate')
    .description('write the Verilog of the accelerator that a plan describes')
    .requiredOption('--plan <file>', 'plan file from "sdq plan"')
    .requiredOption('-o, --output <folder>', 'folder to write (build/)')
    .addHelpText('after', '\nExample:\n  $ sdq generate --plan plan.json -o build/');
  register(command, generateVerilog);
}

export function generateVerilog(options: { plan: string; output: string }): CommandResult {
  const plan = readPlan(userPath(options.plan));
  if (plan.placement === 'decoder') {
    throw new InputError(
      `${options.plan}: $.placement is decoder, for which no hardware is generated yet; plan with --placement linear`,
    );
  }
  const folder = outputFolder(options.output);
  const isNew = !existsSync(folder);
  let result: GenerateResult;
  try {
    result = generate(plan, planHash(plan), folder);
  } catch (error) {
    // A disk that became full must not leave a part of a build.
    if (isNew && existsSync(folder)) rmSync(folder, { recursive: true });
    throw error;
  }
  const { luts, brams, cyclesPerToken, tokensPerSecond } = result.estimate;
  const { bound, lanes, memory, link } = result.roofline;
  return {
    json: { ...result, bound },
    text: [
      ...result.files.map((file) => `  ${file}`),
      `Wrote ${result.files.length} files to ${options.output}, top module ${result.top}, plan ${result.planHash}.`,
      `Estimate: ${luts} LUTs, ${brams} block RAMs, ${cyclesPerToken} cycles per token in simulation, at most ${tokensPerSecond.toFixed(1)} tokens per second on the board.`,
      `Bound by ${BOUNDS[bound]}: a token needs ${lanes} cycles of the array, ${memory} of the memory, ${link} of the host link.`,
    ].join('\n'),
  };
}
