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
}

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
  const args = ['--pipe', ...harnessArguments(options)];
  return new HarnessTransport(executable, spawn(executable, args, { stdio: ['pipe', 'pipe', 'pipe'] }));
}

/** The options that both modes of the harness share, as arguments. */
export function harnessArguments({ maxCycles, nonce, preload }: HarnessOptions): string[] {
  const args: string[] = [];
  if (maxCycles !== undefined) args.push('--max-cycles', String(maxCycles));
  if (nonce !== undefined) args.push('--nonce', String(nonce));
  if (preload !== undefined) args.push('--preload', preload);
  return args;
}

export class HarnessTransport implements Transport {
  readonly name = 'the simulator';
  readonly lossless = true;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<void>;
  #listener: TransportListener | null = null;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #stderr = '';
  #counts: SimulatedCounts = { cycles: 0, beats: 0, stalls: 0 };
  #closing = false;
  #end: DeviceError | undefined;

  constructor(executable: string, process: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#process = process;
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

  get cycles(): number {
    return this.#counts.cycles;
  }

  start(listener: TransportListener): void {
    if (this.#listener) throw new Error('The simulator has a listener already.');
    this.#listener = listener;
    if (this.#end) listener.closed(this.#end);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#end || this.#closing) return Promise.reject(this.#end ?? closedError(this.name));
    const chunk = new Uint8Array(4 + bytes.length);
    new DataView(chunk.buffer).setUint32(0, bytes.length, true);
    chunk.set(bytes, 4);
    return new Promise((resolve) => {
      // Of an error the listener hears when the process has ended, with its reason.
      this.#process.stdin.write(chunk, () => resolve());
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#process.stdin.end();
    this.#process.kill();
    await this.#exited;
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
      const response = buffer.subarray(HEADER_BYTES, end);
      buffer = buffer.subarray(end);
      if (response.length > 0 && !this.#closing) this.#listener?.data(response);
    }
    this.#pending = buffer.length > 0 ? [buffer] : [];
    this.#pendingBytes = buffer.length;
  }

  #finish(what: string, executable: string, cause?: unknown): void {
    if (this.#end) return;
    if (this.#closing) {
      this.#end = closedError(this.name);
      this.#listener?.closed(null);
      return;
    }
    const said = this.#stderr.trim();
    const step = `The simulator ${executable} ${what}${said ? `: ${said}` : ''}.`;
    this.#end = disconnectedError(this.name, step, cause);
    this.#listener?.closed(this.#end);
  }
}
