import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { crc32 } from '../../../firmware/protocol/crc32.js';
import { linearBytes, packSymbols, unpackSymbols } from '../../image/symbols.js';
import { writeError } from '../../node/atomic-file.js';
import type { PlanLinear } from '../../plan/types.js';
import type { QuantizeLinearResult } from '../quantize-linear.js';

/** Bytes before a linear's data: CRC-32 of the rest, exponent, and signal and noise as float64. */
const RECORD_HEADER = 24;
const KEY_BYTES = 64;

/** The name of the file that keeps the linears of an unfinished image. */
export function checkpointPath(image: string): string {
  return `${image}.resume`;
}

/**
 * The linears that are quantized so far, in a file beside the image to be: a run that was interrupted continues at the
 * linear it was in. Records that were cut off or belong to another job are ignored.
 */
export class Checkpoint {
  readonly path: string;
  readonly #linears: readonly PlanLinear[];
  /** Where the record of each finished linear begins. */
  readonly #offsets: number[] = [];
  readonly #key: string;
  #end = KEY_BYTES;
  #last: { readonly index: number; readonly result: QuantizeLinearResult } | null = null;

  /**
   * @param image path of the image to be
   * @param key hash of everything that the result depends on, in hexadecimal (64 characters)
   */
  constructor(image: string, key: string, linears: readonly PlanLinear[]) {
    this.path = checkpointPath(image);
    this.#linears = linears;
    if (key.length !== KEY_BYTES) throw new RangeError(`the key has ${key.length} characters`);
    this.#key = key;
    if (this.#readKey() === key) this.#findRecords();
    else this.remove();
  }

  /** Linears that are finished. */
  get finished(): number {
    return this.#offsets.length;
  }

  /** A finished linear, or null. */
  result(index: number): QuantizeLinearResult | null {
    const offset = this.#offsets[index];
    if (offset === undefined) return null;
    if (this.#last?.index !== index) {
      const record = this.#read(offset, this.#recordBytes(index))!;
      this.#last = { index, result: decode(record, this.#linears[index]!) };
    }
    return this.#last.result;
  }

  /** Adds the next linear. @throws InputError if the file cannot be written */
  append(result: QuantizeLinearResult): void {
    const linear = this.#linears[this.#offsets.length]!;
    const record = encode(result, linear);
    try {
      // Not before there is something to keep.
      if (this.#offsets.length === 0) writeFileSync(this.path, Buffer.concat([Buffer.from(this.#key), record]));
      else appendFileSync(this.path, record);
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.#offsets.push(this.#end);
    this.#end += record.length;
  }

  /** Removes the file. */
  remove(): void {
    rmSync(this.path, { force: true });
  }

  #readKey(): string | null {
    if (!existsSync(this.path)) return null;
    return this.#read(0, KEY_BYTES)?.toString('latin1') ?? null;
  }

  /** Finds the whole records, and cuts off what follows them. */
  #findRecords(): void {
    for (let index = 0; index < this.#linears.length; index++) {
      const bytes = this.#recordBytes(index);
      const record = this.#read(this.#end, bytes);
      if (record === null || record.readUInt32LE(0) !== crc32(record.subarray(4))) break;
      this.#offsets.push(this.#end);
      this.#end += bytes;
    }
    const file = openSync(this.path, 'r+');
    ftruncateSync(file, this.#end);
    closeSync(file);
  }

  #recordBytes(index: number): number {
    const { symbols, scales, means } = linearBytes(this.#linears[index]!);
    return RECORD_HEADER + symbols + scales + means;
  }

  /** Bytes of the file, or null if it ends before them. */
  #read(offset: number, length: number): Buffer | null {
    const file = openSync(this.path, 'r');
    try {
      if (fstatSync(file).size < offset + length) return null;
      const bytes = Buffer.alloc(length);
      for (let done = 0; done < length; ) done += readSync(file, bytes, done, length - done, offset + done);
      return bytes;
    } finally {
      closeSync(file);
    }
  }
}

function encode({ quantized, signal, noise }: QuantizeLinearResult, linear: PlanLinear): Buffer {
  const header = Buffer.alloc(RECORD_HEADER);
  header.writeInt32LE(quantized.exponent, 4);
  header.writeDoubleLE(signal, 8);
  header.writeDoubleLE(noise, 16);
  const { scales, means } = quantized;
  const meanBytes = means === null ? [] : [new Uint8Array(means.buffer, means.byteOffset, means.length)];
  const record = Buffer.concat([header, packSymbols(linear, quantized.symbols), scales, ...meanBytes]);
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
  return record;
}

function decode(record: Buffer, linear: PlanLinear): QuantizeLinearResult {
  const { symbols, scales, means } = linearBytes(linear);
  const signal = record.readDoubleLE(8);
  const noise = record.readDoubleLE(16);
  const scalesAt = RECORD_HEADER + symbols;
  const meansAt = scalesAt + scales;
  return {
    quantized: {
      symbols: unpackSymbols(linear, record.subarray(RECORD_HEADER, scalesAt)),
      scales: Uint8Array.from(record.subarray(scalesAt, meansAt)),
      means: means > 0 ? Int8Array.from(record.subarray(meansAt), (byte) => (byte << 24) >> 24) : null,
      exponent: record.readInt32LE(4),
    },
    signal,
    noise,
    snrDb: noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise),
  };
}
