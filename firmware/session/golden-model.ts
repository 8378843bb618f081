import { cached, type Image } from '../../generator/image/image.js';
import type { IntegerModel, LinearWeights } from '../../sim/golden/parameters.js';
import { Comparison } from './compare.js';
import { comparedLinears, goldenLinears, type LinearRunner } from './linears.js';
import { Session, type SessionOptions } from './session.js';

/** A model in integers, computed in this thread: the golden model, which needs no board. */
export class GoldenModel {
  readonly weights: Image;
  readonly #linears: LinearWeights;
  #integers: IntegerModel | null = null;

  /** Whoever reads linears of the weights again finds them unpacked in memory. */
  constructor(weights: Image) {
    this.weights = weights;
    this.#linears = cached(weights);
  }

  /** Begins a text that the golden model continues. @throws InputError as `Session` does */
  session(options: SessionOptions): Session {
    return this.sessionWith(goldenLinears(this.#linears), options);
  }

  /**
   * Begins a text whose linears are run elsewhere.
   * @param compare compare every value with the golden model
   */
  sessionWith(linear: LinearRunner, options: SessionOptions, compare = false): Session {
    this.#integers ??= this.weights.integerModel();
    if (!compare) return new Session(this.#integers, linear, options);
    const comparison = new Comparison();
    return new Session(this.#integers, comparedLinears(linear, this.#linears, comparison), options, comparison);
  }
}
