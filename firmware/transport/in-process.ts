/** A transport to a device that is an object of this program. */

import { closedError } from './errors.js';
import type { Transport, TransportListener } from './transport.js';

/** A device that answers at once. */
export interface ByteDevice {
  /** Takes bytes and returns those that the device sends back. */
  receive(bytes: Uint8Array): Uint8Array;
}

export class InProcessTransport implements Transport {
  readonly name: string;
  readonly #device: ByteDevice;
  #listener: TransportListener | null = null;
  #closed = false;

  constructor(device: ByteDevice, name = 'the device in this process') {
    this.#device = device;
    this.name = name;
  }

  start(listener: TransportListener): void {
    if (this.#listener) throw new Error(`There is a listener to ${this.name} already.`);
    this.#listener = listener;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw closedError(this.name);
    const answer = this.#device.receive(bytes);
    // Not within the caller's call, as with a real line.
    await null;
    if (answer.length > 0 && !this.#closed) this.#listener?.data(answer);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener?.closed(null);
  }
}
