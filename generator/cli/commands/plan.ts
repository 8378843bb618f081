import { type Command, Option } from 'commander';
import type { Board } from '../../boards/board.js';
import { loadBoard } from '../../boards/node/load.js';
import { InputError } from '../../errors.js';
import { readJson } from '../../model/node/files.js';
import { shapeConfig, shapeNames } from '../../model/shapes.js';
import type { ModelConfig } from '../../model/types.js';
import { writeFilesAtomic } from '../../node/atomic-file.js';
import {
  linearsAt,
  linearsOfConfig,
  linearsWithin,
  matchesModel,
  type OsrSource,
  osrConfigOf,
  parseOsrConfig,
} from '../../plan/allocate.js';
import { buildPlan, MIN_OSR, type PlanOptions, planLinears, SAMPLE_GRANULE } from '../../plan/build-plan.js';
import { planHash, prettyPlan } from '../../plan/hash.js';
import { bitsPerWeight, meanOsr, planBytes } from '../../plan/memory-size.js';
import { allocateOsr, meanOfOsrConfig, type OsrConfig } from '../../plan/multi-osr.js';
import { type ModelStatistics, parseStatistics } from '../../plan/statistics.js';
import type { Alphabet, FrameMode, Placement, Plan, PlanLinear } from '../../plan/types.js';
import { checkModel, parsePlan } from '../../plan/validate.js';
import { checkMemory } from '../../sizing/memory.js';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, checkUserTokenizer, type ModelOptions, openUserModel } from '../model.js';
import { sizeText, table } from '../progress.js';
import { measureWeights } from '../statistics.js';
import { blockValue, byteSize, osrValue, outputPath, userPath } from '../values.js';

const DEFAULT_OSR = 2.5;

interface PlanCommandOptions extends ModelOptions {
  readonly output?: string;
  readonly osr?: number;
  readonly budget?: number;
  readonly uniform?: boolean;
  readonly osrConfig?: string;
  readonly exportOsrConfig?: string;
  readonly stats?: string;
  readonly shape?: string;
  readonly alphabet: Alphabet;
  readonly frame: FrameMode;
  readonly block?: number;
  readonly board: string;
  readonly placement: Placement;
}

export function addPlan(program: Command, register: Register): void {
  const command = program
    .command('plan')
    .argument('[model]', 'Hugging Face directory or llama2.c .bin file')
    .description('decide the over-sampling ratio of every linear, the frame, the array and the memories')
    .option('-o, --output <file>', 'plan file to write (JSON)')
    .option('--osr <ratio>', `mean over-sampling ratio, 1 to 8 (default: ${DEFAULT_OSR})`, osrValue)
    .option('--budget <size>', 'the largest mean OSR whose packed weights and scales fit, e.g. 6MiB', byteSize)
    .option('--uniform', 'the same OSR for every linear instead of MultiOSR')
    .option('--osr-config <file>', 'take the OSR of every linear from a file')
    .option('--export-osr-config <file>', 'write the OSR of every linear to a file')
    .option('--stats <file>', 'allocate from statistics (see "sdq analyze") instead of reading the weights')
    .addOption(new Option('--shape <name>', 'plan for a known model without its weights').choices(shapeNames()))
    .addOption(new Option('--alphabet <name>', 'weight symbols').choices(['ternary', 'binary']).default('ternary'))
    .addOption(
      new Option('--frame <name>', 'how blocks are over-sampled').choices(['hadamard', 'fourier']).default('hadamard'),
    )
    .option('--block <columns>', 'columns per block: 32, 64, 128 or 256', blockValue)
    .option('--board <name>', 'target board', 'sim')
    .addOption(
      new Option('--placement <name>', 'what runs on the FPGA; decoder cannot be generated yet')
        .choices(['linear', 'decoder'])
        .default('linear'),
    )
    .addHelpText(
      'after',
      `
MultiOSR rounds the OSR of each linear to a quarter, so that the mean may differ from --osr; stderr says so.

Examples:
  $ sdq plan examples/tiny-llama --osr 2.5 -o plan.json
  $ sdq plan examples/tiny-llama --budget 150KiB -o plan.json
  $ sdq plan --shape llama-7b --osr 2 --json
  $ sdq plan --stats stats.json --osr 2 --export-osr-config osr.json`,
    );
  register(addModelOptions(command), plan);
}

