/** The page's worker: model, session and device driver, apart from the page so that it stays alive while they compute. */

import { InputError } from '../../generator/errors.js';
import { Image } from '../../generator/image/image.js';
import { parseJsonObject } from '../../generator/model/fields.js';
import { parseHuggingFaceConfig } from '../../generator/model/huggingface/config.js';
import { checkSameModel } from '../../generator/plan/same-model.js';
import { Comparison, describeMismatch } from '../session/compare.js';
import { Device } from '../session/device.js';
import { GoldenModel } from '../session/golden-model.js';
import type { Session } from '../session/session.js';
import { parseTokenizer } from '../tokenizer/from-files.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { answerCalls, type Handler, type Scope } from './answer.js';
import type { Request, TokenEvent } from './calls.js';
import { fileSource, readBytes } from './file-source.js';
import { PortTransport } from './port-transport.js';
import { summarize } from './summary.js';

interface Loaded {
  readonly image: Image;
  readonly golden: GoldenModel;
  readonly tokenizer: Tokenizer;
}

let loaded: Loaded | null = null;
let device: Device | null = null;

const load: Handler<'load'> = async ({ weights, tokenizer, config }) => {
  const image = new Image(fileSource(weights));
  const [first, ...rest] = tokenizer.map((file) => ({ name: file.name, bytes: readBytes(file) }));
  const parsed = parseTokenizer([first!, ...rest]);
  if (config) checkConfig(image, config, weights.name);
  const summary = await summarize(image, weights.size);
  await disconnectDevice();
  loaded = { image, golden: new GoldenModel(image), tokenizer: parsed };
  return summary;
};

/** @throws InputError if the weights are another model's */
function checkConfig(image: Image, file: File, weightsName: string): void {
  const json = parseJsonObject(file.name, new TextDecoder().decode(readBytes(file)));
  const { config } = parseHuggingFaceConfig(file.name, json, file.name, null);
  checkSameModel(image.plan, config, weightsName);
}

const connect: Handler<'connect'> = async ({ port, name, bytesPerSecond }, { signal }) => {
  const { image } = wanted(loaded, 'Load a model first.');
  await disconnectDevice();
  const transport = new PortTransport(port, name, bytesPerSecond);
  device = await Device.open(transport, { planHash: image.planHash, signal });
  return { clockHz: device.info.clockHz };
};

const disconnect: Handler<'disconnect'> = async () => {
  await disconnectDevice();
  return null;
};

async function disconnectDevice(): Promise<void> {
  const old = device;
  device = null;
  await old?.close();
}

const upload: Handler<'upload'> = async (_, { signal, send }) => {
  const { image } = wanted(loaded, 'Load a model first.');
  const board = wanted(device, 'Connect a board first.');
  const started = performance.now();
  const onProgress = (doneBytes: number, totalBytes: number): void => send({ doneBytes, totalBytes });
  const { totalBytes, sentBytes } = await board.upload(image, { onProgress, signal });
  return { totalBytes, sentBytes, seconds: (performance.now() - started) / 1000 };
};

const generate: Handler<'generate'> = async (request, { signal, send }) => {
  const session = sessionFor(request, signal);
  const { comparison } = session;
  let seen = 0;
  let tokens = 0;
  for await (const { token, text, agreement } of session) {
    const event: TokenEvent = { token, text, agrees: agreement ? agreement.mismatches === 0 : null, difference: null };
    send(event.agrees === false ? { ...event, difference: differenceSince(comparison!, seen) } : event);
    seen = comparison?.mismatches.length ?? 0;
    tokens++;
  }
  return {
    promptTokens: session.promptTokens.length,
    finish: session.finish(tokens),
    comparison: comparison && { values: comparison.compared, differing: comparison.mismatchCount },
  };
};

/** Where board and golden model differ, of the mismatches that were kept after the first `seen`. */
function differenceSince({ mismatches }: Comparison, seen: number): string {
  const first = mismatches[seen];
  return first ? describeMismatch(first) : `more than ${Comparison.KEPT} values by now`;
}

function sessionFor({ target, ...options }: Request<'generate'>, signal: AbortSignal): Session {
  const { golden, tokenizer } = wanted(loaded, 'Load a model first.');
  if (target === 'golden') return golden.session({ ...options, tokenizer, signal });
  const board = wanted(device, 'Connect a board first.');
  return board.session({ ...options, tokenizer, signal, compare: target === 'compare' });
}

function wanted<T>(value: T | null, step: string): T {
  if (value === null) throw new InputError(step);
  return value;
}

answerCalls(self as unknown as Scope, { load, connect, disconnect, upload, generate });
