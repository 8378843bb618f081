/** The ROM of the decoder's program. */

import type { Board } from '../boards/board.js';
import { disassemble } from '../schedule/disassemble.js';
import { type Assembly, wordsOf } from '../schedule/instructions.js';
import { render } from './template.js';

export const PROGRAM_FILE = 'sdq_program.v';
export const PROGRAM_TEMPLATE = `${PROGRAM_FILE}.hbs`;

/** @param template text of PROGRAM_TEMPLATE @param preamble lines of the comment that the file begins with */
export function renderProgram(
  assembly: Assembly,
  { romStyle }: Pick<Board, 'romStyle'>,
  preamble: readonly string[],
  template: string,
): string {
  const { encoding, words } = assembly;
  const instructions = wordsOf(assembly);
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
      text: disassemble(instructions[index]!),
    })),
  });
}
