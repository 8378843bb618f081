import { InputError } from '../../generator/errors.js';
import type { ModelConfig } from '../../generator/model/types.js';
import { IntegerDecoder } from '../../sim/golden/decoder.js';
import type { IntegerModel } from '../../sim/golden/parameters.js';
import { runDecoder } from '../../sim/golden/run.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Comparison } from './compare.js';
import type { LinearRunner } from './linears.js';
import { Sampler, type SamplingOptions } from './sampling.js';

export interface SessionOptions extends SamplingOptions {
  readonly tokenizer: Tokenizer;
  /** Text to continue; empty means from the beginning of a document. */
  readonly prompt: string;
  /** The most tokens to generate, 1 or more; without it until the model ends the text, or the context is full. */
  readonly maxTokens?: number;
  /** Ends the session: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Called after each token that the model has read, prompt included, with the number of them. */
  readonly onStep?: (tokensRead: number) => void;
  /** Feed the last generated token too, so that the decoder has run once for each token. */
  readonly feedLast?: boolean;
}

export interface GeneratedToken {
  readonly token: number;
  /** Text that the token completes; empty while a character is incomplete. */
  readonly text: string;
  /** In a session that compares: the step that led to the token; for the first token all steps of the prompt. */
  readonly agreement?: Agreement;
}

/** How far the accelerator's values agree with the golden model's. */
export interface Agreement {
  /** Values compared: one per row of each linear. */
  readonly compared: number;
  /** Those of them that differ; 0 is full agreement. */
  readonly mismatches: number;
}

/**
 * The tokens of a prompt, BOS included.
 * @throws InputError if it is no text, or they do not fit the context or the vocabulary
 */
export function promptTokens(
  prompt: string,
  tokenizer: Tokenizer,
  { bos, context, vocab }: Pick<ModelConfig, 'bos' | 'context' | 'vocab'>,
): number[] {
  if (typeof prompt !== 'string') throw new InputError(`the prompt is ${prompt}; a text is wanted, which may be empty`);
  const tokens = [bos, ...tokenizer.encode(prompt)];
  if (tokens.length > context) {
    throw new InputError(`the prompt is ${tokens.length} tokens long, but the context holds ${context}`);
  }
  const outside = tokens.find((token) => token >= vocab);
  if (outside !== undefined) {
    throw new InputError(
      `the tokenizer made token ${outside}, but the model knows only ${vocab}: is it another model's?`,
    );
  }
  return tokens;
}

/**
 * A text that is continued: iterate over it for the tokens. It ends at an end-of-text token, which is not given out,
 * after `maxTokens`, or when the context is full. Each iteration begins anew and gives the same tokens.
 */
export class Session implements AsyncIterable<GeneratedToken> {
  /** BOS included. */
  readonly promptTokens: readonly number[];
  /** What was compared with the golden model so far; null in a session that does not compare. */
  readonly comparison: Comparison | null;
  readonly #model: IntegerModel;
  readonly #linear: LinearRunner;
  readonly #options: SessionOptions;

  /**
   * @param linear runs the model's linears
   * @param comparison what `linear` adds to, if it does
   * @throws InputError if the prompt does not fit the model, or an option is out of range
   */
  constructor(
    model: IntegerModel,
    linear: LinearRunner,
    options: SessionOptions,
    comparison: Comparison | null = null,
  ) {
    const { maxTokens = 1 } = options;
    if (!(Number.isInteger(maxTokens) && maxTokens >= 1)) {
      throw new InputError(`maxTokens is ${maxTokens}; a whole number of at least 1 is wanted`);
    }
    this.promptTokens = promptTokens(options.prompt, options.tokenizer, model.config);
    this.comparison = comparison;
    this.#model = model;
    this.#linear = linear;
    this.#options = options;
    new Sampler(model.tables, options);
  }

  /** @throws what the linears throw; the reason of `signal` */
  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratedToken, void, void> {
    const { context, eos } = this.#model.config;
    const { tokenizer, maxTokens = Number.POSITIVE_INFINITY, feedLast = false } = this.#options;
    const decoder = new IntegerDecoder(this.#model);
    const sampler = new Sampler(this.#model.tables, this.#options);
    const stream = tokenizer.stream(this.promptTokens);
    const agreement = this.#agreements();

    let logits: Int32Array | null = null;
    for (const token of this.promptTokens) logits = await this.#feed(decoder, token);
    // A token without text waits until it is known whether another one follows: the last one gets what was held back.
    let held: GeneratedToken | null = null;
    for (let count = 1; logits !== null; count++) {
      const token = sampler.next(logits);
      const ends = eos.includes(token);
      if (held !== null) yield ends ? { ...held, text: stream.end() } : held;
      if (ends) return;
      const next: GeneratedToken = { token, text: stream.push(token), ...agreement() };
      const full = decoder.position >= context;
      if (count === maxTokens || full) {
        if (feedLast && !full) await this.#feed(decoder, token);
        yield { ...next, text: next.text + stream.end() };
        return;
      }
      held = next.text === '' ? next : null;
      if (held === null) yield next;
      logits = await this.#feed(decoder, token);
    }
  }

  async #feed(decoder: IntegerDecoder, token: number): Promise<Int32Array> {
    const { signal, onStep } = this.#options;
    signal?.throwIfAborted();
    const logits = await runDecoder(decoder.step(token), (call) => this.#linear(call, signal));
    onStep?.(decoder.position);
    return logits;
  }

  /** Each call gives what was compared since the one before. */
  #agreements(): () => { agreement?: Agreement } {
    const { comparison } = this;
    if (comparison === null) return () => ({});
    let { compared, mismatchCount } = comparison;
    return () => {
      const agreement = {
        compared: comparison.compared - compared,
        mismatches: comparison.mismatchCount - mismatchCount,
      };
      ({ compared, mismatchCount } = comparison);
      return { agreement };
    };
  }
}
