/** The bench of sdq_table_loader: words of sdq_tables, and the writes that they stand for. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tableWords } from '../../../generator/emit/render-tables.js';
import type { ModelConfig } from '../../../generator/model/types.js';
import { indexWidth } from '../../../generator/sizing/integers.js';
import { buildTables } from '../../../sim/golden/tables.js';
import { type Bench, ROOT } from '../bench.js';
import { hexFile } from '../hex-file.js';

/** The first `most` entries of each of a model's tables. */
export function tablesBench(folder: string, config: ModelConfig, most = 20): Bench {
  const whole = buildTables(config);
  const tables = {
    reciprocalRoot: whole.reciprocalRoot.subarray(0, most),
    exp2: whole.exp2.subarray(0, most),
    sigmoid: whole.sigmoid.subarray(0, most),
    sine: whole.sine.subarray(0, most),
    ropeStep: whole.ropeStep,
  };
  const gated = config.architecture === 'llama';
  const words = tableWords(tables, gated);
  const of = (enables: number, first: number, entries: ArrayLike<number>): bigint[] =>
    Array.from(entries, (entry, i) => (BigInt(enables) << 48n) | (BigInt(first + i) << 32n) | BigInt(entry));
  const writes = [
    ...of(1, 256, tables.reciprocalRoot),
    ...of(16, 0, tables.exp2),
    ...(gated ? of(2, 0, tables.sigmoid) : []),
    ...(config.rope ? [...of(4, 0, tables.sine), ...of(8, 0, tables.ropeStep)] : []),
  ];
  mkdirSync(folder, { recursive: true });
  const name = join(folder, `tables-${config.name}`);
  hexFile(`${name}.rom`, words.map(BigInt));
  hexFile(`${name}.writes`, writes);
  return {
    name: `tables_tb ${config.name}`,
    top: 'tables_tb',
    sources: [join(ROOT, 'test/rtl/decoder/tables_tb.v')],
    parameters: { WORDS: words.length, INDEX_WIDTH: indexWidth(words.length), WRITES: writes.length },
    plusargs: { name },
  };
}
