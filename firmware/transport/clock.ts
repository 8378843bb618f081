/** Time in milliseconds, from any beginning. */
export interface Clock {
  now(): number;
  /** Calls back once, so many milliseconds from now. @returns what cancels that */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const handle = setTimeout(callback, milliseconds);
    return () => clearTimeout(handle);
  },
};
