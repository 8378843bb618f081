import type { Finish } from '../../firmware/session/session.js';

/** What is said of a text that ended before it had the tokens that were asked for. */
export function finishText(finish: Finish): string[] {
  return {
    tokens: [],
    context: ['The text ends here: the context is full.'],
    end: ['The model ended the text.'],
  }[finish];
}
