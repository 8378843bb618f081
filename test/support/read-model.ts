import { expect } from 'vitest';
import { InputError } from '../../generator/errors.js';
import { openModel } from '../../generator/model/node/open-model.js';
import type { ModelSource } from '../../generator/model/types.js';

/** Opens a model, reads all of it, and closes it. */
export function readAll(path: string): Pick<ModelSource, 'config' | 'parameters'> {
  const source = openModel(path);
  try {
    source.loadEnds();
    for (let layer = 0; layer < source.config.layers; layer++) source.loadLayer(layer);
  } finally {
    source.close();
  }
  return source;
}

/** Expects reading a model to fail with one sentence that names the path and matches. */
export function expectRefusal(path: string, message: RegExp): void {
  expectInputError(() => readAll(path), message, path);
}

/** Expects an InputError of one sentence that matches and contains `mention`. */
export function expectInputError(action: () => unknown, message: RegExp, mention = ''): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InputError);
  const text = (thrown as InputError).message;
  expect(text).toMatch(message);
  expect(text).toContain(mention);
  expect(text).toMatch(/^\S[^\n]*\.$/);
}
