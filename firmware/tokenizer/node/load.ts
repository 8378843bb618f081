import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../../../generator/errors.js';
import { asInput, readBytes, readJson } from '../../../generator/model/node/files.js';
import { gpt2Names, MERGES, tokenizerNames } from '../file-names.js';
import { parseTokenizer } from '../from-files.js';
import type { Tokenizer } from '../tokenizer.js';

/**
 * Loads a model's tokenizer: the given file, or the one in the model's directory (tokenizer.json, or vocab.json with
 * merges.txt).
 *
 * @param modelPath the model's directory or file
 * @param tokenizerPath a tokenizer.json, a vocab.json beside a merges.txt, a llama2.c tokenizer .bin, or a directory;
 *   needed if the model is a file
 * @throws InputError if there is no tokenizer, or it is malformed
 */
export function loadTokenizer(modelPath: string, tokenizerPath?: string): Tokenizer {
  const [first, ...rest] = tokenizerPaths(modelPath, tokenizerPath).map((name) => ({ name, bytes: readBytes(name) }));
  return parseTokenizer([first!, ...rest]);
}

/**
 * The files that `loadTokenizer` reads, at least one.
 * @throws InputError if there is no tokenizer
 */
export function tokenizerPaths(modelPath: string, tokenizerPath?: string): string[] {
  const path = tokenizerPath ?? modelPath;
  if (asInput(path, () => statSync(path).isDirectory())) return pathsInDirectory(path);
  if (tokenizerPath === undefined) {
    throw new InputError(`${modelPath} brings no tokenizer with it: give one with --tokenizer FILE.`);
  }
  if (path.endsWith('.model')) throw new InputError(`${path}: ${SENTENCEPIECE_ADVICE}`);
  const directory = dirname(path);
  const isVocabulary = path.endsWith('.json') && !('model' in readJson(path)) && existsSync(join(directory, MERGES));
  if (!isVocabulary) return [path];
  return gpt2Names(basename(path), readdirSync(directory)).map((name) => join(directory, name));
}

const SENTENCEPIECE_ADVICE =
  'a SentencePiece model is not read; write a tokenizer.json with ' +
  'python -c "from transformers import AutoTokenizer as T; T.from_pretrained(DIR).save_pretrained(DIR)".';

function pathsInDirectory(directory: string): string[] {
  const names = asInput(directory, () => readdirSync(directory));
  const chosen = tokenizerNames(names);
  if (chosen) return chosen.map((name) => join(directory, name));
  if (names.includes('tokenizer.model')) {
    throw new InputError(`${join(directory, 'tokenizer.model')}: ${SENTENCEPIECE_ADVICE}`);
  }
  throw new InputError(
    `${directory} has neither tokenizer.json nor vocab.json with merges.txt: give a tokenizer with --tokenizer FILE.`,
  );
}
