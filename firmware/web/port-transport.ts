/**
 * A transport in the worker whose bytes pass through a port that the page holds: browsers give some ports to pages only,
 * and a choice of port needs the page's user.
 */

import { closedError, DeviceError, type DeviceErrorCode, disconnectedError } from '../transport/errors.js';
import type { Transport, TransportListener } from '../transport/transport.js';

/** Worker to page. */
type Up = { readonly id: number; readonly write: Uint8Array } | { readonly close: true };

/** Page to worker. */
type Down =
  | { readonly data: Uint8Array }
  | { readonly written: number; readonly failed: PortFailure | null }
  | { readonly closed: PortFailure | null };

interface PortFailure {
  readonly code: DeviceErrorCode;
  readonly message: string;
}

/**
 * Passes the bytes of the page's transport to and from the port's other end.
 * @param onLost told when the stream has ended otherwise than by `close`
 */
export function forwardTransport(transport: Transport, port: MessagePort, onLost: (error: DeviceError) => void): void {
  const send = (message: Down): void => port.postMessage(message);
  port.onmessage = async ({ data: message }: MessageEvent<Up>) => {
    if ('close' in message) return void transport.close();
    try {
      await transport.write(message.write);
      send({ written: message.id, failed: null });
    } catch (error) {
      send({ written: message.id, failed: failureOf(error, transport.name) });
    }
  };
  transport.start({
    data: (data) => send({ data }),
    closed: (error) => {
      send({ closed: error && failureOf(error, transport.name) });
      if (error) onLost(error);
    },
  });
}

export class PortTransport implements Transport {
  readonly name: string;
  readonly bytesPerSecond?: number;
  readonly #port: MessagePort;
  readonly #writes = new Map<number, (error: DeviceError | null) => void>();
  readonly #ended: Promise<void>;
  #end: () => void = () => {};
  #listener: TransportListener | null = null;
  #isClosed = false;
  #count = 0;

  /** @param port its other end is forwarded by the page */
  constructor(port: MessagePort, name: string, bytesPerSecond: number | null) {
    this.#port = port;
    this.name = name;
    if (bytesPerSecond !== null) this.bytesPerSecond = bytesPerSecond;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  start(listener: TransportListener): void {
    if (this.#listener) throw new Error(`There is a listener to ${this.name} already.`);
    this.#listener = listener;
    // Setting the handler starts the port: what has arrived before was held back.
    this.#port.onmessage = ({ data }: MessageEvent<Down>) => this.#receive(data);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError(this.name));
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#writes.set(id, (error) => (error ? reject(error) : resolve()));
      this.#post({ id, write: bytes });
    });
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#post({ close: true });
    return this.#ended;
  }

  #post(message: Up): void {
    this.#port.postMessage(message);
  }

  #receive(message: Down): void {
    if ('data' in message) {
      this.#listener!.data(message.data);
    } else if ('written' in message) {
      this.#writes.get(message.written)?.(message.failed && errorOf(message.failed));
      this.#writes.delete(message.written);
    } else {
      this.#finish(message.closed && errorOf(message.closed));
    }
  }

  #finish(error: DeviceError | null): void {
    this.#isClosed = true;
    for (const settle of this.#writes.values()) settle(error ?? closedError(this.name));
    this.#writes.clear();
    this.#port.close();
    this.#listener!.closed(error);
    this.#end();
  }
}

function failureOf(error: unknown, name: string): PortFailure {
  const known = error instanceof DeviceError ? error : disconnectedError(name, 'Connect it again.', error);
  return { code: known.code, message: known.message };
}

/** The message has the next step in it already. */
function errorOf({ code, message }: PortFailure): DeviceError {
  return new DeviceError(code, message, '');
}
