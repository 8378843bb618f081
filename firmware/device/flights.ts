/** Transmissions that the device may still have in its buffer, in the order in which they were sent. */

export interface Flight<T> {
  readonly seq: number;
  /** Bytes on the link, or a bound for them. */
  readonly bytes: number;
  readonly isWrite: boolean;
  /** What was sent; null when it has been sent again, or given up, since. */
  entry: T | null;
}

export class Flights<T> {
  readonly #flights: Flight<T>[] = [];
  #bytes = 0;

  get count(): number {
    return this.#flights.length;
  }

  /** Sum over the transmissions. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sum over the transmissions from the first one on that is no WRITE. */
  bytesFromOther(): number {
    const first = this.#flights.findIndex(({ isWrite }) => !isWrite);
    return first < 0 ? 0 : this.#flights.slice(first).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The oldest one. */
  get first(): Flight<T> | undefined {
    return this.#flights[0];
  }

  /** Some transmission is one whose answer counts. */
  get live(): boolean {
    return this.#flights.some((flight) => flight.entry !== null);
  }

  add(flight: Flight<T>): void {
    this.#flights.push(flight);
    this.#bytes += flight.bytes;
  }

  /**
   * The device has answered a transmission: those before it have left its buffer too.
   *
   * @returns null if there is none of this number; else the transmission, which is now the first, and whether an
   * earlier one, or its answer, was lost
   */
  answered(seq: number): { flight: Flight<T>; lost: boolean } | null {
    const at = this.#flights.findIndex((flight) => flight.seq === seq);
    if (at < 0) return null;
    const flight = this.#flights[at]!;
    const lost = this.#flights.slice(0, at).some(({ entry }) => entry !== null);
    this.land(at);
    return { flight, lost };
  }

  /** The first `count` have left the device's buffer. */
  land(count = this.#flights.length): void {
    for (const flight of this.#flights.splice(0, count)) this.#bytes -= flight.bytes;
  }

  /** Answers to the chosen transmissions no longer count. */
  disown(chosen: (entry: T) => boolean = () => true): void {
    for (const flight of this.#flights) if (flight.entry !== null && chosen(flight.entry)) flight.entry = null;
  }
}
