/**
 * Layout of weights.sdq. Everything is little-endian.
 *
 *   0  8 bytes   magic "SDQWGT" 0x01 0x00
 *   8  32 bytes  SHA-256 of the canonical plan
 *  40  u32 × 6   plan offset, length, CRC-32; directory offset, length, CRC-32
 *  64  u32       CRC-32 of bytes 0 … 63
 *  68            zeros up to 128
 *
 * Offsets are in units of 16 bytes, to which every region is aligned. The plan is its canonical JSON. The directory is
 * JSON too and lists every other region; see docs/image.md.
 */
import { crc32 } from '../../firmware/protocol/crc32.js';
import { InputError } from '../errors.js';

export const HEADER_BYTES = 128;
export const ALIGNMENT = 16;
const MAGIC = [0x53, 0x44, 0x51, 0x57, 0x47, 0x54, 0x01, 0x00];

/** Where a region lies in the file, and its checksum. */
export interface Region {
  /** Bytes from the start of the file, a multiple of ALIGNMENT. */
  readonly offset: number;
  readonly length: number;
  readonly crc32: number;
}

/** Bytes of an element. */
export const ELEMENT_BYTES = { int8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4 } as const;

export type ArrayType = keyof typeof ELEMENT_BYTES;

/** A named array: [name, element type, offset, element count, CRC-32]. */
export type ArrayEntry = readonly [name: string, type: ArrayType, offset: number, count: number, crc32: number];

/** A linear, in plan order: [offset, scale exponent, CRC-32]. Its regions follow each other: symbols, scales, means. */
export type LinearEntry = readonly [offset: number, exponent: number, crc32: number];

export interface Directory {
  readonly linears: readonly LinearEntry[];
  readonly arrays: readonly ArrayEntry[];
  /** Integers that go with the arrays: exponents, shifts, fraction bits. */
  readonly numbers: Readonly<Record<string, number>>;
}

export interface Header {
  /** 64 hex digits */
  readonly planHash: string;
  readonly plan: Region;
  readonly directory: Region;
}

export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  for (let i = 0; i < 32; i++) bytes[8 + i] = Number.parseInt(header.planHash.slice(2 * i, 2 * i + 2), 16);
  [header.plan, header.directory].forEach((region, i) => {
    view.setUint32(40 + 12 * i, region.offset / ALIGNMENT, true);
    view.setUint32(44 + 12 * i, region.length, true);
    view.setUint32(48 + 12 * i, region.crc32, true);
  });
  view.setUint32(64, crc32(bytes.subarray(0, 64)), true);
  return bytes;
}

/** @throws InputError if the bytes are not an undamaged header; `name` is the file's name for the message */
export function decodeHeader(bytes: Uint8Array, name: string): Header {
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new InputError(`${name} is not a weights.sdq file: its first bytes are not the format's magic number`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const padded = bytes.subarray(68, HEADER_BYTES).some((byte) => byte !== 0);
  if (padded || view.getUint32(64, true) !== crc32(bytes.subarray(0, 64))) {
    throw new InputError(`${name} is damaged: the header's checksum does not match; quantize the model again`);
  }
  const region = (at: number): Region => ({
    offset: view.getUint32(at, true) * ALIGNMENT,
    length: view.getUint32(at + 4, true),
    crc32: view.getUint32(at + 8, true),
  });
  return {
    planHash: Array.from(bytes.subarray(8, 40), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    plan: region(40),
    directory: region(52),
  };
}

/** @throws InputError if the text is not a directory; `name` is the file's name for the message */
export function parseDirectory(text: string, name: string): Directory {
  try {
    const value = JSON.parse(text) as Directory;
    const integers = (entry: readonly unknown[], count: number): boolean =>
      entry.length === count && entry.every((item) => Number.isSafeInteger(item));
    const sound =
      value.linears.every((entry) => integers(entry, 3)) &&
      value.arrays.every(([, type, ...rest]) => Object.hasOwn(ELEMENT_BYTES, type) && integers(rest, 3)) &&
      typeof value.numbers === 'object';
    if (sound && value.numbers !== null) return value;
  } catch {
    // Reported below, like every other text that is no directory.
  }
  throw new InputError(`${name} is damaged: its directory is not one; quantize the model again`);
}

/** The next multiple of ALIGNMENT. */
export function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
