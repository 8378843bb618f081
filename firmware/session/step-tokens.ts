/** Tokens of a device that has the whole decoder: generated there, or chosen here from its logits. */

import { IntegerDecoder } from '../../sim/golden/decoder.js';
import type { IntegerModel } from '../../sim/golden/parameters.js';
import { runDecoder } from '../../sim/golden/run.js';
import type { StepToken } from '../device/job.js';
import type { Comparison } from './compare.js';
import type { LinearRunner } from './linears.js';
import { Sampler } from './sampling.js';
import type { TokenSource } from './token-source.js';

/** What a session wants of the device at once. */
export interface StepWish {
  /** All tokens of the text so far. */
  readonly text: readonly number[];
  /** The most tokens to generate from there on; there may be fewer. */
  readonly most: number;
  readonly stop?: number | undefined;
  readonly logits: boolean;
  /** Called with the number of tokens that the device has read. */
  readonly onRead?: ((tokensRead: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Executes steps and gives the tokens that come out, as they come; one at least. */
export type StepRunner = (wish: StepWish) => AsyncIterable<StepToken>;

/** Takes note of a token with its logits. @param text all tokens up to its step's, included */
export type TokenCheck = (text: readonly number[], token: StepToken, signal?: AbortSignal) => Promise<void>;

/** @param check looks at every token's logits */
export function stepTokens(
  model: Pick<IntegerModel, 'config' | 'tables'>,
  run: StepRunner,
  beginCheck: (() => TokenCheck) | null = null,
): TokenSource {
  const { eos, context } = model.config;
  return async function* ({ prompt, most, sampling, onStep, signal, feedLast }) {
    const sampler = new Sampler(model.tables, sampling);
    const chooses = sampling.temperature !== undefined && sampling.temperature !== 0;
    const check = beginCheck?.() ?? null;
    const wish = { stop: eos[0], logits: chooses || check !== null, onRead: onStep, signal };
    const text = [...prompt];
    while (text.length < prompt.length + most) {
      const left = prompt.length + most - text.length;
      for await (const answer of run({ ...wish, text: [...text], most: chooses ? 1 : left })) {
        // Tokens that have come already are no reason to go on.
        signal?.throwIfAborted();
        await check?.(text, answer, signal);
        const token = chooses ? sampler.next(answer.logits!) : answer.token;
        text.push(token);
        yield token;
      }
    }
    if (!feedLast || text.length > context) return;
    for await (const answer of run({ ...wish, text, most: 1 })) await check?.(text, answer, signal);
  };
}

/** Compares all logits with the golden model, which reads the same tokens. @param linear the golden model's linears */
export function comparedTokens(model: IntegerModel, linear: LinearRunner, comparison: Comparison): () => TokenCheck {
  return () => {
    const decoder = new IntegerDecoder(model);
    return async (text, { position, logits }, signal) => {
      let golden: Int32Array | undefined;
      while (decoder.position <= position) {
        golden = await runDecoder(decoder.step(text[decoder.position]!), (call) => linear(call, signal));
      }
      comparison.addLogits(position, golden!, logits!);
    };
  };
}
