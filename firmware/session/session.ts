import { InputError } from '../../generator/errors.js';
import type { ModelConfig } from '../../generator/model/types.js';
import type { IntegerDecoder, LinearCall } from '../../sim/golden/decoder.js';
import { argmax } from '../../sim/golden/ops.js';
import { runDecoder } from '../../sim/golden/run.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** Runs one linear of the decoder: on a board, in the simulator, or in the golden model. */
export type LinearRunner = (call: LinearCall) => Promise<Int32Array>;

export interface GenerateOptions {
  /** Text to continue; empty means from the beginning of a document. */
  readonly prompt: string;
  /** The most tokens to generate. */
  readonly maxTokens: number;
  readonly signal?: AbortSignal;
  /** Feed the last generated token too, so that the decoder has run once for each token. */
  readonly feedLast?: boolean;
  /** Called after each token that was fed, prompt included. */
  readonly onToken?: (position: number, token: number) => void;
}

export interface GeneratedToken {
  readonly token: number;
  /** Text that the token completes; may be empty while a character is incomplete. */
  readonly text: string;
}

/** What a session has to know of a model. */
export type SessionModel = Pick<ModelConfig, 'bos' | 'eos' | 'context' | 'vocab'>;

/**
 * The tokens of a prompt, BOS included.
 * @throws InputError if they do not fit the context or the vocabulary
 */
export function promptTokens(prompt: string, tokenizer: Tokenizer, { bos, context, vocab }: SessionModel): number[] {
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

/** A conversation with one model: tokens in, tokens out, the linears run by `linear`. */
export class Session {
  /** Tokens of the last prompt, BOS included. */
  promptTokens: readonly number[] = [];

  constructor(
    private readonly decoder: IntegerDecoder,
    private readonly tokenizer: Tokenizer,
    private readonly model: SessionModel,
    private readonly linear: LinearRunner,
  ) {}

  /**
   * Continues a prompt greedily; ends at an end-of-text token, after maxTokens, or when the context is full.
   * @throws InputError if the prompt alone does not fit the context or the vocabulary
   */
  async *generate(options: GenerateOptions): AsyncGenerator<GeneratedToken, void, void> {
    const { context, eos } = this.model;
    this.promptTokens = promptTokens(options.prompt, this.tokenizer, this.model);
    this.decoder.reset();
    const stream = this.tokenizer.stream(this.promptTokens);
    let next = 0;
    for (const token of this.promptTokens) next = await this.#feed(token, options);
    for (let count = 1; count <= options.maxTokens && !eos.includes(next); count++) {
      yield { token: next, text: stream.push(next) };
      const wanted = count < options.maxTokens || options.feedLast === true;
      if (!wanted || this.decoder.position >= context) break;
      next = await this.#feed(next, options);
    }
    const rest = stream.end();
    if (rest) yield { token: -1, text: rest };
  }

  async #feed(token: number, { signal, onToken }: GenerateOptions): Promise<number> {
    signal?.throwIfAborted();
    const position = this.decoder.position;
    const logits = await runDecoder(this.decoder.step(token), this.linear);
    onToken?.(position, token);
    return argmax(logits);
  }
}
