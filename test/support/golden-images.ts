/** Images of made-up models, in temporary folders and in memory. */

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toNamedArrays } from '../../generator/image/arrays.js';
import { type ByteSource, Image } from '../../generator/image/image.js';
import { ImageWriter } from '../../generator/image/node/writer.js';
import type { FabricatedModel } from './golden-models.js';

/** Runs a test with a temporary folder, which is removed afterwards. */
export function withFolder<T>(action: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sdq-image-'));
  try {
    return action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a made-up model. @returns the size that the writer reports */
export function writeImage(path: string, { model, linears }: FabricatedModel): number {
  const writer = new ImageWriter(path, model.plan);
  try {
    for (const linear of linears) writer.writeLinear(linear);
    return writer.finish(toNamedArrays(model));
  } finally {
    writer.abort();
  }
}

/** The bytes of a made-up model's image. */
export function imageBytes(model: FabricatedModel): Uint8Array {
  return withFolder((folder) => {
    const path = join(folder, 'weights.sdq');
    writeImage(path, model);
    return new Uint8Array(readFileSync(path));
  });
}

/** The same value with typed arrays as type, length and digest: comparing them element by element takes seconds. */
export function digested(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name} ${value.byteLength} ${createHash('sha256').update(bytes).digest('hex')}`;
  }
  if (value instanceof Map) return digested([...value]);
  if (Array.isArray(value)) return value.map(digested);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, digested(item)]));
}

/** A file in memory. */
export function memorySource(bytes: Uint8Array, name = 'weights.sdq'): ByteSource {
  return { name, size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Reads everything that an image holds. */
export function readWhole(source: ByteSource): void {
  const image = new Image(source);
  image.integerModel();
  image.plan.linears.forEach((_, index) => {
    image.linear(index);
  });
}
