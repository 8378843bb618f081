import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { makeRoom } from '../../node/collect-garbage.js';
import { blocksOf, symbolsPerRow } from '../../plan/blocks.js';
import type { PlanLinear } from '../../plan/types.js';
import { quantizeRows, type RowsJob, type RowsResult } from '../quantize-linear.js';

/** What a thread of the pool gets at its start. */
export interface RowThreadData {
  readonly port: MessagePort;
  /** One entry, which counts the answers of all threads. */
  readonly answers: Int32Array;
}

export type RowAnswer = { readonly result: RowsResult } | { readonly error: string };

/** Rows that are worth sending to another thread. */
const LEAST_ROWS = 16;

/** Rows that a thread gets at once: few, because it has copies of their weights. */
const MOST_ROWS = 256;

/**
 * Threads that share out the rows of a linear. The calling thread takes its part of the rows and then waits for the
 * others, so that quantizing stays a plain function; it must be allowed to block.
 */
export class RowPool {
  readonly #workers: Worker[] = [];
  readonly #ports: MessagePort[] = [];
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));

  /** @param threads threads that compute, the calling one among them */
  constructor(threads: number) {
    for (let i = 1; i < threads; i++) {
      const { port1, port2 } = new MessageChannel();
      const workerData: RowThreadData = { port: port2, answers: this.#answers };
      const worker = new Worker(new URL('./row-thread.js', import.meta.url), { workerData, transferList: [port2] });
      worker.unref();
      this.#workers.push(worker);
      this.#ports.push(port1);
    }
  }

  /** quantizeRows on all threads, with the same result. @throws Error with the message of what a thread threw */
  readonly quantizeRows = (job: RowsJob): RowsResult => {
    const { rows } = job.plan;
    const threads = this.#ports.length + 1;
    makeRoom(job.weights.byteLength);
    const whole = emptyResult(job.plan);
    for (let first = 0; first < rows; ) {
      const count = Math.min(rows - first, threads * MOST_ROWS);
      const parts = Math.max(1, Math.min(threads, Math.floor(count / LEAST_ROWS)));
      const boundary = (part: number): number => first + Math.round((part * count) / parts);
      const spans = Array.from({ length: parts }, (_, part) => [boundary(part), boundary(part + 1)] as const);
      const results = this.#quantizeSpans(job, spans);
      for (const [part, result] of results.entries()) place(result, spans[part]![0], job.plan, whole);
      first += count;
    }
    return whole;
  };

  /** The first span is the calling thread's. */
  #quantizeSpans(job: RowsJob, spans: readonly Span[]): RowsResult[] {
    Atomics.store(this.#answers, 0, 0);
    const ports = this.#ports.slice(0, spans.length - 1);
    ports.forEach((port, i) => {
      const part = partOf(job, spans[i + 1]!, (matrix, from, to) => matrix.slice(from, to));
      const buffers = new Set([part.weights.buffer, part.target.buffer]);
      port.postMessage(part, [...buffers] as ArrayBuffer[]);
    });
    const results = [quantizeRows(partOf(job, spans[0]!, (matrix, from, to) => matrix.subarray(from, to)))];
    for (let answers = 0; answers < ports.length; answers = Atomics.load(this.#answers, 0)) {
      Atomics.wait(this.#answers, 0, answers);
    }
    for (const port of ports) {
      const answer = receiveMessageOnPort(port)!.message as RowAnswer;
      if ('error' in answer) throw new Error(answer.error);
      results.push(answer.result);
    }
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** Rows: the first, and the one after the last. */
type Span = readonly [first: number, end: number];

/** @param take a slice where the matrix goes to another thread: a view would take all of it along */
function partOf(
  job: RowsJob,
  [first, end]: Span,
  take: (matrix: Float32Array, from: number, to: number) => Float32Array,
): RowsJob {
  const { cols } = job.plan;
  const weights = take(job.weights, first * cols, end * cols);
  const target = job.target === job.weights ? weights : take(job.target, first * cols, end * cols);
  return { ...job, weights, target, plan: { ...job.plan, rows: end - first } };
}

type Whole = { -readonly [Key in keyof RowsResult]: RowsResult[Key] };

function emptyResult(plan: PlanLinear): Whole {
  const scales = plan.rows * blocksOf(plan).length;
  return {
    symbols: new Int8Array(plan.rows * symbolsPerRow(plan)),
    scales: new Uint8Array(scales),
    means: plan.frame === 'fourier' ? new Int8Array(scales) : null,
    signal: 0,
    noise: 0,
  };
}

/** Puts the result of rows from `first` on in its place. */
function place(part: RowsResult, first: number, plan: PlanLinear, whole: Whole): void {
  const blocks = blocksOf(plan).length;
  whole.symbols.set(part.symbols, first * symbolsPerRow(plan));
  whole.scales.set(part.scales, first * blocks);
  if (part.means !== null) whole.means!.set(part.means, first * blocks);
  whole.signal += part.signal;
  whole.noise += part.noise;
}
