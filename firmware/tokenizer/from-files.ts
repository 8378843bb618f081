import { parseJsonObject } from '../../generator/model/fields.js';
import { baseName, MERGES, SETTINGS } from './file-names.js';
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
