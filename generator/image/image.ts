import { crc32 } from '../../firmware/protocol/crc32.js';
import type { IntegerModel, LinearWeights } from '../../sim/golden/parameters.js';
import { InputError } from '../errors.js';
import { planHash } from '../plan/hash.js';
import type { Plan } from '../plan/types.js';
import { parsePlan } from '../plan/validate.js';
import type { QuantizedLinear } from '../quantize/types.js';
import { fromNamedArrays } from './arrays.js';
import { type Directory, decodeDirectory, decodeHeader, directoryBytes, HEADER_BYTES } from './format.js';
import { ARRAY_TYPES, arrayBytes, arrayLayout, type ImageArray, linearLengths } from './layout.js';
import { linearBytes, unpackSymbols } from './symbols.js';

/** Random access to a file's bytes. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** The bytes at offset … offset + length − 1, all within the file. */
  read(offset: number, length: number): Uint8Array;
  /** Lets the file go; nothing is read afterwards. */
  close?(): void;
}

/** A weights.sdq: the plan it was made for, the integer model, and the linears, each read and checked when asked for. */
export class Image implements LinearWeights {
  readonly plan: Plan;
  /** 64 hex digits */
  readonly planHash: string;
  readonly #source: ByteSource;
  readonly #directory: Directory;
  /** Where each linear begins, and after the last one the arrays. */
  readonly #offsets: readonly number[];

  /** @throws InputError if the file is not an undamaged image */
  constructor(source: ByteSource) {
    this.#source = source;
    const header = decodeHeader(source.read(0, Math.min(HEADER_BYTES, source.size)), source.name);
    this.planHash = header.planHash;
    const directory = this.#region(HEADER_BYTES, header.directory.length, header.directory.crc32, 'the directory');
    const planAt = HEADER_BYTES + directory.length;
    const text = this.#region(planAt, header.plan.length, header.plan.crc32, 'the plan');
    this.plan = parsePlan(new TextDecoder().decode(text), `the plan in ${source.name}`);
    if (planHash(this.plan) !== header.planHash) {
      throw new InputError(`${source.name} is damaged: the plan in it does not have the hash in its header`);
    }
    if (directory.length !== directoryBytes(this.plan)) {
      throw new InputError(
        `${source.name} is damaged: its directory has ${directory.length} bytes, not ${directoryBytes(this.plan)}`,
      );
    }
    this.#directory = decodeDirectory(this.plan, directory);
    const offsets = [planAt + text.length];
    for (const length of linearLengths(this.plan)) offsets.push(offsets.at(-1)! + length);
    this.#offsets = offsets;
    const size = arrayLayout(this.plan).reduce((sum, spec) => sum + arrayBytes(spec), offsets.at(-1)!);
    if (source.size !== size) {
      const problem = source.size < size ? 'truncated' : 'damaged';
      throw new InputError(`${source.name} is ${problem}: it has ${source.size} bytes, and its plan asks for ${size}`);
    }
  }

  /** Reads the whole file. @throws InputError if any of it is damaged */
  verify(): void {
    for (const index of this.plan.linears.keys()) this.#linearBytes(index);
    this.integerModel();
  }

  /** Reads everything but the linears' symbols. @throws InputError if it is damaged */
  integerModel(): IntegerModel {
    const { linears, numbers, arraysCrc32 } = this.#directory;
    const arrays = new Map<string, ImageArray>();
    let offset = this.#offsets.at(-1)!;
    let crc = 0;
    for (const spec of arrayLayout(this.plan)) {
      const bytes = this.#read(offset, arrayBytes(spec), spec.name);
      crc = crc32(bytes, crc);
      const values = new ARRAY_TYPES[spec.type](spec.count);
      new Uint8Array(values.buffer).set(bytes);
      arrays.set(spec.name, values);
      offset += bytes.length;
    }
    this.#check(crc, arraysCrc32, 'the arrays');
    const model = fromNamedArrays({ arrays, numbers }, this.plan);
    return { ...model, exponents: linears.map(({ exponent }) => exponent) };
  }

  /** Reads, checks and unpacks one linear, by its index in the plan. @throws InputError if it is damaged */
  linear(index: number): QuantizedLinear {
    const plan = this.plan.linears[index]!;
    const { exponent } = this.#directory.linears[index]!;
    const { symbols, scales, means } = linearBytes(plan);
    const bytes = this.#linearBytes(index);
    return {
      symbols: unpackSymbols(plan, bytes.subarray(0, symbols)),
      scales: new Uint8Array(bytes.subarray(symbols, symbols + scales)),
      means: means ? new Int8Array(bytes.subarray(symbols + scales)) : null,
      exponent,
    };
  }

  /** Lets the file go; what was read before stays usable. */
  close(): void {
    this.#source.close?.();
  }

  #linearBytes(index: number): Uint8Array {
    const offset = this.#offsets[index]!;
    const length = this.#offsets[index + 1]! - offset;
    return this.#region(offset, length, this.#directory.linears[index]!.crc32, this.plan.linears[index]!.name);
  }

  #region(offset: number, length: number, crc: number, what: string): Uint8Array {
    const bytes = this.#read(offset, length, what);
    this.#check(crc32(bytes), crc, what);
    return bytes;
  }

  #read(offset: number, length: number, what: string): Uint8Array {
    const { name, size } = this.#source;
    const bytes = offset + length <= size ? this.#source.read(offset, length) : null;
    if (bytes?.length !== length) throw new InputError(`${name} is truncated: ${what} lies beyond its end`);
    return bytes;
  }

  #check(found: number, wanted: number, what: string): void {
    if (found === wanted) return;
    throw new InputError(
      `${this.#source.name} is damaged: the checksum of ${what} does not match; quantize the model again`,
    );
  }
}

/**
 * Weights from the bytes of a weights.sdq, which are kept, not copied.
 * @param name for messages
 * @throws InputError if they are not an undamaged image
 */
export function readWeights(bytes: Uint8Array, name = 'weights.sdq'): Image {
  return new Image({ name, size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) });
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
