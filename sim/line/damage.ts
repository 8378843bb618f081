import type { LineFaults } from './faults.js';

/** Draws what happens to the packets of one direction of a line; the same seed, the same faults. */
export class Damage {
  /** Faults so far: bytes changed, lost or doubled, and stalls. */
  count = 0;
  readonly #faults: LineFaults;
  /** Share of bytes to which something happens. */
  readonly #share: number;
  #state: number;
  /** Bytes that pass unharmed before the next that does not. */
  #unharmed: number;

  constructor(faults: LineFaults, stream: number) {
    this.#faults = faults;
    this.#share = Math.min(1, faults.flip + faults.drop + faults.duplicate);
    this.#state = (Math.imul(faults.seed, 0x9e3779b1) + stream) >>> 0;
    this.#unharmed = this.#gap();
  }

  /** What arrives of a packet, a copy. */
  of(packet: Uint8Array): Uint8Array {
    const out: number[] = [];
    let from = 0;
    while (this.#unharmed < packet.length - from) {
      const at = from + this.#unharmed;
      for (let i = from; i < at; i++) out.push(packet[i]!);
      out.push(...this.#harm(packet[at]!));
      from = at + 1;
      this.#unharmed = this.#gap();
    }
    this.#unharmed -= packet.length - from;
    if (from === 0) return packet.slice();
    for (let i = from; i < packet.length; i++) out.push(packet[i]!);
    return Uint8Array.from(out);
  }

  /** How long the line stands still before the next packet, in milliseconds. */
  stallMs(): number {
    const { stall, stallMs } = this.#faults;
    if (stall === 0 || this.#uniform() >= stall) return 0;
    this.count++;
    return Math.ceil(this.#uniform() * stallMs);
  }

  #harm(byte: number): readonly number[] {
    const { flip, drop, duplicate } = this.#faults;
    this.count++;
    const which = this.#uniform() * (flip + drop + duplicate);
    if (which < flip) return [byte ^ (1 << Math.floor(8 * this.#uniform()))];
    return which < flip + drop ? [] : [byte, byte];
  }

  /** Geometrically distributed. */
  #gap(): number {
    if (this.#share === 0) return Number.POSITIVE_INFINITY;
    return this.#share === 1 ? 0 : Math.floor(Math.log(1 - this.#uniform()) / Math.log(1 - this.#share));
  }

  /** From 0 to below 1: a counter, mixed. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
