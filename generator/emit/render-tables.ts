/** The ROM of the decoder's tables, from which sdq_table_loader writes them to the units. */

import type { Tables } from '../../sim/golden/tables.js';
import { indexWidth } from '../sizing/integers.js';
import { render } from './template.js';

export const TABLES_FILE = 'sdq_tables.v';
export const TABLES_TEMPLATE = `${TABLES_FILE}.hbs`;

/** Bits of the loader's write enables. */
const SELECT = { root: 1, sigmoid: 2, sine: 4, ropeStep: 8, exp2: 16 } as const;
/** The first of the reciprocal roots has this address. */
const ROOT_FIRST = 256;
/** The sine of a whole quarter is in no memory. */
const SINE_ENTRIES = 1024;

/** Words for sdq_table_loader: those tables that the units of a model have. */
export function tableWords({ reciprocalRoot, exp2, sigmoid, sine, ropeStep }: Tables, gated: boolean): number[] {
  const section = (select: number, first: number, entries: ArrayLike<number>, wide = 0): number[] => [
    (1 << 17) | (wide << 16) | (select << 11) | first,
    ...Array.from(entries).flatMap((entry) => (wide ? [entry & 0xffff, entry >>> 16] : [entry])),
  ];
  return [
    ...section(SELECT.root, ROOT_FIRST, reciprocalRoot),
    ...section(SELECT.exp2, 0, exp2),
    ...(gated ? section(SELECT.sigmoid, 0, sigmoid) : []),
    ...(ropeStep.length > 0
      ? [...section(SELECT.sine, 0, sine.subarray(0, SINE_ENTRIES)), ...section(SELECT.ropeStep, 0, ropeStep, 1)]
      : []),
  ];
}

/** @param template text of TABLES_TEMPLATE @param preamble lines of the comment that the file begins with */
export function renderTables(words: readonly number[], preamble: readonly string[], template: string): string {
  return render(template, {
    preamble,
    lastWord: words.length - 1,
    indexWidth: indexWidth(words.length),
    entries: words.map((word, index) => ({ index, word: word.toString(16) })),
  });
}
