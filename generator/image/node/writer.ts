import { crc32 } from '../../../firmware/protocol/crc32.js';
import { InputError } from '../../errors.js';
import { AtomicFile } from '../../node/atomic-file.js';
import { canonicalPlan, planHash } from '../../plan/hash.js';
import type { Plan } from '../../plan/types.js';
import type { QuantizedLinear } from '../../quantize/types.js';
import type { NamedArrays } from '../arrays.js';
import {
  directoryBytes,
  encodeDirectory,
  encodeHeader,
  HEADER_BYTES,
  type LinearEntry,
  type Region,
} from '../format.js';
import { ARRAY_TYPES, arrayLayout, type ImageArray, linearLengths } from '../layout.js';
import { packSymbols } from '../symbols.js';

/**
 * Writes weights.sdq as a stream: linears in plan order, one at a time, then the arrays. Header and directory, which
 * come first, are filled in by `finish`; the file appears under its name when that has written the last byte.
 */
export class ImageWriter {
  readonly #file: AtomicFile;
  readonly #plan: Plan;
  readonly #planRegion: Region;
  readonly #lengths: readonly number[];
  readonly #linears: LinearEntry[] = [];

  constructor(path: string, plan: Plan) {
    this.#plan = plan;
    this.#lengths = linearLengths(plan);
    this.#file = new AtomicFile(path);
    this.#file.append(new Uint8Array(HEADER_BYTES + directoryBytes(plan)));
    const text = new TextEncoder().encode(canonicalPlan(plan));
    this.#file.append(text);
    this.#planRegion = { length: text.length, crc32: crc32(text) };
  }

  /** Appends the next linear in plan order. @throws RangeError if its sizes are not those of the plan */
  writeLinear(linear: QuantizedLinear): void {
    const index = this.#linears.length;
    const plan = this.#plan.linears[index]!;
    const parts = [packSymbols(plan, linear.symbols), linear.scales, ...(linear.means ? [bytesOf(linear.means)] : [])];
    const bytes = Buffer.concat(parts);
    if (bytes.length !== this.#lengths[index]) {
      throw new RangeError(`${plan.name}: ${bytes.length} bytes, but the plan asks for ${this.#lengths[index]}`);
    }
    this.#file.append(bytes);
    this.#linears.push({ exponent: linear.exponent, crc32: crc32(bytes) });
  }

  /**
   * Writes the rest and gives the file its name.
   * @returns the file's size in bytes
   * @throws InputError if the arrays are not those of the plan's model
   * @throws RangeError if linears are missing
   */
  finish({ arrays, numbers }: NamedArrays): number {
    if (this.#linears.length !== this.#lengths.length) {
      throw new RangeError(`${this.#linears.length} of ${this.#lengths.length} linears were written`);
    }
    const layout = arrayLayout(this.#plan);
    const names = new Set(layout.map(({ name }) => name));
    const extra = [...arrays.keys()].find((name) => !names.has(name));
    if (extra !== undefined) throw new InputError(`the model has ${extra}, but the plan's model has not`);
    let arraysCrc32 = 0;
    for (const { name, type, count } of layout) {
      const values = arrays.get(name);
      if (!(values instanceof ARRAY_TYPES[type]) || values.length !== count) {
        throw new InputError(`${name} must be ${count} ${type} values for the plan's model`);
      }
      this.#file.append(bytesOf(values));
      arraysCrc32 = crc32(bytesOf(values), arraysCrc32);
    }
    const directory = encodeDirectory(this.#plan, { linears: this.#linears, numbers, arraysCrc32 });
    const header = encodeHeader({
      planHash: planHash(this.#plan),
      directory: { length: directory.length, crc32: crc32(directory) },
      plan: this.#planRegion,
    });
    this.#file.writeAt(Buffer.concat([header, directory]), 0);
    this.#file.commit();
    return this.#file.size;
  }

  /** Removes what was written; harmless after `finish`. */
  abort(): void {
    this.#file.abort();
  }
}

/** The bytes of a typed array, which are little-endian on every machine that Node runs on. */
function bytesOf(values: ImageArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
