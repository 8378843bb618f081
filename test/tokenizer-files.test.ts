import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HuggingFaceTokenizer } from '../firmware/tokenizer/huggingface.js';
import { parseLlama2cTokenizer } from '../firmware/tokenizer/llama2c.js';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { encodeLlama2cTokenizer } from './support/llama2c-tokenizer.js';
import { expectInputError } from './support/read-model.js';
import { tempDirectory } from './support/temp.js';
import { byteLevelVocabulary, sentencePieceJson } from './support/tokenizers.js';

const directory = tempDirectory();
let count = 0;

/** A new folder with these files. */
function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = join(directory, `folder-${count++}`);
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

const LLAMA = JSON.stringify(sentencePieceJson(['h e']));
const VOCAB = JSON.stringify(byteLevelVocabulary(['</s>'], ['h e']));
const MERGES = '#version: 0.2\nh e\n';
const PIECES = Array.from({ length: 259 }, (_, i) => ({ bytes: `<${i}>`, score: -i }));

describe('where the tokenizer is', () => {
  test("in the model's folder: tokenizer.json before vocab.json with merges.txt", () => {
    expect(loadTokenizer(folder({ 'tokenizer.json': LLAMA })).encode('he')).toHaveLength(2);
    expect(loadTokenizer(folder({ 'vocab.json': VOCAB, 'merges.txt': MERGES })).encode('he')).toHaveLength(1);
    const both = folder({ 'tokenizer.json': LLAMA, 'vocab.json': VOCAB, 'merges.txt': MERGES });
    expect(loadTokenizer(both).encode('he')).toHaveLength(2);
  });

  test('in a file given for any model', () => {
    const path = folder({
      'vocab.json': VOCAB,
      'merges.txt': MERGES,
      't.json': LLAMA,
      't.bin': encodeLlama2cTokenizer(PIECES),
    });
    const model = join(path, 'model.bin');
    expect(loadTokenizer(model, join(path, 't.json')).encode('he')).toHaveLength(2);
    expect(loadTokenizer(model, join(path, 'vocab.json')).encode('he')).toHaveLength(1);
    expect(loadTokenizer(model, join(path, 't.bin')).vocabSize).toBe(259);
    expect(loadTokenizer(model, path).encode('he')).toHaveLength(1);
  });

  test('settings name the special tokens', () => {
    const files = { 'vocab.json': VOCAB, 'merges.txt': MERGES, 'special_tokens_map.json': '{"eos_token": "he"}' };
    expect(loadTokenizer(folder(files)).decode([0, 257])).toBe('</s>');
  });

  test('nowhere', () => {
    const empty = folder({ 'tokenizer.model': '', 'model.bin': '' });
    expectInputError(
      () => loadTokenizer(join(empty, 'model.bin')),
      /brings no tokenizer with it: give one with --tokenizer FILE/,
    );
    expectInputError(() => loadTokenizer(empty), /a SentencePiece model is not read; write a tokenizer.json/, empty);
    expectInputError(() => loadTokenizer(empty, join(empty, 'tokenizer.model')), /a SentencePiece model is not read/);
    rmSync(join(empty, 'tokenizer.model'));
    expectInputError(() => loadTokenizer(empty), /has neither tokenizer.json nor vocab.json with merges.txt/, empty);
    expectInputError(() => loadTokenizer(empty, join(empty, 'x.json')), /x.json: no such file or directory/);
    expectInputError(() => loadTokenizer(join(empty, 'gone')), /gone: no such file or directory/);
  });
});

