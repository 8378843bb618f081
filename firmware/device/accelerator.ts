/** The accelerator over its wire protocol: a memory that is uploaded once, and linears or steps that are run. */

import { type Info, PROTOCOL_VERSION, type Request, STEP_HEADER_BYTES } from '../protocol/messages.js';
import { mostWriteBytes, runWriteBytes } from '../protocol/write-size.js';
import { type Clock, systemClock } from '../transport/clock.js';
import type { Transport } from '../transport/transport.js';
import { wrongPlanError, wrongVersionError } from './errors.js';
import { Exchange } from './exchange.js';
import type { Reply, StepToken } from './job.js';
import { imageWrites, type MemoryImage, type UploadOptions, type UploadResult, upload } from './upload.js';

export interface AcceleratorOptions {
  /** Hash of the plan that the device must have been built for, 64 hexadecimal digits. */
  readonly planHash?: string;
  /**
   * Time without any response after which unanswered requests are repeated, in milliseconds; it doubles with each
   * repetition. The longest linear has to be done in that time, simulated ones included.
   */
  readonly timeoutMs?: number;
  /** Repetitions without progress before the device is given up with code `no-answer`. */
  readonly retries?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 2000;
const DEFAULT_RETRIES = 3;

/** Outputs of one linear. */
export interface LinearResult {
  /** One saturated 32-bit integer per row. */
  readonly values: Int32Array;
  /** Engine clock cycles from the request to the first result. */
  readonly cycles: number;
}

/** Tokens for a device that has the whole decoder. */
export interface StepOptions {
  /** Of the first token; what the device computes there depends on the tokens before, which it was given, and on nothing else. */
  readonly position: number;
  /** 1 … `mostStepTokens`, all below the vocabulary. */
  readonly tokens: readonly number[];
  /** Tokens to generate, 1 or more: position + tokens + count − 1 is at most the context. */
  readonly count: number;
  /** The token that ends the step before, if it is generated. */
  readonly stop?: number;
  /** Whether the logits are wanted too. */
  readonly logits?: boolean;
}

export class Accelerator {
  /** Name of the transport, for messages to people. */
  readonly name: string;
  /** What the device said about itself. */
  readonly info: Info;
  /** Hash of the plan that it was built for, 64 hexadecimal digits. */
  readonly planHash: string;
  /** The time in which its line works. */
  readonly clock: Clock;
  readonly #exchange: Exchange;
  /** Most data bytes of a WRITE. */
  readonly #writeBytes: number;
  /** Clock cycles of the device in which the line moves a byte, at least 1. */
  readonly #cyclesPerByte: number;

  private constructor(exchange: Exchange, info: Info, { name, bytesPerSecond, clock = systemClock }: Transport) {
    this.#exchange = exchange;
    this.name = name;
    this.clock = clock;
    this.info = info;
    this.planHash = hexOf(info.planHash);
    this.#writeBytes = mostWriteBytes(info.maxBody, exchange.windowBytes);
    this.#cyclesPerByte = bytesPerSecond === undefined ? 1 : Math.max(1, info.clockHz / bytesPerSecond);
  }

