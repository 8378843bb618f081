import type { Clock } from '../transport/clock.js';

/**
 * Calls back when nothing has happened for some time. A touch costs no timer: the timer that runs out early looks at
 * the clock and runs on.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #cancel: (() => void) | null = null;
  #timeoutMs = 0;
  #touched = 0;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Starts, or takes another time-out if it runs; counts as a touch. */
  start(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.touch();
    if (this.#cancel === null) this.#wait(timeoutMs);
  }

  /** Something has happened. */
  touch(): void {
    this.#touched = this.#clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #wait(milliseconds: number): void {
    this.#cancel = this.#clock.after(milliseconds, () => {
      this.#cancel = null;
      const left = this.#touched + this.#timeoutMs - this.#clock.now();
      if (left > 0) this.#wait(left);
      else this.#expired();
    });
  }
}
