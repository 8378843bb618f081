import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../errors.js';
import { makeRoom } from '../../node/collect-garbage.js';
import { BYTES_PER_FLOAT, decodeFloats, type FloatFormat, findNonFinite } from '../float-formats.js';
import { asInput } from './files.js';

/** Read at once; what is larger is read in pieces of this, so that a big tensor is not held twice. */
const CHUNK_BYTES = 8 << 20;

/** A file of weights, open for reading at any offset. */
export class TensorFile {
  readonly path: string;
  readonly bytes: number;
  #descriptor: number | null;

  /** @throws InputError if the file does not exist or cannot be read */
  constructor(path: string) {
    this.path = path;
    const descriptor = asInput(path, () => openSync(path, 'r'));
    this.#descriptor = descriptor;
    this.bytes = fstatSync(descriptor).size;
  }

  /** @throws InputError if the file ends before that many bytes */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#fill(bytes, offset);
    return bytes;
  }

  /**
   * Reads a tensor as float32.
   *
   * @param tensor its name, for messages
   * @param offset its first byte
   * @param count number of values
   * @throws InputError if the file ends before the tensor does, or a value is NaN or infinite
   */
  readFloats(tensor: string, format: FloatFormat, offset: number, count: number): Float32Array {
    makeRoom(4 * count);
    const values = new Float32Array(count);
    const size = BYTES_PER_FLOAT[format];
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, count * size));
    for (let first = 0; first < count; first += CHUNK_BYTES / size) {
      const part = values.subarray(first, first + CHUNK_BYTES / size);
      const bytes = chunk.subarray(0, part.length * size);
      this.#fill(bytes, offset + first * size);
      decodeFloats(format, bytes, part);
    }
    const bad = findNonFinite(values);
    if (bad >= 0) throw new InputError(`${this.path}: tensor ${tensor} holds ${values[bad]} at index ${bad}.`);
    return values;
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #fill(bytes: Uint8Array, offset: number): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) throw new Error(`${this.path} was closed`);
    let filled = 0;
    while (filled < bytes.length) {
      const length = Math.min(bytes.length - filled, CHUNK_BYTES);
      const got = asInput(this.path, () => readSync(descriptor, bytes, filled, length, offset + filled));
      if (got === 0) throw new InputError(`${this.path} ends at byte ${offset + filled}: the file is truncated.`);
      filled += got;
    }
  }
}
