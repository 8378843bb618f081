/** The receiving half of a transport: keeps what arrives until there is a listener, and ends once. */

import { closedError, type DeviceError } from './errors.js';
import type { TransportListener } from './transport.js';

export class Delivery {
  readonly #name: string;
  #listener: TransportListener | null = null;
  #waiting: Uint8Array[] = [];
  #end: DeviceError | null | undefined;

  /** @param name of the transport */
  constructor(name: string) {
    this.#name = name;
  }

  /** As `Transport.start`. */
  start(listener: TransportListener): void {
    if (this.#listener) throw new Error(`There is a listener to ${this.#name} already.`);
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#end !== undefined) listener.closed(this.#end);
  }

  /** Bytes have arrived. Nothing is delivered after the end. */
  data(bytes: Uint8Array): void {
    if (this.#end !== undefined || bytes.length === 0) return;
    if (this.#listener) this.#listener.data(bytes);
    else this.#waiting.push(bytes);
  }

  /** The stream has ended; only the first call counts. @param error null after `close()` */
  end(error: DeviceError | null): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#listener?.closed(error);
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** For a `write` after the end. @throws DeviceError */
  checkOpen(): void {
    if (this.#end !== undefined) throw this.#end ?? closedError(this.#name);
  }
}
