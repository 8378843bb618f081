/** The ROM of the decoder's program. */

import type { Board } from '../boards/board.js';
import { disassemble } from '../schedule/disassemble.js';
import { type Assembly, decode } from '../schedule/instructions.js';
import { render } from './template.js';

export const PROGRAM_FILE = 'sdq_program.v';
export const PROGRAM_TEMPLATE = `${PROGRAM_FILE}.hbs`;

/** @param template text of PROGRAM_TEMPLATE @param preamble lines of the comment that the file begins with */
export function renderProgram(
  { encoding, words, constants }: Assembly,
  { romStyle }: Pick<Board, 'romStyle'>,
  preamble: readonly string[],
  template: string,
): string {
  // The value of no constant: the file is the same for all models of a plan.
  const places = { encoding, constants: Array.from(constants, (_, place) => place) };
  const fields = Object.entries(encoding.fields).map(([name, place]) => ({ name, ...place }));
  return render(template, {
    preamble,
    fields: fields.sort((a, b) => a.at - b.at),
    width: encoding.word,
    indexWidth: encoding.fields.entry.width,
    romStyle,
    lastEntry: words.length - 1,
    entries: words.map((word, index) => ({
      index,
      word: word.toString(16),
      text: disassemble(decode(word, places)),
    })),
  });
}
