/** Frames on the byte stream: COBS(type, seq, body, crc32) followed by 0x00. */

import { cobsBound, cobsDecode, cobsEncodeInto } from './cobs.js';
import { crc32 } from './crc32.js';
import { Writer } from './layout.js';
import {
  MAX_BODY_BYTES,
  type RawMessage,
  type Request,
  type Response,
  writeRequest,
  writeResponse,
} from './messages.js';

/** Ends every frame. One more before the first frame makes the receiver drop what it may have got by then. */
export const FRAME_DELIMITER = 0x00;

/** Bytes of a frame beside its body: type, seq, CRC. */
const ENVELOPE_BYTES = 6;

/** Most bytes that a frame with a body of `bodyBytes` has on the link, delimiter included. */
export function frameBound(bodyBytes: number): number {
  return cobsBound(bodyBytes + ENVELOPE_BYTES) + 1;
}

/** Appends frames to a buffer that is handed to the transport as a whole. */
export class FrameWriter {
  readonly #payload = new Writer();
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** Appends a request. @returns its bytes on the link */
  request(request: Request, seq: number): number {
    this.#payload.clear();
    writeRequest(this.#payload, request, seq);
    return this.#append();
  }

  /** Appends a response. @returns its bytes on the link */
  response(response: Response, seq: number): number {
    this.#payload.clear();
    writeResponse(this.#payload, response, seq);
    return this.#append();
  }

  /** Appends a delimiter alone. @returns its bytes on the link: one */
  delimiter(): number {
    this.#reserve(1);
    this.#bytes[this.#length++] = FRAME_DELIMITER;
    return 1;
  }

  /** Bytes appended since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** The appended bytes, as a copy; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #append(): number {
    const start = this.#length;
    this.#payload.u32(crc32(this.#payload.written));
    const payload = this.#payload.written;
    this.#reserve(cobsBound(payload.length) + 1);
    this.#length = cobsEncodeInto(payload, this.#bytes, start);
    this.delimiter();
    return this.#length - start;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + count, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** One request as a frame. Throws LayoutError for numbers that do not fit their fields. */
export function encodeRequest(request: Request, seq: number): Uint8Array {
  const writer = new FrameWriter();
  writer.request(request, seq);
  return writer.take();
}

/** One response as a frame. Throws LayoutError for numbers that do not fit their fields. */
export function encodeResponse(response: Response, seq: number): Uint8Array {
  const writer = new FrameWriter();
  writer.response(response, seq);
  return writer.take();
}

/** What a parser found between two delimiters. */
export type ParsedFrame =
  | ({ readonly ok: true; readonly seq: number } & RawMessage)
  | { readonly ok: false; readonly reason: 'stuffing' | 'short' | 'crc' | 'overlong' };

/**
 * Cuts a byte stream into frames. Takes any bytes in pieces of any size and never throws; memory is bounded by
 * `maxBody`. Empty frames are skipped.
 */
export class FrameParser {
  readonly #maxBody: number;
  readonly #encoded: Uint8Array;
  #length = 0;
  #overlong = false;

  /** @param maxBody most bytes of a body; a longer frame is reported as overlong */
  constructor(maxBody = MAX_BODY_BYTES) {
    this.#maxBody = maxBody;
    this.#encoded = new Uint8Array(frameBound(maxBody));
  }

  /** The frames that end in `chunk`. */
  push(chunk: Uint8Array): ParsedFrame[] {
    const frames: ParsedFrame[] = [];
    let start = 0;
    while (start < chunk.length) {
      const found = chunk.indexOf(FRAME_DELIMITER, start);
      const end = found < 0 ? chunk.length : found;
      this.#keep(chunk.subarray(start, end));
      if (found >= 0) {
        if (this.#overlong) frames.push({ ok: false, reason: 'overlong' });
        else if (this.#length > 0) frames.push(this.#parse(this.#encoded.subarray(0, this.#length)));
        this.#length = 0;
        this.#overlong = false;
      }
      start = end + 1;
    }
    return frames;
  }

  #keep(piece: Uint8Array): void {
    this.#overlong ||= this.#length + piece.length > this.#encoded.length;
    if (this.#overlong) return;
    this.#encoded.set(piece, this.#length);
    this.#length += piece.length;
  }

  #parse(encoded: Uint8Array): ParsedFrame {
    const payload = cobsDecode(encoded);
    if (payload === null) return { ok: false, reason: 'stuffing' };
    if (payload.length < ENVELOPE_BYTES) return { ok: false, reason: 'short' };
    if (payload.length > this.#maxBody + ENVELOPE_BYTES) return { ok: false, reason: 'overlong' };
    const body = payload.subarray(2, -4);
    const crc = new DataView(payload.buffer, payload.byteOffset + payload.length - 4).getUint32(0, true);
    if (crc !== crc32(payload.subarray(0, -4))) return { ok: false, reason: 'crc' };
    return { ok: true, type: payload[0]!, seq: payload[1]!, body };
  }
}
