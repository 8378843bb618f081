import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { InputError } from '../../errors.js';
import { planHash } from '../../plan/hash.js';
import { readPlan } from '../../plan/node/read-plan.js';
import { checkSameModel } from '../../plan/same-model.js';
import { checkpointPath } from '../../quantize/node/checkpoint.js';
import type { SearchName } from '../../quantize/quantize-linear.js';
import { DEFAULT_EFFORT, GREATEST_EFFORT, LEAST_EFFORT } from '../../quantize/refine.js';
import { type CommandResult, Interrupted, type Register } from '../command.js';
import { interruptible } from '../interrupt.js';
import {
  addModelOptions,
  checkUserTokenizer,
  loadUserTokenizer,
  type ModelOptions,
  openUserModel,
  readWindows,
} from '../model.js';
import { duration, sizeText, startProgress, timeLeft } from '../progress.js';
import type { QuantizeJob } from '../quantize/job.js';
import { runQuantizeJob } from '../quantize/run-job.js';
import { integerFrom, outputPath, userPath } from '../values.js';

interface QuantizeOptions extends ModelOptions {
  readonly plan: string;
  readonly output: string;
  readonly calibration?: string;
  readonly limit?: number;
  readonly search?: SearchName;
  readonly effort?: number;
  readonly threads?: number;
}

export function addQuantize(program: Command, register: Register): void {
  const command = program
    .command('quantize')
    .argument('<model>', 'Hugging Face directory or llama2.c .bin file')
    .description('turn the weights into symbols and scales as a plan says, and write them as an image')
    .requiredOption('--plan <file>', 'plan file from "sdq plan"')
    .requiredOption('-o, --output <file>', 'image to write (weights.sdq)')
    .option('--calibration <file>', 'text (.jsonl or .txt) that shows which errors matter')
    .option('--limit <count>', 'calibrate on the first documents (.jsonl) or windows (.txt) only', integerFrom(1))
    .addOption(
      new Option('--search <name>', 'how symbols are found; sigma-delta needs a plan with --frame fourier').choices([
        'sigma-delta',
        'refine',
      ]),
    )
    .option(
      '--effort <level>',
      `of refine, ${LEAST_EFFORT} (fast) to ${GREATEST_EFFORT} (accurate); default ${DEFAULT_EFFORT}`,
      integerFrom(LEAST_EFFORT, GREATEST_EFFORT),
    )
    .option('--threads <count>', 'threads to search on (default: one per core)', integerFrom(1, 256))
    .addHelpText(
      'after',
      `
Examples:
  $ sdq quantize examples/tiny-llama --plan plan.json -o weights.sdq
  $ sdq quantize examples/tiny-llama --plan plan.json -o weights.sdq --calibration examples/text/calibration.jsonl

Interrupted, it leaves weights.sdq.resume; the same command continues with the linear it was in.`,
    );
  register(addModelOptions(command), quantize);
}

export async function quantize(path: string, options: QuantizeOptions): Promise<CommandResult> {
  const { job, name } = checkedJob(path, options);
  const { linears } = job.plan;
  const started = Date.now();
  const progress = startProgress(`Quantizing ${linears.length} linears of ${name}`);
  // Time goes with the number of weights.
  const sizes = linears.map(({ rows, cols }) => rows * cols);
  const weightsBefore = (index: number): number => sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  const show = (done: number, what: string): void => {
    const before = weightsBefore(resumed);
    const share = (weightsBefore(done) - before) / (weightsBefore(linears.length) - before);
    progress.update(`${done} of ${linears.length} linears${timeLeft(share, started)}; ${what}`);
  };
  let resumed = 0;
  try {
    const onMessage: Parameters<typeof runQuantizeJob>[1] = (message) => {
      if (message.kind === 'resumed') {
        resumed = message.finished;
        progress.done(
          `Continuing after ${resumed} of ${linears.length} linears, which are kept in ${checkpointPath(options.output)}`,
        );
        return;
      }
      const linear = linears[message.index]!.name;
      if (message.kind === 'linear') show(message.index + 1, `${linear} ${message.snrDb.toFixed(1)} dB`);
      else if (message.activity === 'calibrating') show(message.index, `calibrating for ${linear}`);
    };
    const { bytes, snrDb } = await interruptible((signal) => runQuantizeJob(job, onMessage, signal));
    const seconds = (Date.now() - started) / 1000;
    return {
      json: { bytes, snrDb, seconds },
      text: [
        `Wrote ${options.output}: ${sizeText(bytes)}, weight SNR ${snrDb.toFixed(2)} dB, in ${duration(seconds)}.`,
        `plan ${planHash(job.plan)}`,
      ].join('\n'),
    };
  } catch (error) {
    const kept = checkpointPath(options.output);
    if (error instanceof Interrupted && existsSync(checkpointPath(job.output))) {
      progress.done(`What is done is kept in ${kept}; the same command continues with it`);
    }
    throw error;
  } finally {
    progress.stop();
  }
}

/** Everything that can be wrong is found here, as far as the tensors need not be read. */
function checkedJob(path: string, options: QuantizeOptions): { readonly job: QuantizeJob; readonly name: string } {
  const source = openUserModel(path);
  try {
    const plan = readPlan(userPath(options.plan));
    checkSameModel(plan, source.config, options.plan);
    const frame = plan.linears[0]!.frame;
    const search = options.search ?? (frame === 'fourier' ? 'sigma-delta' : 'refine');
    if (search === 'sigma-delta' && frame === 'hadamard') {
      throw new InputError(
        '--search sigma-delta needs a plan made with --frame fourier: the samples of a hadamard frame are not smooth',
      );
    }
    const output = outputPath(options.output, [path, options.plan, options.calibration, options.tokenizer]);
    if (options.calibration === undefined) checkUserTokenizer(path, options);
    const calibration =
      options.calibration === undefined
        ? undefined
        : readWindows(options.calibration, loadUserTokenizer(path, options), plan.model).slice(0, options.limit);
    if (search === 'sigma-delta' && options.effort !== undefined)
      throw new InputError('--effort is for --search refine');
    const effort = options.effort ?? DEFAULT_EFFORT;
    const settings = { search, effort, ...(calibration && { calibration }) };
    const threads = options.threads ?? availableParallelism();
    const job = { model: userPath(path), output, plan, options: settings, threads };
    return { job, name: source.config.name };
  } finally {
    source.close();
  }
}
