import { crc32 } from '../../firmware/protocol/crc32.js';
import type { IntegerModel, LinearWeights } from '../../sim/golden/parameters.js';
import { InputError } from '../errors.js';
import { planHash } from '../plan/hash.js';
import type { Plan } from '../plan/types.js';
import { parsePlan } from '../plan/validate.js';
import type { QuantizedLinear } from '../quantize/types.js';
import { fromNamedArrays, type ImageArray, type NamedArrayReader } from './arrays.js';
import {
  type ArrayEntry,
  type Directory,
  decodeHeader,
  ELEMENT_BYTES,
  HEADER_BYTES,
  parseDirectory,
} from './format.js';
import { linearBytes, unpackSymbols } from './symbols.js';

/** Random access to a file's bytes. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** The bytes at offset … offset + length − 1, all within the file. */
  read(offset: number, length: number): Uint8Array;
}

/** A weights.sdq: the plan it was made for, the integer model, and the linears, each read and checked when asked for. */
export class Image implements LinearWeights {
  readonly plan: Plan;
  /** 64 hex digits */
  readonly planHash: string;
  readonly #source: ByteSource;
  readonly #directory: Directory;

  /** @throws InputError if the file is not an undamaged image */
  constructor(source: ByteSource) {
    this.#source = source;
    const header = decodeHeader(source.read(0, Math.min(HEADER_BYTES, source.size)), source.name);
    this.planHash = header.planHash;
    const text = (region: { offset: number; length: number; crc32: number }, what: string): string =>
      new TextDecoder().decode(this.#region(region.offset, region.length, region.crc32, what));
    this.plan = parsePlan(text(header.plan, 'the plan'), `the plan in ${source.name}`);
    if (planHash(this.plan) !== header.planHash) {
      throw new InputError(`${source.name} is damaged: the plan in it does not have the hash in its header`);
    }
    this.#directory = parseDirectory(text(header.directory, 'the directory'), source.name);
    if (this.#directory.linears.length !== this.plan.linears.length) {
      throw new InputError(
        `${source.name} is damaged: it holds ${this.#directory.linears.length} linears, not ${this.plan.linears.length}`,
      );
    }
  }

  /** Reads everything but the linears' symbols. */
  integerModel(): IntegerModel {
    const model = fromNamedArrays(this.#reader(), this.plan);
    return { ...model, exponents: this.#directory.linears.map(([, exponent]) => exponent) };
  }

  /** Reads, checks and unpacks one linear, by its index in the plan. */
  linear(index: number): QuantizedLinear {
    const plan = this.plan.linears[index]!;
    const [offset, exponent, crc] = this.#directory.linears[index]!;
    const { symbols, scales, means } = linearBytes(plan);
    const bytes = this.#region(offset, symbols + scales + means, crc, plan.name);
    return {
      symbols: unpackSymbols(plan, bytes.subarray(0, symbols)),
      scales: new Uint8Array(bytes.subarray(symbols, symbols + scales)),
      means: means ? new Int8Array(bytes.subarray(symbols + scales)) : null,
      exponent,
    };
  }

  #region(offset: number, length: number, crc: number, what: string): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.#source.size)) {
      throw new InputError(`${this.#source.name} is truncated: ${what} lies beyond its end`);
    }
    const bytes = this.#source.read(offset, length);
    if (crc32(bytes) !== crc) {
      throw new InputError(
        `${this.#source.name} is damaged: the checksum of ${what} does not match; quantize the model again`,
      );
    }
    return bytes;
  }

  #reader(): NamedArrayReader {
    const { arrays, numbers } = this.#directory;
    const entries = new Map(arrays.map((entry) => [entry[0], entry]));
    const find = (name: string): ArrayEntry => {
      const entry = entries.get(name);
      if (!entry) throw new InputError(`${this.#source.name} lacks ${name}`);
      return entry;
    };
    return {
      has: (name) => entries.has(name),
      array: <T extends ImageArray>(name: string, type: new (length: number) => T, count: number): T => {
        const [, storedType, offset, stored, crc] = find(name);
        if (stored !== count) {
          throw new InputError(
            `${this.#source.name}: ${name} has ${stored} elements, not the ${count} that the plan asks for`,
          );
        }
        const bytes = this.#region(offset, count * ELEMENT_BYTES[storedType], crc, name);
        const values = new type(count);
        if (values.byteLength !== bytes.length) {
          throw new InputError(`${this.#source.name}: ${name} has elements of type ${storedType}`);
        }
        new Uint8Array(values.buffer).set(bytes);
        return values;
      },
      number: (name) => {
        const value = numbers[name];
        if (!Number.isInteger(value)) throw new InputError(`${this.#source.name} lacks the number ${name}`);
        return value!;
      },
    };
  }
}

/** Keeps linears once they were read, for models that fit in memory. */
export function cached(weights: LinearWeights): LinearWeights {
  const linears = new Map<number, QuantizedLinear>();
  return {
    linear(index) {
      const linear = linears.get(index) ?? weights.linear(index);
      linears.set(index, linear);
      return linear;
    },
  };
}
