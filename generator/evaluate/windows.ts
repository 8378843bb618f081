import type { Tokenizer } from '../../firmware/tokenizer/tokenizer.js';
import { InputError } from '../errors.js';
import type { ModelConfig } from '../model/types.js';
import type { EvaluationText } from './text.js';

/**
 * The token sequences that the model is run on, each from position 0. A document is tokenized once, preceded by one
 * bos; `cut` keeps its first `context` tokens (bos included), `split` cuts it into consecutive windows of `context`
 * tokens, so that only the first of them begins with bos.
 *
 * @returns sequences of 2 to `context` tokens; what is too short to predict anything in is left out
 * @throws InputError if the text has no such sequence, or the tokenizer gives a token outside the model's vocabulary
 */
export function tokenWindows(config: ModelConfig, tokenizer: Tokenizer, text: EvaluationText): number[][] {
  const { bos, context, vocab } = config;
  const windows: number[][] = [];
  for (const document of text.documents) {
    const tokens = [bos, ...tokenizer.encode(document)];
    const end = text.long === 'cut' ? Math.min(tokens.length, context) : tokens.length;
    for (let start = 0; start < end; start += context) {
      const window = tokens.slice(start, Math.min(start + context, end));
      if (window.length >= 2) windows.push(window);
    }
  }
  if (windows.length === 0) throw new InputError('The text has no token to predict.');
  const alien = windows.flat().find((token) => token >= vocab);
  if (alien !== undefined) {
    throw new InputError(
      `The tokenizer gives token ${alien}, but model ${config.name} has ${vocab} tokens: they do not belong together.`,
    );
  }
  return windows;
}

/** How many tokens are predicted: all but the first of each window. */
export function countPredictions(windows: readonly ArrayLike<number>[]): number {
  return windows.reduce((count, window) => count + Math.max(0, window.length - 1), 0);
}
