/** A transport to a device that is an object of this program. */

import { Delivery } from './delivery.js';
import type { Transport, TransportListener } from './transport.js';

/** A device that answers at once. */
export interface ByteDevice {
  /** Takes bytes and returns those that the device sends back. */
  receive(bytes: Uint8Array): Uint8Array;
}

export class InProcessTransport implements Transport {
  readonly name: string;
  readonly #device: ByteDevice;
  readonly #delivery: Delivery;

  constructor(device: ByteDevice, name = 'the device in this process') {
    this.#device = device;
    this.name = name;
    this.#delivery = new Delivery(name);
  }

  start(listener: TransportListener): void {
    this.#delivery.start(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#delivery.checkOpen();
    const answer = this.#device.receive(bytes);
    // Not within the caller's call, as with a real line.
    await null;
    this.#delivery.data(answer);
  }

  async close(): Promise<void> {
    this.#delivery.end(null);
  }
}
