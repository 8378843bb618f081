import { parseJsonObject } from '../../generator/model/fields.js';
import { gpt2Tokenizer } from './gpt2.js';
import { HuggingFaceTokenizer } from './huggingface.js';
import { parseLlama2cTokenizer } from './llama2c.js';
import type { Tokenizer } from './tokenizer.js';

/** A file as it was read. */
export interface NamedBytes {
  /** Its name or path, for messages too. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const WHOLE = 'tokenizer.json';
const VOCAB = 'vocab.json';
export const MERGES = 'merges.txt';
/** They name the special tokens. */
const SETTINGS = ['tokenizer_config.json', 'special_tokens_map.json'];

/** The name without its folders. */
const baseName = (path: string): string => path.split(/[\\/]/).at(-1)!;

/**
 * Which of a folder's files its tokenizer consists of: tokenizer.json, or vocab.json with merges.txt and settings; null
 * if neither is there.
 */
export function tokenizerNames(names: readonly string[]): string[] | null {
  if (names.includes(WHOLE)) return [WHOLE];
  if (!names.includes(VOCAB) || !names.includes(MERGES)) return null;
  return gpt2Names(VOCAB, names);
}

/** The files of a tokenizer that consists of a vocabulary and, in the same folder, merges.txt. */
export function gpt2Names(vocab: string, names: readonly string[]): string[] {
  return [vocab, MERGES, ...SETTINGS.filter((name) => names.includes(name))];
}

/**
 * Makes a tokenizer of its files: a vocabulary (first), merges.txt and perhaps settings; or a tokenizer.json; or a
 * llama2.c tokenizer.
 * @throws InputError naming the file if they do not describe a tokenizer
 */
export function parseTokenizer(files: readonly [NamedBytes, ...NamedBytes[]]): Tokenizer {
  const [first] = files;
  const text = ({ bytes }: NamedBytes): string => new TextDecoder().decode(bytes);
  const json = (file: NamedBytes) => parseJsonObject(file.name, text(file));
  const merges = files.find(({ name }) => baseName(name) === MERGES);
  if (merges) {
    return gpt2Tokenizer({
      vocab: { file: first.name, json: json(first) },
      merges: { file: merges.name, text: text(merges) },
      settings: files.filter(({ name }) => SETTINGS.includes(baseName(name))).map(json),
    });
  }
  if (first.name.endsWith('.json')) return new HuggingFaceTokenizer(first.name, json(first));
  return parseLlama2cTokenizer(first.name, first.bytes);
}
