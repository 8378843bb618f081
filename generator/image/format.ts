/**
 * Header and directory of weights.sdq. Everything is little-endian.
 *
 *   0  8 bytes   magic "SDQWGT" 0x02 0x00
 *   8  32 bytes  SHA-256 of the canonical plan
 *  40  u32 × 2   directory: length, CRC-32
 *  48  u32 × 2   plan: length, CRC-32
 *  56  u32       CRC-32 of bytes 0 … 55
 *
 * The directory follows: for each linear its exponent (int16) and CRC-32; the numbers (int16); the arrays' CRC-32. Then
 * the plan as canonical JSON, the linears, and the arrays, without gaps; see docs/image.md.
 */
import { crc32 } from '../../firmware/protocol/crc32.js';
import { InputError } from '../errors.js';
import type { Plan } from '../plan/types.js';
import { numberNames } from './layout.js';

export const HEADER_BYTES = 60;
const CHECKED_BYTES = 56;
const NAME = [0x53, 0x44, 0x51, 0x57, 0x47, 0x54];
const VERSION = 2;
const LINEAR_ENTRY_BYTES = 6;
const INT16_LIMIT = 32768;

/** Length and checksum of a part of the file. */
export interface Region {
  readonly length: number;
  readonly crc32: number;
}

export interface Header {
  /** 64 hex digits */
  readonly planHash: string;
  readonly directory: Region;
  readonly plan: Region;
}

export interface LinearEntry {
  /** The linear's E of docs/numerics.md. */
  readonly exponent: number;
  readonly crc32: number;
}

export interface Directory {
  /** In plan order. */
  readonly linears: readonly LinearEntry[];
  /** Integers that go with the arrays, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Of all arrays together. */
  readonly arraysCrc32: number;
}

export function encodeHeader({ planHash, directory, plan }: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([...NAME, VERSION, 0]);
  for (let i = 0; i < 32; i++) bytes[8 + i] = Number.parseInt(planHash.slice(2 * i, 2 * i + 2), 16);
  [directory.length, directory.crc32, plan.length, plan.crc32].forEach((value, i) => {
    view.setUint32(40 + 4 * i, value, true);
  });
  view.setUint32(CHECKED_BYTES, crc32(bytes.subarray(0, CHECKED_BYTES)), true);
  return bytes;
}

/** @throws InputError if the bytes are not an undamaged header; `name` is the file's name for the message */
export function decodeHeader(bytes: Uint8Array, name: string): Header {
  if (bytes.length < HEADER_BYTES || NAME.some((byte, i) => bytes[i] !== byte)) {
    throw new InputError(`${name} is not a weights.sdq file: its first bytes are not the format's magic number`);
  }
  if (bytes[6] !== VERSION || bytes[7] !== 0) {
    const version = bytes[6]! + 256 * bytes[7]!;
    throw new InputError(
      `${name} has version ${version} of the weights.sdq format, and ${VERSION} is read; quantize the model again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(CHECKED_BYTES, true) !== crc32(bytes.subarray(0, CHECKED_BYTES))) {
    throw new InputError(`${name} is damaged: the header's checksum does not match; quantize the model again`);
  }
  const region = (at: number): Region => ({ length: view.getUint32(at, true), crc32: view.getUint32(at + 4, true) });
  return {
    planHash: Array.from(bytes.subarray(8, 40), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    directory: region(40),
    plan: region(48),
  };
}

/** Bytes of the directory of a plan's image. */
export function directoryBytes(plan: Plan): number {
  return LINEAR_ENTRY_BYTES * plan.linears.length + 2 * numberNames(plan).length + 4;
}

/** @throws InputError if an exponent or a number is missing or does not fit 16 bits */
export function encodeDirectory(plan: Plan, { linears, numbers, arraysCrc32 }: Directory): Uint8Array {
  const bytes = new Uint8Array(directoryBytes(plan));
  const view = new DataView(bytes.buffer);
  const setInt16 = (at: number, value: number | undefined, name: string): void => {
    if (value === undefined || !(Number.isInteger(value) && value >= -INT16_LIMIT && value < INT16_LIMIT)) {
      throw new InputError(`${name} is ${value}, which weights.sdq cannot hold in 16 bits`);
    }
    view.setInt16(at, value, true);
  };
  plan.linears.forEach(({ name }, i) => {
    const at = LINEAR_ENTRY_BYTES * i;
    setInt16(at, linears[i]?.exponent, `the exponent of ${name}`);
    view.setUint32(at + 2, linears[i]!.crc32, true);
  });
  const numbersAt = LINEAR_ENTRY_BYTES * plan.linears.length;
  numberNames(plan).forEach((name, i) => {
    setInt16(numbersAt + 2 * i, numbers[name], name);
  });
  view.setUint32(bytes.length - 4, arraysCrc32, true);
  return bytes;
}

/** The inverse of encodeDirectory. @param bytes directoryBytes(plan) of them */
export function decodeDirectory(plan: Plan, bytes: Uint8Array): Directory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbersAt = LINEAR_ENTRY_BYTES * plan.linears.length;
  return {
    linears: plan.linears.map((_, i) => ({
      exponent: view.getInt16(LINEAR_ENTRY_BYTES * i, true),
      crc32: view.getUint32(LINEAR_ENTRY_BYTES * i + 2, true),
    })),
    numbers: Object.fromEntries(numberNames(plan).map((name, i) => [name, view.getInt16(numbersAt + 2 * i, true)])),
    arraysCrc32: view.getUint32(bytes.length - 4, true),
  };
}
