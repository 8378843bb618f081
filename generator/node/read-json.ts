import { readFileSync } from 'node:fs';
import { InputError } from '../errors.js';
import { asInput } from '../model/node/tensor-file.js';

/** Reads a text file. @throws InputError naming the file */
export function readTextFile(path: string): string {
  return asInput(path, () => readFileSync(path, 'utf8'));
}

/** Reads a JSON file. @throws InputError naming the file */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`${path} is not JSON: ${error.message}`);
    throw error;
  }
}
