import type { Command } from 'commander';
import { Device } from '../../../firmware/session/device.js';
import type { SamplingOptions } from '../../../firmware/session/sampling.js';
import { promptTokens, type SessionOptions } from '../../../firmware/session/session.js';
import { CountedTransport } from '../../../firmware/transport/counted.js';
import { openPort, PORT_FORMS, parsePort } from '../../../firmware/transport/node/open.js';
import type { Transport } from '../../../firmware/transport/transport.js';
import { lineRate } from '../../boards/node/load.js';
import type { Image } from '../../image/image.js';
import { checkSameModel } from '../../plan/same-model.js';
import type { CommandResult, Register } from '../command.js';
import { finishText } from '../finish-text.js';
import { interruptible } from '../interrupt.js';
import { addModelOptions, loadUserTokenizer, type ModelOptions, openUserModel } from '../model.js';
import { type Progress, sizeText, startProgress } from '../progress.js';
import { addSamplingOptions, samplingOf } from '../sampling.js';
import { integerFrom } from '../values.js';
import { openUserWeights } from '../weights.js';

/** Time for which nobody asks what a program is doing, in milliseconds. */
const SHORT_MS = 1000;

interface RunOptions extends ModelOptions, SamplingOptions {
  readonly port: string;
  readonly model: string;
  readonly weights: string;
  readonly prompt: string;
  readonly tokens: number;
  readonly baud?: number;
  readonly json?: boolean;
}

const SILENCE_NOTE_MS = 3000;

export function addRun(program: Command, register: Register): void {
  const command = program
    .command('run')
    .description('run a model on a board, or on the virtual board')
    .requiredOption('--port <port>', `${PORT_FORMS}; "sdq ports" lists them`)
    .requiredOption('--model <model>', 'Hugging Face directory or llama2.c .bin file, for the tokenizer')
    .requiredOption('--weights <file>', 'weights.sdq; uploaded unless the board has it already')
    .option('--prompt <text>', 'text to continue', '')
    .option('--tokens <count>', 'the most tokens to generate', integerFrom(1), 64)
    .option('--baud <rate>', 'line rate in baud (default: that of the board)', integerFrom(300))
    .addHelpText(
      'after',
      `
Examples:
  $ sdq run --port /dev/ttyUSB0 --model examples/tiny-llama --weights weights.sdq --prompt "Once upon a time"
  $ sdq run --port tcp://localhost:4000 --model examples/tiny-llama --weights weights.sdq --temperature 0.8 --top-p 0.9 --seed 1`,
    );
  register(addSamplingOptions(addModelOptions(command)), run);
}

async function run(options: RunOptions): Promise<CommandResult> {
  // Before what takes time.
  parsePort(options.port);
  const image = openUserWeights(options.weights);
  const { plan } = image;
  const tokenizer = loadUserTokenizer(options.model, options);
  const source = openUserModel(options.model);
  checkSameModel(plan, source.config, options.weights);
  source.close();
  const text = { tokenizer, prompt: options.prompt, maxTokens: options.tokens, ...samplingOf(options) };
  promptTokens(options.prompt, tokenizer, plan.model);

  const baudRate = options.baud ?? lineRate(plan.board);
  const transport = new CountedTransport(await openPort(options.port, baudRate === undefined ? {} : { baudRate }));
  try {
    return await interruptible((signal) => generate(transport, image, { ...text, signal }, options.json === true));
  } finally {
    await transport.close();
  }
}

/** Uploads the weights if need be, and writes the text as it comes, unless it is to be quiet. */
async function generate(
  transport: CountedTransport,
  image: Image,
  options: SessionOptions & { readonly signal: AbortSignal },
  quiet: boolean,
): Promise<CommandResult> {
  const { signal } = options;
  const device = await openDevice(transport, image.planHash, signal);
  const uploadBytesPerSecond = await upload(device, image, signal);
  const prompt = promptProgress();
  const session = device.session({ ...options, onStep: (read) => prompt.step(read, session.promptTokens.length) });
  const started = performance.now();
  const bytesBefore = transport.bytes;
  let text = '';
  const tokens: number[] = [];
  try {
    for await (const piece of session) {
      text += piece.text;
      tokens.push(piece.token);
      if (!quiet) process.stdout.write(piece.text);
    }
  } finally {
    prompt.stop();
    if (!quiet && text !== '') process.stdout.write('\n');
  }
  const tokensPerSecond = tokens.length / ((performance.now() - started) / 1000);
  const bytesPerToken = tokens.length === 0 ? 0 : (transport.bytes - bytesBefore) / tokens.length;
  const promptTokens = session.promptTokens.length;
  const finish = session.finish(tokens.length);
  for (const line of finishText(finish)) process.stderr.write(`${line}\n`);
  const rate = `${tokensPerSecond.toFixed(2)} tokens per second, the prompt of ${promptTokens} included`;
  process.stderr.write(`${tokens.length} tokens, ${rate}\n`);
  return {
    json: { text, promptTokens, tokens, finish, tokensPerSecond, uploadBytesPerSecond, bytesPerToken },
    text: '',
  };
}

/** With all repetitions it takes half a minute to give a silent board up: what is waited for is said before. */
async function openDevice(transport: Transport, planHash: string, signal: AbortSignal): Promise<Device> {
  const note = setTimeout(
    () => process.stderr.write(`Waiting for an answer from ${transport.name} ...\n`),
    SILENCE_NOTE_MS,
  );
  try {
    return await Device.open(transport, { planHash, signal });
  } finally {
    clearTimeout(note);
  }
}

/** @returns bytes per second, 0 if the board had the image already */
async function upload(device: Device, image: Image, signal: AbortSignal): Promise<number> {
  const progress = startProgress('Uploading the weights');
  const started = performance.now();
  try {
    const { sentBytes } = await device.upload(image, {
      onProgress: (done, total) => progress.update(`${sizeText(done)} of ${sizeText(total)}`),
      signal,
    });
    const seconds = (performance.now() - started) / 1000;
    progress.done(
      sentBytes === 0
        ? 'The board holds these weights already.'
        : `Uploaded and verified ${sizeText(sentBytes)} in ${seconds.toFixed(1)} s.`,
    );
    return sentBytes === 0 ? 0 : sentBytes / seconds;
  } finally {
    progress.stop();
  }
}

/** Says how much of the prompt the model has read, where that takes long. */
function promptProgress(): { step(read: number, total: number): void; stop(): void } {
  const started = performance.now();
  let progress: Progress | null = null;
  return {
    step(read, total) {
      if (read >= total) progress?.stop();
      else if (performance.now() - started > SHORT_MS) {
        progress ??= startProgress('Reading the prompt');
        progress.update(`${read} of ${total} tokens`);
      }
    },
    stop: () => progress?.stop(),
  };
}
