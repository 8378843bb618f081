/** Where the tokens of a session come from: a decoder in this thread, whose linears are run anywhere, or one on a device. */

import { IntegerDecoder } from '../../sim/golden/decoder.js';
import type { IntegerModel } from '../../sim/golden/parameters.js';
import { runDecoder } from '../../sim/golden/run.js';
import type { LinearRunner } from './linears.js';
import { Sampler, type SamplingOptions } from './sampling.js';

/** A text to continue. */
export interface TokenRequest {
  readonly prompt: readonly number[];
  /** Tokens to generate, 1 or more: prompt + most − 1 is at most the context. */
  readonly most: number;
  readonly sampling: SamplingOptions;
  /** Called with the number of tokens that the model has read. */
  readonly onStep?: ((tokensRead: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Feed the last token too, if the context has room for it. */
  readonly feedLast: boolean;
}

/**
 * Gives one token after the other, `most` at most; it may end behind an end-of-text token. Whoever returns it early wants
 * no more.
 */
export type TokenSource = (request: TokenRequest) => AsyncGenerator<number, void, void>;

/** The decoder in this thread. @param linear runs the model's linears */
export function decoderTokens(model: IntegerModel, linear: LinearRunner): TokenSource {
  return async function* ({ prompt, most, sampling, onStep, signal, feedLast }) {
    const decoder = new IntegerDecoder(model);
    const sampler = new Sampler(model.tables, sampling);
    const feed = async (token: number): Promise<Int32Array> => {
      signal?.throwIfAborted();
      const logits = await runDecoder(decoder.step(token), (call) => linear(call, signal));
      onStep?.(decoder.position);
      return logits;
    };
    let logits: Int32Array | undefined;
    for (const token of prompt) logits = await feed(token);
    for (let count = 1; ; count++) {
      const token = sampler.next(logits!);
      yield token;
      if (count < most) logits = await feed(token);
      else if (feedLast && decoder.position < model.config.context) return void (await feed(token));
      else return;
    }
  };
}