export function plan(path: string | undefined, options: PlanCommandOptions): CommandResult {
  checkCombination(path, options);
  const outputs = outputsOf(path, options);
  if (path === undefined && options.shape === undefined) return allocationAlone(options, outputs);
  const board = loadBoard(options.board);
  const source = path === undefined ? null : openUserModel(path);
  try {
    if (path !== undefined) checkUserTokenizer(path, options);
    const config = source ? source.config : shapeConfig(options.shape!);
    checkModel(config);
    const statistics = (): ModelStatistics =>
      options.stats === undefined ? measureWeights(source!) : readStatistics(options.stats, config);
    return finish(config, chooseLinears(config, options, statistics), options, board, outputs);
  } finally {
    source?.close();
  }
}

/** Where results go. */
interface Outputs {
  readonly plan: string | null;
  readonly osrConfig: string | null;
}

/** @throws InputError if one of the files cannot be written */
function outputsOf(path: string | undefined, options: PlanCommandOptions): Outputs {
  const { output, exportOsrConfig } = options;
  const plan = output === undefined ? null : outputPath(output, [path, options.stats, options.osrConfig]);
  const osrConfig = exportOsrConfig === undefined ? null : outputPath(exportOsrConfig, [path, options.stats]);
  if (plan !== null && plan === osrConfig) throw new InputError('-o and --export-osr-config name the same file');
  return { plan, osrConfig };
}

function checkCombination(path: string | undefined, options: PlanCommandOptions): void {
  const given = [path, options.shape].filter((value) => value !== undefined).length;
  if (given > 1) throw new InputError('give a MODEL or --shape, not both');
  if (given === 0 && options.stats === undefined) throw new InputError('give a MODEL, --shape NAME or --stats FILE');
  if (path === undefined && options.tokenizer !== undefined) throw new InputError('--tokenizer goes with a MODEL');
  if (options.placement === 'decoder') {
    throw new InputError('--placement decoder cannot be generated yet: only linear can today');
  }
  if (given === 0 && options.output !== undefined) {
    throw new InputError('--stats alone gives an allocation, not a plan: -o needs a MODEL or --shape');
  }
  const targets = [options.osr, options.budget, options.osrConfig].filter((value) => value !== undefined).length;
  if (targets > 1) throw new InputError('--osr, --budget and --osr-config exclude each other');
  if (options.osrConfig !== undefined && options.uniform)
    throw new InputError('--osr-config and --uniform exclude each other');
  if (given === 0 && (options.budget !== undefined || options.osrConfig !== undefined || options.uniform)) {
    throw new InputError('--stats alone goes with --osr only');
  }
}

function chooseLinears(
  config: ModelConfig,
  options: PlanCommandOptions,
  statistics: () => ModelStatistics,
): PlanLinear[] {
  const planOptions: PlanOptions = {
    alphabet: options.alphabet,
    frame: options.frame,
    block: options.block ?? null,
    placement: options.placement,
  };
  if (options.osrConfig !== undefined) {
    const file = userPath(options.osrConfig);
    return linearsOfConfig(config, planOptions, parseOsrConfig(readJson(file), file), file);
  }
  // Before the weights are measured.
  if (options.budget !== undefined) checkBudget(options.budget, config, planOptions);
  // A shape has no weights: without statistics every linear gets the same OSR.
  const uniform = options.uniform || (options.shape !== undefined && options.stats === undefined);
  const source: OsrSource = uniform ? { kind: 'uniform' } : { kind: 'multi', statistics: statistics() };
  if (options.budget !== undefined) return linearsWithin(config, planOptions, source, options.budget);
  const target = options.osr ?? DEFAULT_OSR;
  const linears = linearsAt(config, planOptions, source, target);
  noteMean(meanOsr({ linears }), target, uniform ? uniformRounding(linears[0]!) : MULTI_OSR_ROUNDING);
  return linears;
}

function checkBudget(budget: number, config: ModelConfig, options: PlanOptions): void {
  const bytes = planBytes({ linears: planLinears(config, options, () => MIN_OSR) });
  if (bytes > budget) {
    throw new InputError(`--budget ${budget} bytes is too small: the linears take ${bytes} bytes at OSR 1`);
  }
}

