/** Files of the browser, read in a worker: a region at a time, without the rest in memory. */

import { InputError } from '../../generator/errors.js';
import type { ByteSource } from '../../generator/image/image.js';

/** Only workers have it, and the types of a page lack it. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** @throws InputError if the browser may not read the file any more */
export function readBytes(file: File, offset = 0, length = file.size): Uint8Array {
  try {
    return new Uint8Array(new FileReaderSync().readAsArrayBuffer(file.slice(offset, offset + length)));
  } catch {
    throw new InputError(`${file.name} cannot be read: it was changed or removed since it was chosen; choose it again`);
  }
}

export function fileSource(file: File): ByteSource {
  return { name: file.name, size: file.size, read: (offset, length) => readBytes(file, offset, length) };
}
