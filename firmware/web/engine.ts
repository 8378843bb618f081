/** The page's side of its worker. */

import type { CallFailure, CallName, Event, FromWorker, Request, Response, ToWorker } from './calls.js';

/** A call of the worker failed; the message is for people. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: string;

  constructor({ message, code }: CallFailure) {
    super(message);
    this.code = code;
  }
}

export interface CallOptions<N extends CallName> {
  readonly onEvent?: (event: Event<N>) => void;
  readonly signal?: AbortSignal;
  readonly transfer?: Transferable[];
}

interface Pending {
  event(event: unknown): void;
  resolve(response: unknown): void;
  reject(error: CallError): void;
}

export class Engine {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    worker.addEventListener('error', () => this.#fail());
  }

  /** @throws CallError; its code is `cancelled` when `signal` ended it */
  call<N extends CallName>(name: N, request: Request<N>, options: CallOptions<N> = {}): Promise<Response<N>> {
    const id = this.#calls++;
    const { onEvent, signal, transfer = [] } = options;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {
        event: (event) => onEvent?.(event as Event<N>),
        resolve: (response) => resolve(response as Response<N>),
        reject,
      });
      this.#post({ id, name, request }, transfer);
      const cancel = () => this.#post({ id, cancel: true });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ('event' in message) {
      pending.event(message.event);
      return;
    }
    this.#pending.delete(message.id);
    if ('failed' in message) pending.reject(new CallError(message.failed));
    else pending.resolve(message.response);
  }

  /** The worker's script could not be loaded, or it ran out of memory. */
  #fail(): void {
    const message =
      'The part of this page that computes has failed. Reload the page; if it fails again, take a smaller model.';
    for (const { reject } of this.#pending.values()) reject(new CallError({ message, code: 'defect' }));
    this.#pending.clear();
  }
}
