import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gpt2Tokenizer } from '../firmware/tokenizer/gpt2.js';
import { HuggingFaceTokenizer } from '../firmware/tokenizer/huggingface.js';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import type { Tokenizer } from '../firmware/tokenizer/tokenizer.js';
import { uniform } from './support/random.js';
import { examplePath } from './support/shared.js';
import { byteLevelVocabulary, sentencePieceJson } from './support/tokenizers.js';

const CHARACTERS = [
  ..."abcdehilorstw   \n\t.,'!?AZ019",
  'é',
  '你',
  '😀',
  '\u00a0',
  '\u0085',
  '\ufeff',
  "'ll",
  '</s>',
  '  ',
];

/** Random texts of awkward characters. */
function oddTexts(seed: number, count: number): string[] {
  const random = uniform(seed);
  const pick = (): string => CHARACTERS[Math.floor(random() * CHARACTERS.length)]!;
  return Array.from({ length: count }, () => Array.from({ length: Math.floor(random() * 40) }, pick).join(''));
}

function streamed(tokenizer: Tokenizer, ids: readonly number[], prompt: readonly number[] = []): string {
  const stream = tokenizer.stream(prompt);
  return ids.map((id) => stream.push(id)).join('') + stream.end();
}

const MERGES = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'Ġw o', 'r l', 'rl d', 'Ġwo rld', 'Ġ Ġ', 'ð Ł'];

function gpt2(settings: readonly Record<string, unknown>[] = []): HuggingFaceTokenizer {
  return gpt2Tokenizer({
    vocab: { file: 'vocab.json', json: byteLevelVocabulary(['<s>', '<pad>', '</s>', '<unk>'], MERGES) },
    merges: { file: 'merges.txt', text: `#version: 0.2\n${MERGES.join('\n')}\n` },
    settings,
  });
}

const llama = new HuggingFaceTokenizer(
  'tokenizer.json',
  sentencePieceJson(['h e', 'l l', 'he ll', 'hell o', '▁ hello']),
);

describe.each<[string, Tokenizer]>([
  ['byte-level BPE', gpt2()],
  ['LLaMA with byte fallback', llama],
])('%s', (_, tokenizer) => {
  test('decodes what it encoded', () => {
    for (const text of oddTexts(1, 300)) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('streams what it decodes, without a prompt and after one', () => {
    for (const text of oddTexts(2, 60)) {
      const ids = tokenizer.encode(text);
      expect(streamed(tokenizer, ids)).toBe(text);
      for (let cut = 0; cut <= ids.length; cut++) {
        const prompt = ids.slice(0, cut);
        const before = tokenizer.decode(prompt);
        if (!text.startsWith(before)) continue; // the cut is within a character
        expect(before + streamed(tokenizer, ids.slice(cut), prompt)).toBe(text);
      }
    }
  });

  test('streams any tokens as it decodes them', () => {
    const random = uniform(3);
    for (let i = 0; i < 300; i++) {
      const ids = Array.from({ length: 12 }, () => Math.floor(random() * (tokenizer.vocabSize + 2)));
      expect(streamed(tokenizer, ids)).toBe(tokenizer.decode(ids));
    }
  });

  test('holds a character back until it is complete', () => {
    const ids = tokenizer.encode('a😀b');
    const stream = tokenizer.stream();
    const pieces = ids.map((id) => stream.push(id)).filter((piece) => piece !== '');
    expect(pieces).toEqual(['a', '😀', 'b']);
    const broken = tokenizer.stream();
    for (const id of ids.slice(0, -2)) broken.push(id);
    expect(broken.end()).toBe('\uFFFD');
  });

  test('takes the whole of a text as text, and gives special tokens no text', () => {
    const ids = tokenizer.encode('</s>');
    expect(ids.length).toBeGreaterThan(1);
    expect(tokenizer.decode(ids)).toBe('</s>');
    const [bos, eos] = tokenizer === llama ? [1, 2] : [2, 1];
    expect(tokenizer.decode([bos, ...tokenizer.encode('hello'), eos])).toBe('hello');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([bos, eos, 100_000, -1])).toBe('');
    expect(tokenizer.encode('')).toEqual([]);
  });
});

describe('byte-level BPE', () => {
  const id = (token: string): number => {
    const vocabulary = byteLevelVocabulary(['<s>', '<pad>', '</s>', '<unk>'], MERGES);
    expect(vocabulary).toHaveProperty([token]);
    return vocabulary[token]!;
  };

  test('merges in the order of merges.txt, within words', () => {
    expect(gpt2().encode('hello world')).toEqual([id('hello'), id('Ġworld')]);
    expect(gpt2().encode(' hello')).toEqual([id('Ġ'), id('hello')]);
    expect(gpt2().encode('world')).toEqual([id('w'), id('o'), id('rld')]);
  });

  test('puts a space first if the settings say so', () => {
    expect(gpt2([{ add_prefix_space: true }]).encode('world')).toEqual([id('Ġworld')]);
  });

  test('takes the special tokens from the settings', () => {
    const tokenizer = gpt2([{ bos_token: '</s>', pad_token: { content: '<pad>' } }]);
    expect(tokenizer.decode([0, 1, 2, 3])).toBe('<s><unk>');
  });

  test('divides words at white space as Unicode defines it', () => {
    // U+FEFF is none, although JavaScript counts it; U+0085 is, although JavaScript does not.
    const tokens = (text: string): number => gpt2().encode(text).length;
    expect(tokens('\ufeffhello')).toBe(3 + 1);
    expect(tokens('hello \u0085 world')).toBe(1 + 1 + 2 + 1);
  });
});

describe('LLaMA with byte fallback', () => {
  test('a leading space stands for the beginning, and is left out only there', () => {
    const hello = llama.encode('hello');
    expect(hello).toHaveLength(1);
    expect(llama.encode('hello hello')).toEqual([...hello, ...hello]);
    expect(llama.decode([...hello, ...hello])).toBe('hello hello');
    expect(streamed(llama, hello)).toBe('hello');
    expect(streamed(llama, hello, hello)).toBe(' hello');
    // After bos alone the sequence begins.
    expect(streamed(llama, hello, [1])).toBe('hello');
    expect(llama.encode(' hello').length).toBeGreaterThan(1);
    expect(llama.decode(llama.encode(' hello'))).toBe(' hello');
  });

  test('merges across words if the tokenizer does', () => {
    const merges = ['h e', 'o ▁', 'o▁ he'];
    const across = new HuggingFaceTokenizer('tokenizer.json', sentencePieceJson(merges));
    expect(across.encode('o he')).toHaveLength(2); // ▁ and o▁he
    for (const text of oddTexts(4, 100)) expect(across.decode(across.encode(text))).toBe(text);
  });

  test('is fast for a long document', () => {
    const text = 'hello world, '.repeat(20_000);
    expect(llama.decode(llama.encode(text))).toBe(text);
  });
});

describe.each(['tiny-llama', 'tiny-opt'])('%s', (name) => {
  const directory = examplePath(name);
  const file = join(directory, 'reference.json');

  test('encodes as its reference does', () => {
    const { encodings } = JSON.parse(readFileSync(file, 'utf8')) as { encodings: { text: string; ids: number[] }[] };
    const tokenizer = loadTokenizer(directory);
    for (const { text, ids } of encodings) {
      expect(tokenizer.encode(text)).toEqual(ids.slice(1)); // they begin with bos
      expect(tokenizer.decode(ids)).toBe(existsSync(join(directory, 'merges.txt')) ? text : text.replaceAll('▁', ' '));
    }
  });
});
