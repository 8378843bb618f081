import { readFileSync } from 'node:fs';
import { InputError } from '../../errors.js';
import { type JsonObject, parseJsonObject } from '../fields.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'no such file or directory',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'is a directory, not a file',
};

/** Runs a file operation; what the operating system refuses becomes an InputError that names the file. */
export function asInput<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new InputError(`${path}: ${REASONS[String(error.code)] ?? error.message}.`);
  }
}

/** @throws InputError if the file cannot be read */
export function readBytes(path: string): Uint8Array {
  return asInput(path, () => readFileSync(path));
}

/** @throws InputError if the file cannot be read or is not a JSON object */
export function readJson(path: string): JsonObject {
  return parseJsonObject(
    path,
    asInput(path, () => readFileSync(path, 'utf8')),
  );
}
