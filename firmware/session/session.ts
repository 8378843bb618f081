import { InputError } from '../../generator/errors.js';
import type { ModelConfig } from '../../generator/model/types.js';
import type { IntegerModel } from '../../sim/golden/parameters.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Comparison } from './compare.js';
import { Sampler, type SamplingOptions } from './sampling.js';
import type { TokenSource } from './token-source.js';

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

/** Why a text ended: as many tokens as were wanted, a context without room for another one, or an end-of-text token. */
export type Finish = 'tokens' | 'context' | 'end';

/** The most tokens that can follow a prompt: the last one is not read. */
export const contextRoom = (context: number, promptTokens: number): number => context - promptTokens + 1;

/** Why a text ended after so many tokens behind a prompt of so many. */
export function finishOf(
  tokens: number,
  promptTokens: number,
  { context }: Pick<ModelConfig, 'context'>,
  maxTokens = Number.POSITIVE_INFINITY,
): Finish {
  if (tokens === maxTokens) return 'tokens';
  return tokens === contextRoom(context, promptTokens) ? 'context' : 'end';
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
  readonly #config: ModelConfig;
  readonly #source: TokenSource;
  readonly #options: SessionOptions;

  /**
   * @param source gives the model's tokens
   * @param comparison what `source` adds to, if it does
   * @throws InputError if the prompt does not fit the model, or an option is out of range
   */
  constructor(
    model: Pick<IntegerModel, 'config' | 'tables'>,
    source: TokenSource,
    options: SessionOptions,
    comparison: Comparison | null = null,
  ) {
    const { maxTokens = 1 } = options;
    if (!(Number.isInteger(maxTokens) && maxTokens >= 1)) {
      throw new InputError(`maxTokens is ${maxTokens}; a whole number of at least 1 is wanted`);
    }
    this.promptTokens = promptTokens(options.prompt, options.tokenizer, model.config);
    this.comparison = comparison;
    this.#config = model.config;
    this.#source = source;
    this.#options = options;
    new Sampler(model.tables, options);
  }

  /** Why the text ended after so many tokens. */
  finish(tokens: number): Finish {
    return finishOf(tokens, this.promptTokens.length, this.#config, this.#options.maxTokens);
  }

  /** @throws what the source of the tokens throws; the reason of `signal` */
  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratedToken, void, void> {
    const { context, eos } = this.#config;
    const { tokenizer, maxTokens = Number.POSITIVE_INFINITY, feedLast = false, onStep, signal } = this.#options;
    const prompt = this.promptTokens;
    const most = Math.min(maxTokens, contextRoom(context, prompt.length));
    const stream = tokenizer.stream(prompt);
    const agreement = this.#agreements();

    let count = 0;
    // A token without text waits until it is known whether another one follows: the last one gets what was held back.
    let held: GeneratedToken | null = null;
    for await (const token of this.#source({ prompt, most, sampling: this.#options, onStep, signal, feedLast })) {
      const ends = eos.includes(token);
      if (held !== null) yield ends ? { ...held, text: stream.end() } : held;
      if (ends) return;
      held = { token, text: stream.push(token), ...agreement() };
      if (++count === most || held.text === '') continue;
      yield held;
      held = null;
    }
    if (held !== null) yield { ...held, text: held.text + stream.end() };
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
