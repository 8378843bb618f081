/**
 * Calls back when nothing has happened for some time. A touch costs no timer: the timer that runs out early looks at
 * the clock and runs on.
 */
export class Watchdog {
  readonly #expired: () => void;
  #handle: unknown = null;
  #timeoutMs = 0;
  #touched = 0;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  /** Starts, or takes another time-out if it runs; counts as a touch. */
  start(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.touch();
    if (this.#handle === null) this.#wait(timeoutMs);
  }

  /** Something has happened. */
  touch(): void {
    this.#touched = Date.now();
  }

  stop(): void {
    if (this.#handle !== null) clearTimeout(this.#handle);
    this.#handle = null;
  }

  #wait(milliseconds: number): void {
    this.#handle = setTimeout(() => {
      this.#handle = null;
      const left = this.#touched + this.#timeoutMs - Date.now();
      if (left > 0) this.#wait(left);
      else this.#expired();
    }, milliseconds);
  }
}
