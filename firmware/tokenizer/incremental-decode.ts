import type { TextStream } from './tokenizer.js';

const REPLACEMENT = '\uFFFD';

/**
 * Streams with a decoder that can only decode whole sequences. Since what a token's text is may depend on the token
 * before it (a leading space is dropped at the beginning of a sequence), each token is decoded together with those
 * whose text was given out last, and the text of these is cut off again.
 *
 * @param decode text of a sequence; the text of a longer sequence begins with it, unless it ends in U+FFFD
 */
export function incrementalStream(decode: (ids: readonly number[]) => string): TextStream {
  // The tokens of the last text given out, then those whose text is held back.
  let window: number[] = [];
  let given = 0;

  const heldBack = (): string => decode(window).slice(decode(window.slice(0, given)).length);
  return {
    push(id) {
      window.push(id);
      const text = heldBack();
      // At the end of a text this character stands for the first bytes of one that is not complete.
      if (text === '' || text.endsWith(REPLACEMENT)) return '';
      window = window.slice(given);
      given = window.length;
      return text;
    },
    end: () => heldBack(),
  };
}