const MULTI_OSR_ROUNDING = 'MultiOSR rounds the OSR of each linear to a quarter';

function uniformRounding({ frame, block }: PlanLinear): string {
  return frame === 'hadamard'
    ? `blocks of ${block} columns get a multiple of ${SAMPLE_GRANULE} samples`
    : `blocks of ${block} columns get whole samples`;
}

/** Says on stderr that a mean OSR is not the one that was asked for, if the difference would show. */
function noteMean(mean: number, target: number, reason: string): void {
  if (mean.toFixed(3) !== target.toFixed(3)) note(`The mean OSR is ${mean.toFixed(3)}, not ${target}: ${reason}.`);
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

function finish(
  config: ModelConfig,
  linears: PlanLinear[],
  options: PlanCommandOptions,
  board: Board,
  outputs: Outputs,
): CommandResult {
  const result = buildPlan(config, linears, board, options.placement);
  const plan = prettyPlan(result);
  parsePlan(plan, `the plan of ${config.name}`);
  noteMemory(result, board);
  const osrFile = osrConfigFile(outputs, osrConfigOf(linears));
  writeFilesAtomic(outputs.plan === null ? osrFile : [...osrFile, [outputs.plan, plan]]);
  const json = {
    meanOsr: meanOsr(result),
    bitsPerWeight: bitsPerWeight(result),
    bytes: planBytes(result),
    planHash: planHash(result),
    linears: linears.map(({ name, osr }) => ({ name, osr })),
  };
  const { lanes, rows } = result.array;
  const text = [
    table([
      ['linear', 'rows', 'cols', 'OSR'],
      ...linears.map((l) => [l.name, `${l.rows}`, `${l.cols}`, l.osr.toFixed(3)]),
    ]),
    '',
    `mean OSR ${json.meanOsr.toFixed(3)}, ${json.bitsPerWeight.toFixed(3)} bits per weight, ${sizeText(json.bytes)} of weights and scales`,
    `array of ${lanes} lanes × ${rows} rows for board ${result.board}, plan ${json.planHash}`,
    options.output === undefined
      ? 'Nothing was written: add -o plan.json to keep the plan.'
      : `Wrote ${options.output}.`,
  ];
  return { json, text: text.join('\n') };
}

/** Says on stderr that a plan is for estimates and quantizing only, if its memories cannot be built. */
function noteMemory({ memory }: Plan, board: Board): void {
  try {
    checkMemory(memory, board);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    note(`No accelerator can be generated from this plan: ${error.message}.`);
  }
}

/** The allocation from statistics alone, without a model. */
function allocationAlone(options: PlanCommandOptions, outputs: Outputs): CommandResult {
  const statistics = readStatistics(options.stats!);
  const target = options.osr ?? DEFAULT_OSR;
  const osr = allocateOsr(statistics, target);
  const mean = meanOfOsrConfig(statistics, osr);
  noteMean(mean, target, MULTI_OSR_ROUNDING);
  writeFilesAtomic(osrConfigFile(outputs, osr));
  const linears = Object.entries(osr).flatMap(([layer, roles]) =>
    Object.entries(roles).map(([role, { osr_proj }]) => ({ name: `layers.${layer}.${role}`, osr: osr_proj })),
  );
  const rows = linears.map(({ name, osr: value }) => [name, value.toFixed(2)]);
  return {
    json: { meanOsr: mean, bitsPerWeight: null, bytes: null, planHash: null, linears },
    text: `${table([['linear', 'OSR'], ...rows])}\n\nmean OSR ${mean.toFixed(3)}`,
  };
}

function readStatistics(path: string, config?: ModelConfig): ModelStatistics {
  const file = userPath(path);
  const statistics = parseStatistics(readJson(file), file);
  if (config && !matchesModel(config, statistics)) {
    throw new InputError(`${file} does not have the layers and linears of ${config.name}`);
  }
  return statistics;
}

function osrConfigFile(outputs: Outputs, osr: OsrConfig): [string, string][] {
  return outputs.osrConfig === null ? [] : [[outputs.osrConfig, `${JSON.stringify(osr, null, 1)}\n`]];
}
