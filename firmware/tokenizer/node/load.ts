import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '../../../generator/errors.js';
import { asInput, readBytes, readJson } from '../../../generator/model/node/files.js';
import { gpt2Tokenizer } from '../gpt2.js';
import { HuggingFaceTokenizer } from '../huggingface.js';
import { parseLlama2cTokenizer } from '../llama2c.js';
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
  const path = tokenizerPath ?? modelPath;
  if (asInput(path, () => statSync(path).isDirectory())) return loadFromDirectory(path);
  if (tokenizerPath === undefined) {
    throw new InputError(`${modelPath} brings no tokenizer with it: give one with --tokenizer FILE.`);
  }
  if (path.endsWith('.model')) throw new InputError(`${path}: ${SENTENCEPIECE_ADVICE}`);
  if (!path.endsWith('.json')) return parseLlama2cTokenizer(path, readBytes(path));
  const directory = dirname(path);
  const json = readJson(path);
  if (!('model' in json) && existsSync(join(directory, MERGES))) return loadGpt2(directory, path);
  return new HuggingFaceTokenizer(path, json);
}

const MERGES = 'merges.txt';
const SENTENCEPIECE_ADVICE =
  'a SentencePiece model is not read; write a tokenizer.json with ' +
  'python -c "from transformers import AutoTokenizer as T; T.from_pretrained(DIR).save_pretrained(DIR)".';

function loadFromDirectory(directory: string): Tokenizer {
  const tokenizerJson = join(directory, 'tokenizer.json');
  if (existsSync(tokenizerJson)) return new HuggingFaceTokenizer(tokenizerJson, readJson(tokenizerJson));
  const vocab = join(directory, 'vocab.json');
  if (existsSync(vocab) && existsSync(join(directory, MERGES))) return loadGpt2(directory, vocab);
  if (existsSync(join(directory, 'tokenizer.model'))) {
    throw new InputError(`${join(directory, 'tokenizer.model')}: ${SENTENCEPIECE_ADVICE}`);
  }
  throw new InputError(
    `${directory} has neither tokenizer.json nor vocab.json with merges.txt: give a tokenizer with --tokenizer FILE.`,
  );
}

function loadGpt2(directory: string, vocab: string): Tokenizer {
  const merges = join(directory, MERGES);
  const settings = ['tokenizer_config.json', 'special_tokens_map.json']
    .map((name) => join(directory, name))
    .filter((path) => existsSync(path));
  return gpt2Tokenizer({
    vocab: { file: vocab, json: readJson(vocab) },
    merges: { file: merges, text: new TextDecoder().decode(readBytes(merges)) },
    settings: settings.map(readJson),
  });
}
