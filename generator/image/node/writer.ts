import { crc32 } from '../../../firmware/protocol/crc32.js';
import { AtomicFile } from '../../node/atomic-file.js';
import { canonicalPlan, planHash } from '../../plan/hash.js';
import type { Plan } from '../../plan/types.js';
import type { QuantizedLinear } from '../../quantize/types.js';
import type { ImageArray, NamedArrays } from '../arrays.js';
import {
  ALIGNMENT,
  type ArrayEntry,
  type ArrayType,
  align,
  encodeHeader,
  HEADER_BYTES,
  type LinearEntry,
  type Region,
} from '../format.js';
import { packSymbols } from '../symbols.js';

/**
 * Writes weights.sdq as a stream: linears in plan order, one at a time, then the arrays. The file appears under its
 * name when `finish` has written the last byte.
 */
export class ImageWriter {
  readonly #file: AtomicFile;
  readonly #plan: Plan;
  readonly #planRegion: Region;
  readonly #linears: LinearEntry[] = [];

  constructor(path: string, plan: Plan) {
    this.#file = new AtomicFile(path);
    this.#plan = plan;
    this.#file.append(new Uint8Array(HEADER_BYTES));
    this.#planRegion = this.#append(Buffer.from(canonicalPlan(plan)));
  }

  /** Appends the next linear in plan order. */
  writeLinear(linear: QuantizedLinear): void {
    const parts = [packSymbols(this.#plan.linears[this.#linears.length]!, linear.symbols), linear.scales];
    if (linear.means) parts.push(bytesOf(linear.means));
    const { offset, crc32 } = this.#append(Buffer.concat(parts));
    this.#linears.push([offset, linear.exponent, crc32]);
  }

  /** Writes the rest and gives the file its name. @returns the file's size in bytes */
  finish({ arrays, numbers }: NamedArrays): number {
    const entries: ArrayEntry[] = [];
    for (const [name, values] of arrays) {
      const region = this.#append(bytesOf(values));
      entries.push([name, typeOf(values), region.offset, values.length, region.crc32]);
    }
    const directory = this.#append(Buffer.from(JSON.stringify({ linears: this.#linears, arrays: entries, numbers })));
    const header = encodeHeader({ planHash: planHash(this.#plan), plan: this.#planRegion, directory });
    this.#file.writeAt(header, 0);
    this.#file.commit();
    return this.#file.size;
  }

  /** Removes what was written; harmless after `finish`. */
  abort(): void {
    this.#file.abort();
  }

  #append(bytes: Uint8Array): Region {
    const offset = align(this.#file.size);
    if (offset > this.#file.size) this.#file.append(new Uint8Array(ALIGNMENT).subarray(0, offset - this.#file.size));
    this.#file.append(bytes);
    return { offset, length: bytes.length, crc32: crc32(bytes) };
  }
}

/** The bytes of a typed array, which are little-endian on every machine that Node runs on. */
function bytesOf(values: ImageArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function typeOf(values: ImageArray): ArrayType {
  if (values instanceof Int8Array) return 'int8';
  if (values instanceof Int16Array) return 'int16';
  if (values instanceof Uint16Array) return 'uint16';
  return values instanceof Int32Array ? 'int32' : 'uint32';
}
