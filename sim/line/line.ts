/**
 * A line between a host and a device, with the faults of real ones: the transport on the host's side. It is the only
 * place that damages anything; the device behind it may be the reference (`Responder`), the simulated hardware, or a
 * board. With a virtual clock thousands of sessions take seconds.
 *
 *   write() ─► pace ─► damage ─► device ─► pace ─► damage ─► hold back ─► listener
 */

import { type Clock, systemClock } from '../../firmware/transport/clock.js';
import { Delivery } from '../../firmware/transport/delivery.js';
import { DeviceError, disconnectedError } from '../../firmware/transport/errors.js';
import { bytesPerSecond } from '../../firmware/transport/rates.js';
import type { Transport, TransportListener } from '../../firmware/transport/transport.js';
import { Damage } from './damage.js';
import type { LineFaults } from './faults.js';

/** The device at the far end. */
export interface LineDevice {
  /** Takes bytes. @returns what it sends back, and how long it was busy, in milliseconds */
  receive(bytes: Uint8Array): Promise<{ readonly bytes: Uint8Array; readonly milliseconds: number }>;
  /** Begins anew, with another boot nonce; in its buffers nothing is left, in its memory what is kept. */
  reset(memory: 'kept' | 'lost'): Promise<void>;
}

/** Bytes that travel together: a packet of full-speed USB. */
export const PACKET_BYTES = 64;
const CUT_STEP = 'Plug it in, and open it again.';

export class FaultyLine implements Transport {
  readonly name: string;
  readonly bytesPerSecond?: number;
  readonly clock: Clock;
  /** Bytes that the host has sent, and that have reached it. */
  readonly carried = { toDevice: 0, toHost: 0 };
  readonly #device: LineDevice;
  readonly #faults: LineFaults;
  readonly #toDevice: Direction;
  readonly #toHost: Direction;
  readonly #delivery: Delivery;
  /** What the device does one after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** When the device has done what it was asked. */
  #idle = 0;
  #reached = 0;
  #isReset = false;
  #silent = false;
  #held: Uint8Array[] = [];

  constructor(device: LineDevice, faults: LineFaults, clock: Clock = systemClock, name = 'the line') {
    this.#device = device;
    this.#faults = faults;
    this.clock = clock;
    this.name = name;
    this.#delivery = new Delivery(name);
    if (faults.baud > 0) this.bytesPerSecond = bytesPerSecond(faults.baud);
    this.#toDevice = new Direction(clock, faults, 1, (bytes) => this.#reach(bytes));
    this.#toHost = new Direction(clock, faults, 2, (bytes) => this.#hold(bytes));
  }

  /** Faults so far: bytes changed, lost or doubled, stalls, the reset and the end of the line. */
  get injected(): number {
    return this.#toDevice.damage.count + this.#toHost.damage.count + Number(this.#isReset) + Number(this.#silent);
  }

  start(listener: TransportListener): void {
    this.#delivery.start(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#delivery.checkOpen();
    this.carried.toDevice += bytes.length;
    await this.#toDevice.send(bytes);
  }

  async close(): Promise<void> {
    this.#delivery.end(null);
    await this.#turn;
  }

  #reach(bytes: Uint8Array): void {
    this.#turn = this.#turn
      .then(() => this.#serve(bytes))
      .catch((cause) => this.#delivery.end(asEnd(cause, this.name)));
  }

  /** Hands bytes to the device, except those behind which a reset or the end of the line is due. */
  async #serve(bytes: Uint8Array): Promise<void> {
    if (this.#silent || this.#delivery.ended) return;
    const { resetAt, memory, cutAt, cut } = this.#faults;
    const due = (at: number | null) => at !== null && this.#reached + bytes.length >= at;
    if (due(cutAt)) {
      this.#silent = true;
      if (cut === 'unplugged') this.#delivery.end(disconnectedError(this.name, CUT_STEP));
      return;
    }
    const resets = !this.#isReset && due(resetAt);
    const before = resets ? bytes.subarray(0, resetAt! - this.#reached) : bytes;
    this.#reached += bytes.length;
    await this.#ask(before);
    if (!resets) return;
    this.#isReset = true;
    await this.#device.reset(memory);
    await this.#ask(bytes.subarray(before.length));
  }

  async #ask(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const answer = await this.#device.receive(bytes);
    // Added up, not waited for: a timer of the system takes a millisecond at least, longer than most packets.
    this.#idle = Math.max(this.#idle, this.clock.now()) + answer.milliseconds;
    void this.#toHost.send(answer.bytes, this.#idle);
  }

  #hold(bytes: Uint8Array): void {
    const { batchMs } = this.#faults;
    this.#held.push(bytes);
    if (batchMs === 0) this.#deliver();
    else if (this.#held.length === 1) this.clock.after(batchMs, () => this.#deliver());
  }

  #deliver(): void {
    for (const bytes of this.#held.splice(0)) {
      if (this.#silent || this.#delivery.ended) return;
      this.carried.toHost += bytes.length;
      this.#delivery.data(bytes);
    }
  }
}

/** What a device that fails is to the host. */
function asEnd(cause: unknown, name: string): DeviceError {
  return cause instanceof DeviceError ? cause : disconnectedError(name, `It failed: ${String(cause)}.`, cause);
}

/** One direction: packets in order, each when its last byte has passed. */
class Direction {
  readonly #clock: Clock;
  readonly #faults: LineFaults;
  readonly damage: Damage;
  readonly #arrive: (bytes: Uint8Array) => void;
  /** When what was sent so far has passed. */
  #free = 0;

  constructor(clock: Clock, faults: LineFaults, stream: number, arrive: (bytes: Uint8Array) => void) {
    this.#clock = clock;
    this.#faults = faults;
    this.damage = new Damage(faults, stream);
    this.#arrive = arrive;
  }

  /**
   * Resolves when all bytes have passed.
   * @param from when the first of them is there, in milliseconds of the clock
   */
  async send(bytes: Uint8Array, from = 0): Promise<void> {
    const passed: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      const packet = bytes.subarray(at, at + PACKET_BYTES);
      this.#free =
        Math.max(this.#free, from, this.#clock.now()) + this.damage.stallMs() + this.#milliseconds(packet.length);
      const damaged = this.damage.of(packet);
      passed.push(
        new Promise((resolve) => {
          this.#clock.after(this.#free - this.#clock.now(), () => {
            if (damaged.length > 0) this.#arrive(damaged);
            resolve();
          });
        }),
      );
    }
    await Promise.all(passed);
  }

  #milliseconds(bytes: number): number {
    return this.#faults.baud === 0 ? 0 : (1000 * bytes) / bytesPerSecond(this.#faults.baud);
  }
}
