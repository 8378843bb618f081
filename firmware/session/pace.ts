import type { Clock } from '../transport/clock.js';

/** Time for which a device may be busy with one request: what it has begun nobody can stop. */
const BUSY_MS = 500;
/** Tokens of the first request, before any time is known: a simulation may take seconds for one. */
const FIRST_TOKENS = 1;
/** A request has at most so many times the tokens of the largest before it: the time of few says little about many. */
const GROWTH = 16;
const MOST_TOKENS = 256;

/** How many tokens a request may have, from the time that those before took: thousands a second on a board, few in simulation. */
export class Pace {
  readonly #clock: Clock;
  #tokens = FIRST_TOKENS;
  #lastEnd = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** A request is sent, behind those before. @returns what is to be called at its end, with the tokens that it had */
  begin(): (tokens: number) => void {
    const sent = this.#clock.now();
    return (tokens) => {
      const now = this.#clock.now();
      const perToken = (now - Math.max(sent, this.#lastEnd)) / tokens;
      this.#lastEnd = now;
      const most = Math.min(MOST_TOKENS, Math.max(this.#tokens, GROWTH * tokens));
      this.#tokens = Math.max(1, Math.min(most, Math.floor(BUSY_MS / perToken)));
    };
  }
}
