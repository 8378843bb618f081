/** How much may be under way: docs/protocol.md, flow control. */

import type { Info } from '../protocol/messages.js';
import type { Flights } from './flights.js';

/** Before INFO has said how much the device can hold: enough for HELLO. */
const INITIAL_CREDIT_BYTES = 64;
/** Sequence numbers are bytes. */
const SEQUENCE_NUMBERS = 256;
/** No more requests are under way, so that damage does not cost more than that many repetitions. */
const MAX_FLIGHTS = 64;
/** Clock cycles of the device per byte of the line from which on it takes WRITEs as they come, whatever its memory. */
const KEEPS_UP_CYCLES = 64;
/** How long a line is filled ahead with such WRITEs: several times what a USB bridge holds an answer back. */
const WINDOW_SECONDS = 0.064;

export class Window {
  /** Transmissions whose answers may still come, those repeated included, have different numbers. */
  readonly #maxFlights: number;
  #credit = INITIAL_CREDIT_BYTES;
  #bytes = INITIAL_CREDIT_BYTES;

  /** @param retries repetitions without any answer before the device is given up */
  constructor(retries: number) {
    // Each repetition begins with a HELLO.
    this.#maxFlights = Math.max(1, Math.min(MAX_FLIGHTS, Math.floor(SEQUENCE_NUMBERS / (retries + 1)) - 1));
  }

  /** Most bytes that may be under way; more than the device's buffer, if it keeps up with the line and they are WRITEs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes what INFO said of the device. @param bytesPerSecond rate of the line, if it limits the device */
  establish({ rxBytes, clockHz }: Info, bytesPerSecond: number | undefined): void {
    this.#credit = rxBytes;
    this.#bytes = rxBytes;
    if (bytesPerSecond !== undefined && clockHz >= KEEPS_UP_CYCLES * bytesPerSecond) {
      this.#bytes = Math.max(rxBytes, Math.ceil(WINDOW_SECONDS * bytesPerSecond));
    }
  }

  /** Whether a request of so many bytes may follow those under way. */
  admits(bytes: number, flights: Flights<unknown>): boolean {
    if (flights.count >= this.#maxFlights || flights.bytes + bytes > this.#bytes) return false;
    // Where the device keeps up with the line, WRITEs fill its buffer only behind a request that keeps it busy.
    const waiting = this.#bytes > this.#credit ? flights.bytesFromOther() : flights.bytes;
    return waiting + bytes <= this.#credit;
  }
}
