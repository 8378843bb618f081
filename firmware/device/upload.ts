/** Brings the device's memory to a wanted state and proves it by CRC. */

import { crc32 } from '../protocol/crc32.js';
import type { InfoRegion, Request } from '../protocol/messages.js';
import { hex, mismatchError, wrongImageError } from './errors.js';
import type { Exchange } from './exchange.js';
import type { ReplyHandler } from './job.js';

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
 * sent, and all of it is compared again after the last write, so that success means that it was all there at once. The
 * CHECKs follow the last WRITE in one stream: the line does not fall idle between them.
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

  let wrong: readonly Difference[] = [];
  let done = 0;
  const compare = async (): Promise<void> => {
    const comparison = new Comparison(pieces);
    const requests = chain(writesOf(wrong, writeBytes), comparison.requests());
    const reply: ReplyHandler = (request, answer) => {
      if (answer.kind === 'checked') comparison.take(answer.crc);
      if (request.kind !== 'write') return;
      done += request.data.length;
      report(done);
    };
    await exchange.send(requests, reply, options.signal);
    wrong = comparison.wrong;
    done = totalBytes - sumBytes(wrong.map(({ piece }) => piece));
    report(done);
  };

  await compare();
  const sentBytes = totalBytes - done;
  for (let attempt = 0; wrong.length > 0; attempt++) {
    if (attempt === WRITE_ATTEMPTS) {
      const { piece, actual } = wrong[0]!;
      throw mismatchError(piece.address, piece.bytes.length, piece.crc, actual);
    }
    await compare();
  }
  return { totalBytes, skippedBytes: totalBytes - sentBytes, sentBytes };
}

/** WRITE requests for an image, in order, each with `writeBytes` of data, the last one with the rest. */
export function* imageWrites({ address, bytes }: MemoryImage, writeBytes: number): Generator<Request> {
  for (let at = 0; at < bytes.length; at += writeBytes) {
    yield { kind: 'write', address: address + at, data: bytes.subarray(at, at + writeBytes) };
  }
}

function* writesOf(wrong: readonly Difference[], writeBytes: number): Generator<Request> {
  for (const { piece } of wrong) yield* imageWrites(piece, writeBytes);
}

function* chain<T>(...parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}

/** A piece whose CRC on the device is another. */
interface Difference {
  readonly piece: Piece;
  readonly actual: number;
}

/** Asks for the CRCs of pieces and takes the answers, in order. */
class Comparison {
  readonly wrong: Difference[] = [];
  readonly #pieces: readonly Piece[];
  #answered = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  *requests(): Generator<Request> {
    for (const { address, bytes } of this.#pieces) yield { kind: 'check', address, length: bytes.length };
  }

  take(crc: number): void {
    const piece = this.#pieces[this.#answered++]!;
    if (crc !== piece.crc) this.wrong.push({ piece, actual: crc });
  }
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
