import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
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
    const { rows, cols } = job.plan;
    const parts = Math.max(1, Math.min(this.#ports.length + 1, Math.floor(rows / LEAST_ROWS)));
    const boundary = (part: number): number => Math.round((part * rows) / parts);
    const part = (index: number): RowsJob => {
      const [first, end] = [boundary(index), boundary(index + 1)];
      // A slice, because a view would take the whole matrix to the other thread.
      const weights = job.weights.slice(first * cols, end * cols);
      const target = job.target === job.weights ? weights : job.target.slice(first * cols, end * cols);
      return { ...job, weights, target, plan: { ...job.plan, rows: end - first } };
    };
    Atomics.store(this.#answers, 0, 0);
    const ports = this.#ports.slice(0, parts - 1);
    ports.forEach((port, i) => {
      const { weights, target, ...rest } = part(i + 1);
      port.postMessage({ ...rest, weights, target } satisfies RowsJob, [
        ...new Set([weights.buffer, target.buffer]),
      ] as ArrayBuffer[]);
    });
    const results = [quantizeRows(parts === 1 ? job : part(0))];
    for (let answers = 0; answers < ports.length; answers = Atomics.load(this.#answers, 0)) {
      Atomics.wait(this.#answers, 0, answers);
    }
    for (const port of ports) {
      const answer = receiveMessageOnPort(port)!.message as RowAnswer;
      if ('error' in answer) throw new Error(answer.error);
      results.push(answer.result);
    }
    return joined(results);
  };

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function joined(results: readonly RowsResult[]): RowsResult {
  if (results.length === 1) return results[0]!;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const means = results.map((result) => result.means);
  return {
    symbols: join(
      results.map((result) => result.symbols),
      (length) => new Int8Array(length),
    ),
    scales: join(
      results.map((result) => result.scales),
      (length) => new Uint8Array(length),
    ),
    means: means.every((part) => part !== null) ? join(means, (length) => new Int8Array(length)) : null,
    signal: sum(results.map((result) => result.signal)),
    noise: sum(results.map((result) => result.noise)),
  };
}

function join<Part extends Int8Array | Uint8Array>(parts: readonly Part[], create: (length: number) => Part): Part {
  const whole = create(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