  /**
   * Says HELLO and checks who answers. The accelerator owns the transport from here on: it is closed when this throws.
   *
   * @throws DeviceError no-answer, garbled, wrong-version, wrong-plan (its message has both hashes), disconnected,
   * closed; the reason of `signal`
   */
  static async open(transport: Transport, options: AcceleratorOptions = {}): Promise<Accelerator> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, retries = DEFAULT_RETRIES, planHash } = options;
    const exchange = new Exchange(transport, { timeoutMs, retries });
    try {
      const hello: Request = { kind: 'hello', version: PROTOCOL_VERSION };
      const info = await lastReply(exchange, [hello], 'info', options.signal);
      exchange.establish(info);
      const accelerator = new Accelerator(exchange, info, transport);
      checkInfo(accelerator, planHash);
      return accelerator;
    } catch (error) {
      await exchange.close();
      throw error;
    }
  }

  /**
   * Writes images into the device's memory. What it holds already is skipped; when this resolves, the device has
   * confirmed the CRC of all of it.
   *
   * @throws DeviceError wrong-image, crc-mismatch, no-answer, garbled, refused, restarted, disconnected, closed; the
   * reason of `options.signal`, after which another upload continues where this one stopped
   */
  upload(images: readonly MemoryImage[], options: UploadOptions = {}): Promise<UploadResult> {
    return upload(this.#exchange, this.info.regions, images, this.#writeBytes, options);
  }

  /**
   * Runs a linear, after writing what it reads (the vector, and the sums and exponents of its blocks). All of it goes
   * out in one burst, as far as the device's buffer allows. Calls that are made before others have resolved are
   * executed in order and share bursts.
   *
   * @param linear index in the plan
   * @param shift right shift of the accumulators, −16 … 63, negative for left
   * @throws DeviceError no-answer, garbled, refused, restarted, disconnected, closed; the reason of `signal`
   */
  async run(
    linear: number,
    shift: number,
    writes: readonly MemoryImage[] = [],
    signal?: AbortSignal,
  ): Promise<LinearResult> {
    const requests = runRequests(linear, shift, writes, this.#runWriteBytes(writes));
    const { values, cycles } = await lastReply(this.#exchange, requests, 'result', signal);
    return { values, cycles };
  }

  /** Most tokens of a step. */
  get mostStepTokens(): number {
    return Math.floor((this.info.maxBody - STEP_HEADER_BYTES) / 4);
  }

  /**
   * Executes tokens, and generates on from them. Calls that are made before others have resolved are executed in order. A
   * step whose answers are lost is repeated from the first token on that has not come.
   *
   * @param onToken called with each generated token, as it comes
   * @throws DeviceError no-answer, garbled, refused, restarted, disconnected, closed; the reason of `signal`, while the
   * device goes on to the end of the step; what `onToken` throws
   */
  async step(
    { position, tokens, count, stop, logits = false }: StepOptions,
    onToken: (token: StepToken) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const flags = { logits, stops: stop !== undefined };
    const request: Request = { kind: 'step', flags, position, count, stop: stop ?? 0, tokens };
    const take = (_: Request, reply: Reply): void => {
      if (reply.kind === 'token') onToken(reply);
    };
    await this.#exchange.send([request], take, signal);
  }

  /** Data bytes per WRITE before a RUN. */
  #runWriteBytes(writes: readonly MemoryImage[]): number {
    const bytes = writes.reduce((sum, write) => sum + write.bytes.length, 0);
    return bytes === 0 ? this.#writeBytes : runWriteBytes(bytes, this.#cyclesPerByte, this.#writeBytes);
  }

  /** Closes the transport; unanswered calls fail with code `closed`. */
  close(): Promise<void> {
    return this.#exchange.close();
  }
}

/** Sends requests of which the last is answered by a reply of this kind. */
async function lastReply<K extends Reply['kind']>(
  exchange: Exchange,
  requests: Iterable<Request>,
  kind: K,
  signal: AbortSignal | undefined,
): Promise<Extract<Reply, { kind: K }>> {
  let last: Reply | undefined;
  const keep = (_: Request, reply: Reply) => {
    last = reply;
  };
  await exchange.send(requests, keep, signal);
  if (!isKind(last, kind)) throw new Error(`The last reply is not of kind '${kind}'.`);
  return last;
}

function isKind<K extends Reply['kind']>(reply: Reply | undefined, kind: K): reply is Extract<Reply, { kind: K }> {
  return reply?.kind === kind;
}

function* runRequests(
  linear: number,
  shift: number,
  writes: readonly MemoryImage[],
  writeBytes: number,
): Generator<Request> {
  for (const write of writes) yield* imageWrites(write, writeBytes);
  yield { kind: 'run', linear, shift };
}

function checkInfo({ name, info, planHash }: Accelerator, expected: string | undefined): void {
  if (info.version !== PROTOCOL_VERSION) throw wrongVersionError(name, info.version);
  if (expected !== undefined && expected.toLowerCase() !== planHash) throw wrongPlanError(name, planHash, expected);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
