import { type Command, Option } from 'commander';
import type { Board } from '../../boards/board.js';
import { loadBoard } from '../../boards/node/load.js';
import { InputError } from '../../errors.js';
import { readJson } from '../../model/node/files.js';
import { shapeConfig, shapeNames } from '../../model/shapes.js';
import { shortened, shortenedConfig } from '../../model/shorten.js';
import type { ModelConfig, ModelSource } from '../../model/types.js';
import { writeFilesAtomic } from '../../node/atomic-file.js';
import {
  linearsAt,
  linearsOfConfig,
  linearsOfLeastLoss,
  linearsWithin,
  matchesModel,
  type OsrSource,
  osrConfigOf,
  parseOsrConfig,
} from '../../plan/allocate.js';
import { buildPlan, MIN_OSR, type PlanOptions, planHead, planLinears, SAMPLE_GRANULE } from '../../plan/build-plan.js';
import { checkPlanMemory } from '../../plan/fit.js';
import { planHash, prettyPlan } from '../../plan/hash.js';
import { bitsPerWeight, meanOsr, planBytes } from '../../plan/memory-size.js';
import { allocateOsr, meanOfOsrConfig, type OsrConfig } from '../../plan/multi-osr.js';
import { type ModelStatistics, parseStatistics } from '../../plan/statistics.js';
import type { Alphabet, FrameMode, Placement, Plan, PlanDecoder, PlanLinear } from '../../plan/types.js';
import { checkModel, parsePlan } from '../../plan/validate.js';
import { expectedLoss, type LossCurve } from '../../sensitivity/loss-curve.js';
import { ENGINES, type Engine } from '../../sizing/array.js';
import type { CommandResult, Register } from '../command.js';
import {
  addModelOptions,
  checkUserTokenizer,
  loadUserTokenizer,
  type ModelOptions,
  openUserModel,
  readWindows,
} from '../model.js';
import { sizeText, table } from '../progress.js';
import { measureLosses } from '../sensitivity.js';
import { measureWeights } from '../statistics.js';
import { blockValue, byteSize, integerFrom, osrValue, outputPath, userPath } from '../values.js';

const DEFAULT_OSR = 2.5;

interface PlanCommandOptions extends ModelOptions {
  readonly output?: string;
  readonly osr?: number;
  readonly headOsr?: number;
  readonly budget?: number;
  readonly uniform?: boolean;
  readonly osrConfig?: string;
  readonly exportOsrConfig?: string;
  readonly stats?: string;
  readonly calibration?: string;
  readonly limit?: number;
  readonly shape?: string;
  readonly alphabet: Alphabet;
  readonly frame: FrameMode;
  readonly block?: number;
  readonly board: string;
  readonly placement: Placement;
  readonly context?: number;
  readonly engine?: Engine;
}

