import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseLlama2cTokenizer } from '../firmware/tokenizer/llama2c.js';
import { mergeByScore } from '../firmware/tokenizer/merge.js';
import { encodeLlama2cTokenizer, type Piece, stories } from './support/llama2c-tokenizer.js';
import { data, lacks } from './support/needs.js';
import { uniform } from './support/random.js';
import { sharedPath } from './support/shared.js';

/**
 * llama2.c's `encode`, written as there: the whole sequence is searched for the best pair before each merge.
 * Works on strings of one character per byte.
 */
function encodeAsLlama2c(pieces: readonly Piece[], text: string): number[] {
  const lookUp = (piece: string): number => pieces.findIndex((candidate) => candidate.bytes === piece);
  if (text === '') return [];
  const tokens = [lookUp(' ')];
  const bytes = Buffer.from(text).toString('latin1');
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && (bytes.charCodeAt(end) & 0xc0) === 0x80 && end - at < 4) end++;
    const id = lookUp(bytes.slice(at, end));
    if (id >= 0) tokens.push(id);
    else for (let i = at; i < end; i++) tokens.push(bytes.charCodeAt(i) + 3);
    at = end;
  }
  for (;;) {
    let best = { score: -1e10, id: -1, at: -1 };
    for (let i = 0; i + 1 < tokens.length; i++) {
      const id = lookUp(pieces[tokens[i]!]!.bytes + pieces[tokens[i + 1]!]!.bytes);
      if (id >= 0 && pieces[id]!.score > best.score) best = { score: pieces[id]!.score, id, at: i };
    }
    if (best.at < 0) return tokens;
    tokens.splice(best.at, 2, best.id);
  }
}

/** Pieces as llama2.c has them: special tokens, bytes, merged pieces with falling scores, then characters. */
function makePieces(seed: number, count: number): Piece[] {
  const random = uniform(seed);
  const pieces: Piece[] = ['<unk>', '\n<s>\n', '\n</s>\n'].map((bytes) => ({ bytes, score: 0 }));
  for (let byte = 0; byte < 256; byte++) {
    pieces.push({ bytes: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, score: 0 });
  }
  const characters = [' ', 'a', 'b', 'c', 'é', '你'].map((c) => Buffer.from(c).toString('latin1'));
  const merged = [...characters];
  const pick = (): string => merged[Math.floor(random() * merged.length)]!;
  while (merged.length < count) {
    const piece = pick() + pick();
    // Scores coincide now and then, so that the leftmost rule is met.
    if (!merged.includes(piece)) {
      merged.push(piece);
      pieces.push({ bytes: piece, score: -Math.floor(random() * count * 0.7) });
    }
  }
  return [...pieces, ...characters.map((bytes) => ({ bytes, score: -1e6 }))];
}

describe('encoding', () => {
  test.each([1, 2, 3, 4])('equals the search of the whole sequence (vocabulary %i)', (seed) => {
    const pieces = makePieces(seed, 30);
    const tokenizer = parseLlama2cTokenizer('tok.bin', encodeLlama2cTokenizer(pieces));
    const random = uniform(seed + 100);
    const characters = [...'aaabbbccc   ', 'é', '你', 'x', '😀', '\n'];
    for (let i = 0; i < 60; i++) {
      const length = Math.floor(random() * 40);
      const text = Array.from({ length }, () => characters[Math.floor(random() * characters.length)]).join('');
      expect(tokenizer.encode(text)).toEqual(encodeAsLlama2c(pieces, text));
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });

  test('is fast for a long document', () => {
    const tokenizer = parseLlama2cTokenizer('tok.bin', encodeLlama2cTokenizer(makePieces(5, 30)));
    const text = 'abc aab ccb '.repeat(20_000);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('merges the leftmost of equals first', () => {
    // "aa" can be made at two places of "aaa".
    expect(mergeByScore([1, 1, 1], (a, b) => (a === 1 && b === 1 ? { id: 2, score: 0 } : null))).toEqual([2, 1]);
    expect(mergeByScore([], () => null)).toEqual([]);
  });

  test('takes no score of −1e10 or less for a merge, as llama2.c', () => {
    const pieces = [...makePieces(1, 6), { bytes: 'ab', score: -1e10 }];
    const tokenizer = parseLlama2cTokenizer('tok.bin', encodeLlama2cTokenizer(pieces));
    expect(tokenizer.encode('ab')).toHaveLength(3);
  });
});

describe('decoding', () => {
  const pieces = [...makePieces(1, 6), { bytes: ' a', score: -1 }];
  const tokenizer = parseLlama2cTokenizer('tok.bin', encodeLlama2cTokenizer(pieces));
  const spaceA = pieces.length - 1;
  const streamed = (ids: readonly number[], prompt?: readonly number[]): string => {
    const stream = tokenizer.stream(prompt);
    return ids.map((id) => stream.push(id)).join('') + stream.end();
  };

  test('leaves out the space at the beginning of a sequence, not after a prompt', () => {
    expect(tokenizer.decode([spaceA, spaceA])).toBe('a a');
    expect(tokenizer.decode([1, spaceA, spaceA])).toBe('a a');
    expect(streamed([spaceA, spaceA])).toBe('a a');
    expect(streamed([spaceA], [1])).toBe('a');
    expect(streamed([spaceA], [1, spaceA])).toBe(' a');
    expect(tokenizer.decode([spaceA, 2, 1, spaceA])).toBe('aa');
  });

  test('assembles characters from bytes', () => {
    const smile = [...Buffer.from('😀')].map((byte) => byte + 3);
    const stream = tokenizer.stream([1, spaceA]);
    expect(smile.map((id) => stream.push(id))).toEqual(['', '', '', '😀']);
    expect(stream.end()).toBe('');
    expect(tokenizer.decode(smile.slice(0, 2))).toBe('\uFFFD');
    expect(tokenizer.decode([0, 1, 2, 100_000, -1])).toBe('');
  });
});

describe.skipIf(lacks(data('models/stories260K'), data('text')))('the tokenizer of stories260K', () => {
  test('encodes stories as llama2.c does, and decodes them', () => {
    const { pieces, tokenizer } = stories();
    expect(tokenizer.vocabSize).toBe(512);
    const lines = readFileSync(join(sharedPath('text'), 'tinystories_eval.jsonl'), 'utf8')
      .trim()
      .split('\n');
    for (const line of lines.slice(0, 4)) {
      const { text } = JSON.parse(line) as { text: string };
      const ids = tokenizer.encode(text);
      expect(ids).toEqual(encodeAsLlama2c(pieces, text));
      expect(tokenizer.decode(ids)).toBe(text);
    }
  });
});
