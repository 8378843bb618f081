import type { Clock } from '../../../firmware/transport/clock.js';
import type { LineDevice } from '../line.js';

/** Work that waits for something that will never happen. */
export class HungError extends Error {
  override readonly name = 'HungError';
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Time that passes only when nothing is left to do at the present: a session of minutes takes milliseconds, and takes
 * the same each time.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  readonly #outside = new Set<Promise<unknown>>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Time stands still until `work`, which real time takes, has ended. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#outside.add(work);
    try {
      return await work;
    } finally {
      this.#outside.delete(work);
    }
  }

  /**
   * Lets time pass until `work` has ended.
   * @throws HungError if nothing is left that could end it, or if it has not ended by `deadlineMs` from now
   */
  async run<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
    const deadline = this.#now + deadlineMs;
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    work.then(end, end);
    for (;;) {
      // Everything that is due at the present: a turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      if (ended) return await work;
      if (this.#outside.size > 0) {
        await Promise.race(this.#outside).catch(() => undefined);
        continue;
      }
      const next = this.#first();
      if (!next) throw new HungError(`At ${this.#now} ms nothing is left to happen.`);
      if (next.at > deadline) throw new HungError(`The work has not ended after ${deadlineMs} ms.`);
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}

/** A device that works in real time, at the end of a line in virtual time. */
export function inVirtualTime(device: LineDevice, clock: VirtualClock): LineDevice {
  return {
    receive: (bytes) => clock.outside(device.receive(bytes)),
    reset: (memory) => clock.outside(device.reset(memory)),
  };
}