export function addPlan(program: Command, register: Register): void {
  const command = program
    .command('plan')
    .argument('[model]', 'Hugging Face directory or llama2.c .bin file')
    .description('decide the over-sampling ratio of every linear, the frame, the array and the memories')
    .option('-o, --output <file>', 'plan file to write (JSON)')
    .option('--osr <ratio>', `mean over-sampling ratio, 1 to 8 (default: ${DEFAULT_OSR})`, osrValue)
    .option('--head-osr <ratio>', 'put the head in SDQ as well, at this ratio (default: in int8)', osrValue)
    .option('--budget <size>', 'the largest mean OSR whose packed weights and scales fit, e.g. 6MiB', byteSize)
    .option('--uniform', 'the same OSR for every linear instead of MultiOSR')
    .option('--osr-config <file>', 'take the OSR of every linear from a file')
    .option('--export-osr-config <file>', 'write the OSR of every linear to a file')
    .option('--stats <file>', 'allocate from statistics (see "sdq analyze") instead of reading the weights')
    .option(
      '--calibration <file>',
      'text (.jsonl or .txt) on which to measure what each linear costs: MultiOSR, measured',
    )
    .option(
      '--limit <count>',
      'measure on the first documents (.jsonl) or windows (.txt), and on all of them',
      integerFrom(1),
    )
    .addOption(new Option('--shape <name>', 'plan for a known model without its weights').choices(shapeNames()))
    .addOption(new Option('--alphabet <name>', 'weight symbols').choices(['ternary', 'binary']).default('ternary'))
    .addOption(
      new Option('--frame <name>', 'how blocks are over-sampled').choices(['hadamard', 'fourier']).default('hadamard'),
    )
    .option('--block <columns>', 'columns per block: 32, 64, 128 or 256', blockValue)
    .option('--board <name>', 'target board', 'sim')
    .addOption(
      new Option('--placement <name>', 'what runs on the FPGA: the linears, or the whole decoder')
        .choices(['linear', 'decoder'])
        .default('linear'),
    )
    .option('--context <tokens>', 'shorten the context, which the device has memory for', integerFrom(1))
    .addOption(
      new Option('--engine <name>', 'what adds on the FPGA (default: what is faster within its LUTs)').choices(ENGINES),
    )
    .addHelpText(
      'after',
      `
MultiOSR goes by the variance of the weights, as published, or with --calibration by measurement: by how much the model's
predictions change when a linear alone is quantized. By variance the OSR of each linear is rounded to a quarter, so that
the mean may differ from --osr; stderr says so. By measurement the mean does not exceed it. A head in SDQ has its own ratio:
--osr is the mean of the layers alone, while --budget is for both.

Examples:
  $ sdq plan examples/tiny-llama --osr 2.5 -o plan.json
  $ sdq plan examples/tiny-llama --budget 150KiB -o plan.json
  $ sdq plan examples/tiny-llama --osr 2 --calibration examples/text/calibration.jsonl -o plan.json
  $ sdq plan --shape llama-7b --osr 2 --json
  $ sdq plan --stats stats.json --osr 2 --export-osr-config osr.json`,
    );
  register(addModelOptions(command), plan);
}

