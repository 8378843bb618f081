import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HuggingFaceTokenizer } from '../firmware/tokenizer/huggingface.js';
import { parseLlama2cTokenizer } from '../firmware/tokenizer/llama2c.js';
import { InputError } from '../generator/errors.js';
import { LLAMA_CONFIG, OPT_350M_CONFIG, writeCheckpoint } from './support/checkpoints.js';
import { encodeLlama2cTokenizer } from './support/llama2c-tokenizer.js';
import { writeLlama2c } from './support/llama2c-writer.js';
import { uniform } from './support/random.js';
import { readAll } from './support/read-model.js';
import { tempDirectory } from './support/temp.js';
import { byteLevelVocabulary, sentencePieceJson } from './support/tokenizers.js';

const ROUNDS = 200;
const directory = tempDirectory();

/** Runs an action, which may succeed or refuse its input, but must not fail in any other way. */
function expectNoCrash(action: () => unknown, what: string): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof InputError)) throw new Error(`${what}: ${error}`, { cause: error });
    expect(error.message, what).toMatch(/^\S[^\n]*\.$/);
  }
}

/** Changes, drops or repeats a few bytes among the first `range`. */
function damage(bytes: Buffer, range: number, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let result = Buffer.from(bytes);
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(Math.min(range, result.length));
    const kind = below(4);
    if (kind === 0) result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + below(8))]);
    else if (kind === 1) result = Buffer.concat([result.subarray(0, at + 4), result.subarray(at)]);
    else result[at] = kind === 2 ? below(256) : result[at]! ^ (1 << below(8));
  }
  return result;
}

/** Replaces one value somewhere in a JSON document by one of another kind. */
function disturb(json: unknown, random: () => number): unknown {
  const values = [null, true, -1, 0, 1.5, 1e300, '', 'x', [], {}, [[]], 2 ** 31, 'Sequence', [null]];
  if (typeof json !== 'object' || json === null || random() < 0.15) return values[Math.floor(random() * values.length)];
  const keys = Object.keys(json);
  const key = keys[Math.floor(random() * keys.length)];
  if (key === undefined) return values[Math.floor(random() * values.length)];
  const copy = structuredClone(json) as Record<string, unknown>;
  if (random() < 0.1) delete copy[key];
  else copy[key] = disturb(copy[key], random);
  return copy;
}

describe('damaged input is refused with a sentence, or read', () => {
  test.each([
    ['LLaMA', LLAMA_CONFIG],
    ['OPT', OPT_350M_CONFIG],
  ])('%s checkpoints', (name, config) => {
    const path = join(directory, name);
    writeCheckpoint(path, { config });
    const random = uniform(name.length);
    for (const file of ['model.safetensors', 'config.json']) {
      const whole = readFileSync(join(path, file));
      const range = file.endsWith('.json') ? whole.length : 8 + Number(whole.readBigUInt64LE());
      for (let round = 0; round < ROUNDS; round++) {
        writeFileSync(join(path, file), damage(whole, range, random));
        expectNoCrash(() => readAll(path), `${file}, round ${round}`);
      }
      writeFileSync(join(path, file), whole);
    }
    readAll(path);
  });

  test('configs with values of other kinds', () => {
    const path = join(directory, 'config');
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    const random = uniform(5);
    const config = { ...LLAMA_CONFIG, rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1 } };
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(join(path, 'config.json'), JSON.stringify(disturb(config, random)));
      expectNoCrash(() => readAll(path), `round ${round}`);
    }
  });

  test('llama2.c checkpoints', () => {
    const path = join(directory, 'model.bin');
    writeLlama2c(path, { dim: 8, hidden: 12, layers: 2, heads: 4, kvHeads: 2, vocab: 11, context: 16 }, true);
    const whole = readFileSync(path);
    const random = uniform(6);
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(path, damage(whole, 40, random));
      expectNoCrash(() => readAll(path), `round ${round}`);
    }
  });

  test('llama2.c tokenizers', () => {
    const pieces = Array.from({ length: 259 }, (_, i) => ({ bytes: `<${i}>`, score: -i }));
    const whole = encodeLlama2cTokenizer(pieces);
    const random = uniform(7);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damage(whole, whole.length, random);
      expectNoCrash(() => {
        const tokenizer = parseLlama2cTokenizer('t.bin', bytes);
        tokenizer.decode(tokenizer.encode('a <1>é'));
      }, `round ${round}`);
    }
  });

  test('tokenizer.json', () => {
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
    const documents = [
      sentencePieceJson(['h e', 'l l']),
      {
        added_tokens: [{ id: 0, content: '<s>', special: true }],
        normalizer: null,
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
        decoder: byteLevel,
        model: { type: 'BPE', vocab: byteLevelVocabulary(['<s>'], ['h e']), merges: ['h e'] },
      },
    ];
    const random = uniform(8);
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const json: unknown = JSON.parse(JSON.stringify(disturb(documents[round % 2], random)));
      if (typeof json !== 'object' || json === null || Array.isArray(json)) continue;
      expectNoCrash(
        () => {
          const tokenizer = new HuggingFaceTokenizer('t.json', json as Record<string, unknown>);
          tokenizer.decode(tokenizer.encode('he 12 é'));
        },
        JSON.stringify(json).slice(0, 2000),
      );
    }
  });
});
