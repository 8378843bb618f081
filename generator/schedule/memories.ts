/** The decoder's memories besides the engine's, as wide and as deep as the Verilog has them. */

import type { EngineMemory } from '../sizing/estimate.js';
import { ceilDiv } from '../sizing/integers.js';
import { LOGIT_WORDS } from './hardware.js';
import { type Machine, parameterWord } from './machine.js';

/** What a memory serves: parameters are the host's, the caches hold all positions, scratch a token's vectors. */
export type MemoryUse = 'parameters' | 'cache' | 'scratch' | 'tables';

export interface DecoderMemory extends EngineMemory {
  readonly use: MemoryUse;
}

/** Bits of the exponent of a cached key or value, 0 … 24. */
const EXPONENT_BITS = 5;
/** Entries of the tables of reciprocal roots, 2^−d and the quarter sine; of the logistic function. */
const TABLE_WORDS = 1024;
const LOGISTIC_WORDS = 2048;
/** What is loaded of the reciprocal roots; both of their tables have the same. */
const ROOT_ENTRIES = 768;

/** Words of the ROM that the tables are loaded from after a reset: each begins with a head. */
function tableRomWords({ config }: Machine): number {
  const { rope, architecture, headDim } = config;
  const rotary = rope ? [TABLE_WORDS, headDim] : [];
  const gated = architecture === 'llama' ? [LOGISTIC_WORDS] : [];
  return [ROOT_ENTRIES, TABLE_WORDS, ...gated, ...rotary].reduce((sum, words) => sum + 1 + words, 0);
}

/** @param constants how many the program has */
export function decoderMemories(machine: Machine, constants: number): DecoderMemory[] {
  const { config, widths, vectors, parameters } = machine;
  const { values, attention } = widths;
  const { layers, heads, kvHeads, headDim, context, dim, embedDim, rope, architecture } = config;
  const word = parameterWord(widths);
  const places = layers * kvHeads * context;
  const cacheWords = (places * headDim) / attention;
  const queryWords = ceilDiv(Math.max(heads * headDim, dim, embedDim), attention);
  const memory = (use: MemoryUse, name: string, words: number, width: number): DecoderMemory => ({
    use,
    name,
    words,
    width,
  });
  return [
    memory('parameters', 'parameters', parameters.bytes / word, 8 * word),
    memory('parameters', 'constants', ceilDiv(constants, 2), 16),
    memory('cache', 'keys', cacheWords, 16 * attention),
    memory('cache', 'values', cacheWords, 8 * attention),
    memory('cache', 'exponents of keys', places, EXPONENT_BITS),
    memory('cache', 'exponents of values', places, EXPONENT_BITS),
    memory('cache', 'most exponents', places, EXPONENT_BITS),
    memory('scratch', 'vectors', vectors.words, 32 * values),
    memory('scratch', 'query', queryWords, 16 * attention),
    memory('scratch', 'scores', 2 * context, 32),
    memory('scratch', 'logits', LOGIT_WORDS, 32 * values),
    memory('tables', 'contents of the tables', tableRomWords(machine), 18),
    memory('tables', 'reciprocal root, norms', TABLE_WORDS, 16),
    memory('tables', 'reciprocal root, softmax', TABLE_WORDS, 16),
    memory('tables', '2^-d', TABLE_WORDS, 17),
    ...(rope
      ? [
          memory('tables', 'quarter sine', TABLE_WORDS, 15),
          memory('tables', 'rotary steps', headDim / 2, 32),
          memory('scratch', 'rotation', ceilDiv(headDim, values), 16 * values),
        ]
      : []),
    ...(architecture === 'llama'
      ? Array.from({ length: values }, (_, i) => memory('tables', `logistic function ${i}`, LOGISTIC_WORDS, 16))
      : []),
  ];
}