describe('malformed tokenizer.json', () => {
  const base = sentencePieceJson(['h e']) as { model: Record<string, unknown>; [field: string]: unknown };
  const model = (change: object) => ({ ...base, model: { ...base.model, ...change } });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['no model', { vocab: {} }, /t.json: model is missing/],
    ['no vocabulary', model({ vocab: undefined }), /model.vocab is missing/],
    ['empty vocabulary', model({ vocab: {} }), /model.vocab is empty/],
    ['id of the wrong type', model({ vocab: { a: '1' } }), /model.vocab gives "a" the id "1"/],
    ['absurd id', model({ vocab: { a: 2 ** 40 } }), /model.vocab gives "a" the id 1099511627776/],
    ['negative id', model({ vocab: { a: -1 } }), /model.vocab gives "a" the id -1/],
    ['unknown model', model({ type: 'Markov' }), /model.type is "Markov"/],
    ['merges of the wrong type', model({ merges: [7] }), /does not describe a tokenizer that can be run/],
    ['no merges', model({ merges: undefined }), /does not describe a tokenizer that can be run/],
    ['added tokens not a list', { ...base, added_tokens: {} }, /added_tokens is not a list/],
    ['added token without id', { ...base, added_tokens: [{ content: 'x' }] }, /added_tokens holds {"content":"x"}/],
    ['unknown normalizer', { ...base, normalizer: { type: 'Upside' } }, /does not describe a tokenizer/],
    ['unknown pre-tokenizer', { ...base, pre_tokenizer: { type: 'Upside' } }, /does not describe a tokenizer/],
    ['unknown decoder', { ...base, decoder: { type: 'Upside' } }, /does not describe a tokenizer/],
  ])('%s', (_, json, message) => {
    expectInputError(() => new HuggingFaceTokenizer('t.json', json), message, 't.json');
  });

  test('not JSON', () => {
    expectInputError(() => loadTokenizer(folder({ 'tokenizer.json': '{' })), /tokenizer.json is not valid JSON/);
  });

  test('a text that the vocabulary cannot spell', () => {
    const json = model({ vocab: { a: 0, b: 1 }, merges: [], unk_token: '<unk>', byte_fallback: false });
    const tokenizer = new HuggingFaceTokenizer('t.json', { ...json, added_tokens: [], normalizer: null });
    expect(tokenizer.encode('ab')).toEqual([0, 1]);
    expectInputError(() => tokenizer.encode('abc'), /t.json: the vocabulary has no token for "<unk>"/);
  });
});

describe('malformed vocab.json and merges.txt', () => {
  test.each([
    ['one token on a line', VOCAB, '#version: 0.2\nh e\nx\n', /merges.txt: line 3 is "x", not two tokens/],
    ['three tokens on a line', VOCAB, 'h e l\n', /merges.txt: line 1 is "h e l"/],
    ['a merge that makes no token', VOCAB, 'q q\n', /merges.txt: line 1 makes "qq", which vocab.json lacks/],
    ['an id of the wrong type', '{"a": "b"}', '', /vocab.json: model.vocab gives "a" the id "b"/],
    ['not an object', '[]', '', /vocab.json does not hold a JSON object/],
  ])('%s', (_, vocab, merges, message) => {
    expectInputError(() => loadTokenizer(folder({ 'vocab.json': vocab, 'merges.txt': merges })), message);
  });

  test('Windows line ends', () => {
    const tokenizer = loadTokenizer(folder({ 'vocab.json': VOCAB, 'merges.txt': '#version: 0.2\r\nh e\r\n' }));
    expect(tokenizer.encode('he')).toHaveLength(1);
  });
});

describe('malformed llama2.c tokenizers', () => {
  const whole = encodeLlama2cTokenizer(PIECES);
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(whole);
    change(bytes);
    return bytes;
  };

  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /it is 0 bytes long/],
    ['truncated piece', whole.subarray(0, -1), /it ends within token 258/],
    ['truncated head', whole.subarray(0, 4 + 3), /it ends within token 0/],
    ['few tokens', encodeLlama2cTokenizer(PIECES.slice(0, 100)), /it has 100 tokens, fewer than the 259/],
    ['negative length', changed((bytes) => bytes.writeInt32LE(-1, 8)), /the length of token 0 is -1/],
    [
      'length above the longest',
      changed((bytes) => bytes.writeInt32LE(6, 8)),
      /the length of token 0 is 6, the longest 5/,
    ],
    [
      'absurd longest',
      changed((bytes) => bytes.writeInt32LE(2 ** 30)),
      /longest token's length is given as 1073741824/,
    ],
    ['no longest', changed((bytes) => bytes.writeInt32LE(0)), /longest token's length is given as 0/],
    ['score', changed((bytes) => bytes.writeFloatLE(Number.NaN, 4)), /the score of token 0 is NaN/],
  ])('%s', (_, bytes, message) => {
    expectInputError(() => parseLlama2cTokenizer('t.bin', bytes), message, 't.bin is not a llama2.c tokenizer');
  });
});
