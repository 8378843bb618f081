import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { asInput } from '../../model/node/files.js';
import { Image } from '../image.js';

/** Opens a weights.sdq; regions are read from the file when asked for, until it is closed. @throws InputError naming the file */
export function openImage(path: string): Image {
  const fd = asInput(path, () => openSync(path, 'r'));
  try {
    const size = asInput(path, () => fstatSync(fd).size);
    return new Image({
      name: path,
      size,
      read(offset, length) {
        const bytes = new Uint8Array(length);
        const count = asInput(path, () => readSync(fd, bytes, 0, length, offset));
        return bytes.subarray(0, count);
      },
      close: () => closeSync(fd),
    });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
