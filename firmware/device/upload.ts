/** Brings the device's memory to a wanted state and proves it by CRC. */

import { crc32 } from '../protocol/crc32.js';
import type { InfoRegion, Request } from '../protocol/messages.js';
import { hex, mismatchError, wrongImageError } from './errors.js';
import type { Exchange } from './exchange.js';

/** Bytes at an address of the device's memory. */
export interface MemoryImage {
  /** Address on the host link. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface UploadOptions {
  /** Called with bytes that the device has confirmed, and bytes in all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface UploadResult {
  /** Bytes of all images. */
  readonly totalBytes: number;
  /** Bytes that the device held already. */
  readonly skippedBytes: number;
  /** Bytes that were written, repetitions not counted. */
  readonly sentBytes: number;
}

/** Most bytes that are compared, and sent again, as one: a broken upload resumes at such a piece. */
const PIECE_BYTES = 8192;
/** Times that a piece is written before its memory is called broken. */
const WRITE_ATTEMPTS = 3;

interface Piece extends MemoryImage {
  readonly crc: number;
}

/**
 * Writes images into the device's memory and compares CRCs before and after: what the device holds already is not
 * sent, and all of it is compared again after the last write, so that success means that it was all there at once.
 *
 * @param writeBytes most data bytes of a WRITE
 * @throws DeviceError wrong-image if an image lies outside the regions or overlaps another; crc-mismatch if the memory
 * does not take it; and what `Exchange.send` throws
 */
export async function upload(
  exchange: Exchange,
  regions: readonly InfoRegion[],
  images: readonly MemoryImage[],
  writeBytes: number,
  options: UploadOptions,
): Promise<UploadResult> {
  checkImages(regions, images);
  const pieces = images.flatMap(cut);
  const totalBytes = sumBytes(pieces);
  const report = (done: number) => options.onProgress?.(done, totalBytes);

  let wrong = await compare(exchange, pieces, options.signal);
  const sentBytes = sumBytes(wrong.map(({ piece }) => piece));
  report(totalBytes - sentBytes);
  for (let attempt = 0; wrong.length > 0; attempt++) {
    if (attempt === WRITE_ATTEMPTS) {
      const { piece, actual } = wrong[0]!;
      throw mismatchError(piece.address, piece.bytes.length, piece.crc, actual);
    }
    let done = totalBytes - sumBytes(wrong.map(({ piece }) => piece));
    const written = (request: Request) => {
      if (request.kind === 'write') done += request.data.length;
      report(done);
    };
    await exchange.send(writesOf(wrong, writeBytes), written, options.signal);
    wrong = await compare(exchange, pieces, options.signal);
  }
  return { totalBytes, skippedBytes: totalBytes - sentBytes, sentBytes };
}

/** WRITE requests for an image, in order, each with `writeBytes` of data, the last one with the rest. */
export function* imageWrites({ address, bytes }: MemoryImage, writeBytes: number): Generator<Request> {
  for (let at = 0; at < bytes.length; at += writeBytes) {
    yield { kind: 'write', address: address + at, data: bytes.subarray(at, at + writeBytes) };
  }
}

function* writesOf(wrong: readonly { piece: Piece }[], writeBytes: number): Generator<Request> {
  for (const { piece } of wrong) yield* imageWrites(piece, writeBytes);
}

/** The pieces whose CRC on the device is another. */
async function compare(
  exchange: Exchange,
  pieces: readonly Piece[],
  signal: AbortSignal | undefined,
): Promise<{ piece: Piece; actual: number }[]> {
  const wrong: { piece: Piece; actual: number }[] = [];
  let answered = 0;
  const checks = pieces.map(({ address, bytes }): Request => ({ kind: 'check', address, length: bytes.length }));
  const reply: Parameters<Exchange['send']>[1] = (_, checked) => {
    const piece = pieces[answered++]!;
    if (checked.kind === 'checked' && checked.crc !== piece.crc) wrong.push({ piece, actual: checked.crc });
  };
  await exchange.send(checks, reply, signal);
  return wrong;
}

function cut(image: MemoryImage): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < image.bytes.length; at += PIECE_BYTES) {
    const bytes = image.bytes.subarray(at, at + PIECE_BYTES);
    pieces.push({ address: image.address + at, bytes, crc: crc32(bytes) });
  }
  return pieces;
}

function checkImages(regions: readonly InfoRegion[], images: readonly MemoryImage[]): void {
  let end = 0;
  for (const { address, bytes } of [...images].sort((a, b) => a.address - b.address)) {
    const what = `The image of ${bytes.length} bytes at ${hex(address)}`;
    const fits = regions.some(
      ({ base, stride, words }) => address >= base && address + bytes.length <= base + stride * words,
    );
    if (!fits) throw wrongImageError(`${what} does not lie in one region of the device's memory.`);
    if (address < end) throw wrongImageError(`${what} overlaps the one before it.`);
    end = address + bytes.length;
  }
}

function sumBytes(images: readonly MemoryImage[]): number {
  return images.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
