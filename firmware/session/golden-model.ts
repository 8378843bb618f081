import { cached, type Image } from '../../generator/image/image.js';
import type { IntegerModel, LinearWeights } from '../../sim/golden/parameters.js';
import { Comparison } from './compare.js';
import { comparedLinears, goldenLinears, type LinearRunner } from './linears.js';
import { Session, type SessionOptions } from './session.js';
import { comparedTokens, type StepRunner, stepTokens } from './step-tokens.js';
import { decoderTokens } from './token-source.js';

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
    const model = this.#integerModel();
    if (!compare) return new Session(model, decoderTokens(model, linear), options);
    const comparison = new Comparison();
    const compared = comparedLinears(linear, this.#linears, comparison);
    return new Session(model, decoderTokens(model, compared), options, comparison);
  }

  /**
   * Begins a text whose steps are executed elsewhere.
   * @param compare compare all logits with the golden model
   */
  sessionOfSteps(run: StepRunner, options: SessionOptions, compare = false): Session {
    const model = this.#integerModel();
    if (!compare) return new Session(model, stepTokens(model, run), options);
    const comparison = new Comparison();
    const check = comparedTokens(model, goldenLinears(this.#linears), comparison);
    return new Session(model, stepTokens(model, run, check), options, comparison);
  }

  #integerModel(): IntegerModel {
    this.#integers ??= this.weights.integerModel();
    return this.#integers;
  }
}
