/** The simulated accelerator as a transport: sim/harness/main.cpp in lock-step mode. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { closedError, type DeviceError, disconnectedError } from '../../../firmware/transport/errors.js';
import type { Transport, TransportListener } from '../../../firmware/transport/transport.js';

export interface HarnessOptions {
  /** Most clock cycles that one `write` may keep the accelerator busy; then the simulator ends. */
  readonly maxCycles?: number;
  /** Boot nonce of the accelerator, 32 bits. */
  readonly nonce?: number;
  /** File with request frames that the accelerator executes first. */
  readonly preload?: string;
  /** File for the events of a decoder's trace ports; what a chunk gives is in it when the chunk is answered. */
  readonly trace?: string;
}

const NAME = 'the simulator';

/** Bytes before the response bytes of a chunk: u32 length, then u64 cycles, beats, stalls. */
const HEADER_BYTES = 28;

/** What the simulator has counted from the end of reset until the last response. */
export interface SimulatedCounts {
  /** Clock cycles, bytes waiting for `start` included. */
  readonly cycles: number;
  /** Of these, cycles in which the array took a beat. */
  readonly beats: number;
  /** Of these, cycles in which the array waited for an operand. */
  readonly stalls: number;
}

/**
 * Starts a compiled simulator. Clock cycles pass only while it works on the bytes of a `write`, and all responses of
 * a `write` arrive at once: the same writes give the same cycles.
 */
export function spawnHarness(executable: string, options: HarnessOptions = {}): HarnessTransport {
  return new HarnessTransport(executable, options);
}

/** The options that both modes of the harness share, as arguments. */
export function harnessArguments({ maxCycles, nonce, preload, trace }: HarnessOptions): string[] {
  const args: string[] = [];
  if (maxCycles !== undefined) args.push('--max-cycles', String(maxCycles));
  if (nonce !== undefined) args.push('--nonce', String(nonce));
  if (preload !== undefined) args.push('--preload', preload);
  if (trace !== undefined) args.push('--trace', trace);
  return args;
}

/** A simulator that works on chunks of bytes, one after the other. */
export class Harness {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<void>;
  readonly #ended: (error: DeviceError | null) => void;
  readonly #waiting: ((answer: Uint8Array) => void)[] = [];
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #stderr = '';
  #counts: SimulatedCounts = { cycles: 0, beats: 0, stalls: 0 };
  #closing = false;
  #isEnded = false;

  /** @param ended called once, when the process has ended: null after `close()` */
  constructor(executable: string, options: HarnessOptions, ended: (error: DeviceError | null) => void) {
    const args = ['--pipe', ...harnessArguments(options)];
    const process = spawn(executable, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = process;
    this.#ended = ended;
    process.stdout.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // What happened is known from the end of the process; a broken pipe only says that it has happened.
    process.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      process.once('error', (error) => {
        this.#finish(`could not be started (${error.message})`, executable, error);
        resolve();
      });
      process.once('close', (code, signal) => {
        this.#finish(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`, executable);
        resolve();
      });
    });
  }

  get counts(): SimulatedCounts {
    return this.#counts;
  }

  /**
   * Hands bytes to the accelerator; `answer` is called with what it has sent until it is idle again, unless the process
   * ends before. Resolves when the bytes are on their way.
   */
  send(bytes: Uint8Array, answer: (bytes: Uint8Array) => void): Promise<void> {
    const chunk = new Uint8Array(4 + bytes.length);
    new DataView(chunk.buffer).setUint32(0, bytes.length, true);
    chunk.set(bytes, 4);
    return this.#write(chunk, answer);
  }

  /** Resets the accelerator: its memories keep what they hold, its boot nonce is another one. */
  reset(): Promise<void> {
    return new Promise((resolve) => void this.#write(Uint8Array.of(0xff, 0xff, 0xff, 0xff), () => resolve()));
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#process.stdin.end();
    this.#process.kill();
    await this.#exited;
  }

  #write(chunk: Uint8Array, answer: (bytes: Uint8Array) => void): Promise<void> {
    this.#waiting.push(answer);
    // Of an error the owner hears when the process has ended, with its reason.
    return new Promise((resolve) => this.#process.stdin.write(chunk, () => resolve()));
  }

  #receive(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes < HEADER_BYTES) return;
    let buffer = this.#pending.length === 1 ? bytes : Buffer.concat(this.#pending);
    while (buffer.length >= HEADER_BYTES) {
      const header = new DataView(buffer.buffer, buffer.byteOffset, HEADER_BYTES);
      const end = HEADER_BYTES + header.getUint32(0, true);
      if (buffer.length < end) break;
      const count = (at: number): number => Number(header.getBigUint64(at, true));
      this.#counts = { cycles: count(4), beats: count(12), stalls: count(20) };
      const answer = buffer.subarray(HEADER_BYTES, end);
      buffer = buffer.subarray(end);
      const take = this.#waiting.shift();
      if (!this.#closing) take?.(answer);
    }
    this.#pending = buffer.length > 0 ? [buffer] : [];
    this.#pendingBytes = buffer.length;
  }

  #finish(what: string, executable: string, cause?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#closing) {
      this.#ended(null);
      return;
    }
    const said = this.#stderr.trim();
    const step = `The simulator ${executable} ${what}${said ? `: ${said}` : ''}.`;
    this.#ended(disconnectedError(NAME, step, cause));
  }
}

/** The accelerator's link as a transport. */
export class HarnessTransport implements Transport {
  readonly name = NAME;
  readonly lossless = true;
  readonly #harness: Harness;
  #listener: TransportListener | null = null;
  #end: DeviceError | null | undefined;
  #closing = false;

  constructor(executable: string, options: HarnessOptions) {
    this.#harness = new Harness(executable, options, (end) => {
      this.#end = end;
      this.#listener?.closed(end);
    });
  }

  get counts(): SimulatedCounts {
    return this.#harness.counts;
  }

  get cycles(): number {
    return this.counts.cycles;
  }

  start(listener: TransportListener): void {
    if (this.#listener) throw new Error('The simulator has a listener already.');
    this.#listener = listener;
    if (this.#end) listener.closed(this.#end);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#end || this.#closing) return Promise.reject(this.#end ?? closedError(this.name));
    return this.#harness.send(bytes, (answer) => {
      if (answer.length > 0) this.#listener?.data(answer);
    });
  }

  close(): Promise<void> {
    this.#closing = true;
    return this.#harness.close();
  }
}
