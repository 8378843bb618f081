import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { promptTokens } from '../../../firmware/session/session.js';
import { checkBuildFolder } from '../../emit/node/generate.js';
import { makeFolder } from '../../node/atomic-file.js';
import { packageRoot } from '../../node/package-root.js';
import { colours } from '../colours.js';
import type { CommandResult, Register } from '../command.js';
import { loadUserTokenizer, openUserModel } from '../model.js';
import { duration } from '../progress.js';
import { integerFrom, osrValue, outputFolder, outputPath, userPath } from '../values.js';
import { evaluate } from './eval.js';
import { generateVerilog } from './generate.js';
import { inspect } from './inspect.js';
import { plan } from './plan.js';
import { quantize } from './quantize.js';
import { simulateBuild } from './simulate.js';

/** As many as take a few seconds. */
const DOCUMENTS = 10;

interface DemoOptions {
  readonly output: string;
  readonly osr: number;
  readonly tokens: number;
  readonly prompt: string;
}

export function addDemo(program: Command, register: Register): void {
  const command = program
    .command('demo')
    .description('the whole path on a bundled model: checkpoint, plan, weights, Verilog, simulated accelerator, text')
    .option('-o, --output <folder>', 'folder for everything it makes', 'sdq-demo')
    .option('--osr <ratio>', 'mean over-sampling ratio, 1 to 8', osrValue, 2.5)
    .option('--tokens <count>', 'the most tokens to generate', integerFrom(1), 48)
    .option('--prompt <text>', 'text to continue', 'Once upon a time')
    .addHelpText('after', '\nExamples:\n  $ sdq demo\n  $ sdq demo --osr 2 --prompt "The little" --tokens 64');
  register(command, demo);
}

async function demo(options: DemoOptions): Promise<CommandResult> {
  const started = Date.now();
  const folder = outputFolder(options.output);
  const model = join(packageRoot(), 'examples/tiny-llama');
  const texts = join(packageRoot(), 'examples/text');
  const planFile = join(folder, 'plan.json');
  const weights = join(folder, 'weights.sdq');
  const build = join(folder, 'build');
  checkPrompt(model, options.prompt);
  checkBuildFolder(build);
  makeFolder(folder);
  for (const file of [planFile, weights]) outputPath(file);

  const { bold, cyan } = colours(process.stderr);
  const show = (path: string): string => relative(userPath('.'), path) || '.';
  const step = (command: string): void => void process.stderr.write(`\n${bold(cyan(`$ sdq ${command}`))}\n`);
  const done = (result: CommandResult): CommandResult => {
    process.stderr.write(`${result.text}\n`);
    return result;
  };

  step(`inspect ${show(model)}`);
  done(inspect(model, {}));
  step(`plan ${show(model)} --osr ${options.osr} -o ${show(planFile)}`);
  const planned = done(
    plan(model, {
      output: planFile,
      osr: options.osr,
      alphabet: 'ternary',
      frame: 'hadamard',
      board: 'sim',
      placement: 'linear',
    }),
  );
  const calibration = join(texts, 'calibration.jsonl');
  step(
    `quantize ${show(model)} --plan ${show(planFile)} -o ${show(weights)} --calibration ${show(calibration)} --limit ${DOCUMENTS}`,
  );
  done(await quantize(model, { plan: planFile, output: weights, calibration, limit: DOCUMENTS }));
  step(`generate --plan ${show(planFile)} -o ${show(build)}`);
  done(generateVerilog({ plan: planFile, output: build }));
  step(
    `simulate ${show(build)} --model ${show(model)} --weights ${show(weights)} --prompt "${options.prompt}" --tokens ${options.tokens}`,
  );
  const simulated = done(
    await simulateBuild(build, { model, weights, prompt: options.prompt, tokens: options.tokens }),
  );
  const text = join(texts, 'eval.jsonl');
  step(`eval ${show(model)} --text ${show(text)} --weights ${show(weights)} --limit ${DOCUMENTS}`);
  const evaluated = done(evaluate(model, { text, weights, limit: DOCUMENTS }));

  const json = { ...pick(planned, ['planHash', 'meanOsr', 'bitsPerWeight']), ...simulated.json, ...evaluated.json };
  return {
    json,
    text: `\n${summary(json as DemoResult, options, (Date.now() - started) / 1000)}`,
    passed: simulated.passed === true,
  };
}

/** @throws InputError if the prompt is too long, which would be found only when everything else is done */
function checkPrompt(model: string, prompt: string): void {
  const source = openUserModel(model);
  source.close();
  promptTokens(prompt, loadUserTokenizer(model, {}), source.config);
}

interface DemoResult {
  readonly bitsPerWeight: number;
  readonly compared: number;
  readonly mismatches: number;
  readonly cyclesPerToken: number;
  readonly text: string;
  readonly nll: { readonly float: number; readonly sdq: number; readonly integer: number };
}

function pick(result: CommandResult, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(result.json).filter(([key]) => keys.includes(key)));
}

function summary(result: DemoResult, { prompt }: DemoOptions, seconds: number): string {
  const { compared, mismatches, nll } = result;
  const { bold, dim } = colours(process.stdout);
  return [
    bold('The accelerator wrote:'),
    `${dim(prompt)}${result.text}`,
    '',
    `${compared - mismatches} of ${compared} values equal to the golden model`,
    `${result.bitsPerWeight.toFixed(2)} bits per weight, ${result.cyclesPerToken.toFixed(0)} cycles per token`,
    `NLL in nats per token: float ${nll.float.toFixed(4)}, SDQ ${nll.sdq.toFixed(4)}, integer ${nll.integer.toFixed(4)}`,
    `done in ${duration(seconds)}`,
  ].join('\n');
}