export function plan(path: string | undefined, options: PlanCommandOptions): CommandResult {
  checkCombination(path, options);
  const outputs = outputsOf(path, options);
  if (path === undefined && options.shape === undefined) return allocationAlone(options, outputs);
  const board = loadBoard(options.board, options.placement);
  const whole = path === undefined ? null : openUserModel(path);
  try {
    if (path !== undefined && options.calibration === undefined) checkUserTokenizer(path, options);
    const known = whole ? whole.config : shapeConfig(options.shape!);
    const context = options.context ?? known.context;
    const source = whole && shortened(whole, context);
    const config = shortenedConfig(known, context);
    checkModel(config);
    const forLayers = { ...options, ...budgetOfLayers(config, options) };
    const statistics = (): ModelStatistics =>
      options.stats === undefined ? measureWeights(source!) : readStatistics(options.stats, config);
    const allocated =
      options.calibration === undefined
        ? allocate(config, forLayers, statistics)
        : allocateMeasured(
            source!,
            forLayers,
            readWindows(options.calibration, loadUserTokenizer(path!, options), config),
          );
    return finish(config, allocated, options, board, outputs);
  } finally {
    whole?.close();
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
  const read = [path, options.stats, options.calibration, options.tokenizer];
  const plan = output === undefined ? null : outputPath(output, [...read, options.osrConfig]);
  const osrConfig = exportOsrConfig === undefined ? null : outputPath(exportOsrConfig, read);
  if (plan !== null && plan === osrConfig) throw new InputError('-o and --export-osr-config name the same file');
  return { plan, osrConfig };
}

function checkCombination(path: string | undefined, options: PlanCommandOptions): void {
  const given = [path, options.shape].filter((value) => value !== undefined).length;
  if (given > 1) throw new InputError('give a MODEL or --shape, not both');
  if (given === 0 && options.stats === undefined) throw new InputError('give a MODEL, --shape NAME or --stats FILE');
  if (path === undefined && options.tokenizer !== undefined) throw new InputError('--tokenizer goes with a MODEL');
  if (given === 0 && options.output !== undefined) {
    throw new InputError('--stats alone gives an allocation, not a plan: -o needs a MODEL or --shape');
  }
  if (options.placement === 'decoder' && options.frame !== 'hadamard') {
    throw new InputError('--placement decoder goes with --frame hadamard: the device frames mode hadamard only');
  }
  if (options.placement === 'decoder' && options.engine === 'table') {
    throw new InputError('--engine table is for placement linear');
  }
  const targets = [options.osr, options.budget, options.osrConfig].filter((value) => value !== undefined).length;
  if (targets > 1) throw new InputError('--osr, --budget and --osr-config exclude each other');
  if (options.osrConfig !== undefined && options.uniform)
    throw new InputError('--osr-config and --uniform exclude each other');
  const { budget, osrConfig, uniform, headOsr, context } = options;
  const needsModel = [budget, osrConfig, uniform, headOsr, context].some((value) => value !== undefined);
  if (given === 0 && needsModel) {
    throw new InputError('--stats alone goes with --osr only');
  }
  if (options.limit !== undefined && options.calibration === undefined) {
    throw new InputError('--limit goes with --calibration');
  }
  if (options.calibration === undefined) return;
  if (path === undefined) throw new InputError('--calibration measures the weights of a MODEL: it needs one');
  for (const [name, value] of Object.entries({
    '--uniform': options.uniform,
    '--osr-config': options.osrConfig,
    '--stats': options.stats,
  })) {
    if (value) throw new InputError(`--calibration and ${name} exclude each other`);
  }
}

/** Mean loss in nats per token that is expected of allocations, all of them within the same limit. */
interface ExpectedLosses {
  readonly measured: number;
  readonly variance: number;
  readonly uniform: number;
}

interface Allocated {
  readonly linears: PlanLinear[];
  /** `given`: by an OSR file. */
  readonly allocation: 'uniform' | 'variance' | 'measured' | 'given';
  /** Null unless it was measured. */
  readonly expectedLoss: ExpectedLosses | null;
}

/** What a budget leaves for the layers beside a head in SDQ. */
function budgetOfLayers(config: ModelConfig, options: PlanCommandOptions): Pick<PlanCommandOptions, 'budget'> {
  const { budget, headOsr } = options;
  if (budget === undefined || headOsr === undefined) return {};
  const layers = planLinears(config, planOptionsOf(options), () => MIN_OSR);
  const head = planBytes({ linears: planHead(config, layers[0]!, headOsr) });
  const least = planBytes({ linears: layers });
  if (head + least > budget) {
    throw new InputError(
      `--budget ${budget} bytes is too small: the head takes ${head} bytes at OSR ${headOsr}, and the other linears take ${least} bytes at OSR 1`,
    );
  }
  return { budget: budget - head };
}

function planOptionsOf({ alphabet, frame, block, placement }: PlanCommandOptions): PlanOptions {
  return { alphabet, frame, block: block ?? null, placement };
}

/** By what each linear costs: the least sum within the limit. Within a budget, or other rules' ratios should they cost less. */
function allocateMeasured(
  source: ModelSource,
  options: PlanCommandOptions,
  windows: readonly (readonly number[])[],
): Allocated {
  const { config } = source;
  const planOptions = planOptionsOf(options);
  const { budget } = options;
  if (budget !== undefined) checkBudget(budget, config, planOptions);
  const target = options.osr ?? DEFAULT_OSR;
  const by = (rule: OsrSource): PlanLinear[] =>
    budget === undefined
      ? linearsAt(config, planOptions, rule, target)
      : linearsWithin(config, planOptions, rule, budget);
  const uniform = by({ kind: 'uniform' });
  const variance = by({ kind: 'multi', statistics: measureWeights(source) });
  const mean = budget === undefined ? target : meanOsr({ linears: uniform });
  const used = windows.slice(0, options.limit);
  const curve: LossCurve = measureLosses(source, planOptions, used, mean, options.limit !== undefined);
  const limit = budget === undefined ? { osr: target } : { bytes: budget };
  const measured = linearsOfLeastLoss(config, planOptions, curve, limit);
  const found = { measured, variance, uniform };
  const losses = {
    measured: expectedLoss(curve, measured),
    variance: expectedLoss(curve, variance),
    uniform: expectedLoss(curve, uniform),
  };
  if (budget !== undefined) {
    const rules = ['measured', 'variance', 'uniform'] as const;
    const allocation = rules.reduce((best, rule) => (losses[rule] < losses[best] ? rule : best));
    return { linears: found[allocation], allocation, expectedLoss: losses };
  }
  const reached = meanOsr({ linears: measured });
  noteMean(reached, target, 'the OSR of each linear goes in steps, and the mean stays below');
  return { linears: measured, allocation: 'measured', expectedLoss: losses };
}

/** By the published rule, uniformly, or as given. */
function allocate(config: ModelConfig, options: PlanCommandOptions, statistics: () => ModelStatistics): Allocated {
  const planOptions = planOptionsOf(options);
  if (options.osrConfig !== undefined) {
    const file = userPath(options.osrConfig);
    const linears = linearsOfConfig(config, planOptions, parseOsrConfig(readJson(file), file), file);
    return { linears, allocation: 'given', expectedLoss: null };
  }
  // Before the weights are measured.
  if (options.budget !== undefined) checkBudget(options.budget, config, planOptions);
  // A shape has no weights: without statistics every linear gets the same OSR.
  const uniform = options.uniform || (options.shape !== undefined && options.stats === undefined);
  const source: OsrSource = uniform ? { kind: 'uniform' } : { kind: 'multi', statistics: statistics() };
  const rule = { allocation: uniform ? 'uniform' : 'variance', expectedLoss: null } as const;
  if (options.budget !== undefined) {
    return { ...rule, linears: linearsWithin(config, planOptions, source, options.budget) };
  }
  const target = options.osr ?? DEFAULT_OSR;
  const linears = linearsAt(config, planOptions, source, target);
  noteMean(meanOsr({ linears }), target, uniform ? uniformRounding(linears[0]!) : MULTI_OSR_ROUNDING);
  return { ...rule, linears };
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
  { linears: layers, allocation, expectedLoss }: Allocated,
  options: PlanCommandOptions,
  board: Board,
  outputs: Outputs,
): CommandResult {
  const head = options.headOsr === undefined ? [] : planHead(config, layers[0]!, options.headOsr);
  const linears = [...layers, ...head];
  const result = buildPlan(config, linears, board, options.placement, options.engine);
  const plan = prettyPlan(result);
  parsePlan(plan, `the plan of ${config.name}`);
  noteMemory(result, board);
  const osrFile = osrConfigFile(outputs, osrConfigOf(layers));
  writeFilesAtomic(outputs.plan === null ? osrFile : [...osrFile, [outputs.plan, plan]]);
  const json = {
    meanOsr: meanOsr(result),
    bitsPerWeight: bitsPerWeight(result),
    bytes: planBytes(result),
    planHash: planHash(result),
    allocation,
    expectedLoss,
    board: result.board,
    placement: result.placement,
    context: config.context,
    array: result.array,
    decoder: result.decoder ?? null,
    linears: linears.map(({ name, osr }) => ({ name, osr })),
  };
  const { lanes, rows, engine = 'adder' } = result.array;
  const { decoder } = result;
  const text = [
    table([
      ['linear', 'rows', 'cols', 'OSR'],
      ...linears.map((l) => [l.name, `${l.rows}`, `${l.cols}`, l.osr.toFixed(3)]),
    ]),
    '',
    `mean OSR ${json.meanOsr.toFixed(3)}, ${json.bitsPerWeight.toFixed(3)} bits per weight, ${sizeText(json.bytes)} of weights and scales`,
    ...(expectedLoss === null ? [] : [lossText(allocation, expectedLoss)]),
    `${engine} engine, array of ${lanes} lanes × ${rows} rows for board ${result.board}, plan ${json.planHash}`,
    ...(decoder === undefined ? [] : [decoderText(decoder, config.context)]),
    options.output === undefined
      ? 'Nothing was written: add -o plan.json to keep the plan.'
      : `Wrote ${options.output}.`,
  ];
  return { json, text: text.join('\n') };
}

function decoderText({ values, attention }: PlanDecoder, context: number): string {
  return `decoder with ${values} elements per cycle and ${attention} products per cycle of attention, context of ${context}`;
}

function lossText(allocation: Allocated['allocation'], losses: ExpectedLosses): string {
  const all = Object.entries(losses).map(([name, loss]) => `${name} ${loss.toFixed(4)}`);
  return `expected loss in nats per token: ${all.join(', ')}; allocation: ${allocation}`;
}

/** Says on stderr that a plan is for estimates and quantizing only, if its memories cannot be built. */
function noteMemory(plan: Plan, board: Board): void {
  try {
    checkPlanMemory(plan, board);
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
    json: {
      meanOsr: mean,
      bitsPerWeight: null,
      bytes: null,
      planHash: null,
      allocation: 'variance',
      expectedLoss: null,
      board: null,
      placement: null,
      context: null,
      array: null,
      decoder: null,
      linears,
    },
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
