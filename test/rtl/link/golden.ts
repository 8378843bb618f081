/** The vectors of test/golden/protocol.json, made from the definitions here; "vitest -u" writes the file anew. */

import { cobsEncode } from '../../../firmware/protocol/cobs.js';
import { crc32 } from '../../../firmware/protocol/crc32.js';
import { encodeRequest, FrameParser } from '../../../firmware/protocol/frames.js';
import { type Request, readResponse } from '../../../firmware/protocol/messages.js';
import { Responder } from '../../../firmware/protocol/responder.js';
import { FakeEngine, fixtureInfo } from './fixture.js';

/** A frame from type, sequence number and body, whether the protocol knows it or not. */
export function rawFrame(type: number, seq: number, body: Uint8Array | readonly number[]): Uint8Array {
  const payload = new Uint8Array(6 + body.length);
  payload.set([type, seq, ...body]);
  new DataView(payload.buffer).setUint32(2 + body.length, crc32(payload.subarray(0, -4)), true);
  return Uint8Array.of(...cobsEncode(payload), 0);
}

const activations = Uint8Array.from([1, 2, 3, 0, 0, 250, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

/** A session with the device of fixture.ts: the state carries over from one step to the next. */
const SESSION: readonly { name: string; request?: Request; bytes: Uint8Array }[] = [
  { name: 'delimiters alone', bytes: Uint8Array.of(0, 0, 0) },
  step('write before hello', { kind: 'write', address: 0x2000_0000, data: Uint8Array.of(9) }, 101),
  step('check before hello', { kind: 'check', address: 0x2000_0000, length: 16 }, 102),
  step('run before hello', { kind: 'run', linear: 0, shift: 0 }, 103),
  step('hello of another version does not count', { kind: 'hello', version: 2 }, 104),
  step('check after it', { kind: 'check', address: 0x2000_0000, length: 16 }, 105),
  { name: 'unknown type before hello', bytes: rawFrame(0x05, 106, []) },
  { name: 'run with a byte too many before hello', bytes: rawFrame(0x04, 107, [0, 0, 0, 0]) },
  step('hello', { kind: 'hello', version: 1 }, 1),
  step('write one word of activations', { kind: 'write', address: 0x2000_0000, data: activations }, 2),
  step('check it', { kind: 'check', address: 0x2000_0000, length: 16 }, 3),
  step('check nothing', { kind: 'check', address: 0x1000_0100, length: 0 }, 4),
  step(
    'write across the padding of words',
    {
      kind: 'write',
      address: 3,
      data: Uint8Array.from({ length: 13 }, (_, i) => 0xf0 + i),
    },
    5,
  ), // bytes 5, 6 and 7 of a word of five bytes are not stored
  step('check with padding', { kind: 'check', address: 0, length: 16 }, 6),
  step('run a linear of one row', { kind: 'run', linear: 0, shift: -1 }, 7),
  step('run a linear of 61 rows', { kind: 'run', linear: 2, shift: 3 }, 8),
  step('run shifted most to the left', { kind: 'run', linear: 1, shift: -128 }, 21),
  step('run a linear of three frames', { kind: 'run', linear: 3, shift: 127 }, 22),
  { name: 'unknown type', bytes: rawFrame(0x7e, 9, [1, 2, 3]) },
  { name: 'write without data', bytes: rawFrame(0x02, 10, [0, 0, 0, 0]) },
  { name: 'write without an address', bytes: rawFrame(0x02, 23, [0, 0, 0]) },
  { name: 'hello without a version', bytes: rawFrame(0x01, 24, []) },
  { name: 'hello with a byte too many', bytes: rawFrame(0x01, 25, [1, 0]) },
  { name: 'check with a byte too few', bytes: rawFrame(0x03, 26, [0, 0, 0, 0x10, 0, 0, 0]) },
  { name: 'check with a byte too many', bytes: rawFrame(0x03, 27, [0, 0, 0, 0x10, 0, 0, 0, 0, 0]) },
  { name: 'run with a byte too few', bytes: rawFrame(0x04, 28, [0, 0]) },
  { name: 'an encoding that is longer than necessary', bytes: withEmptyGroup(29) },
  { name: 'run with a byte too many', bytes: rawFrame(0x04, 11, [0, 0, 0, 0]) },
  step('write behind a region', { kind: 'write', address: 0x2000_007f, data: Uint8Array.of(1, 2) }, 12),
  step('check in a region that does not exist', { kind: 'check', address: 0x4000_0000, length: 1 }, 13),
  step('check of more than a region', { kind: 'check', address: 0, length: 0xffff_ffff }, 14),
  step('check of a length that wraps around', { kind: 'check', address: 0, length: 0x2000_0004 }, 17),
  step('check nothing in a region that does not exist', { kind: 'check', address: 0x5000_0000, length: 0 }, 18),
  step('no such linear', { kind: 'run', linear: 4, shift: 0 }, 15),
  step('hello of another version', { kind: 'hello', version: 2 }, 16),
  { name: 'damaged: a bit has changed', bytes: flipped(encodeRequest({ kind: 'hello', version: 1 }, 17), 4) },
  { name: 'damaged: a byte is missing', bytes: encodeRequest({ kind: 'hello', version: 1 }, 18).subarray(1) },
  { name: 'damaged: too short to have a CRC', bytes: Uint8Array.of(2, 65, 0) },
  { name: 'damaged: nothing but a CRC', bytes: Uint8Array.of(1, 1, 1, 1, 1, 0) },
  { name: 'damaged: a type and a CRC', bytes: typeAndCrc(0x01) },
  { name: 'damaged: longer than the device takes', bytes: rawFrame(0x02, 19, new Uint8Array(1025)) },
  step('a delimiter inside a frame breaks it in two', { kind: 'hello', version: 1 }, 20),
  step('the longest write', { kind: 'write', address: 0, data: new Uint8Array(1020).fill(0x55) }, 255),
];

function step(name: string, request: Request, seq: number) {
  const bytes = encodeRequest(request, seq);
  if (!name.startsWith('a delimiter inside')) return { name, request, bytes };
  return { name, bytes: Uint8Array.of(...bytes.subarray(0, 4), 0, ...bytes.subarray(4)) };
}

/** A frame of an unknown type that is one full group, and an empty one behind it that is not necessary. */
function withEmptyGroup(seq: number): Uint8Array {
  const body = Uint8Array.from({ length: 248 }, (_, i) => i + 1);
  let frame = rawFrame(0x05, seq, body);
  // Until the CRC has no zero byte either.
  for (; frame[0] !== 0xff; frame = rawFrame(0x05, seq, body)) body[0]!++;
  return Uint8Array.of(...frame.subarray(0, -1), 1, 0);
}

function typeAndCrc(type: number): Uint8Array {
  const payload = new Uint8Array(5);
  payload[0] = type;
  new DataView(payload.buffer).setUint32(1, crc32(payload.subarray(0, 1)), true);
  return Uint8Array.of(...cobsEncode(payload), 0);
}

function flipped(frame: Uint8Array, at: number): Uint8Array {
  const copy = frame.slice();
  copy[at]! ^= 0x10;
  return copy;
}

const CRC_MESSAGES = ['', '00', '313233343536373839', 'ffffffff'];
const run = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);
/** The examples of the Wikipedia article on COBS, and lengths around a full group. */
const COBS_MESSAGES = [
  Uint8Array.of(),
  Uint8Array.of(0),
  Uint8Array.of(0, 0),
  Uint8Array.of(0, 0x11, 0),
  Uint8Array.of(0x11, 0x22, 0, 0x33),
  Uint8Array.of(0x11, 0x22, 0x33, 0x44),
  Uint8Array.of(0x11, 0, 0, 0),
  run(1, 253),
  run(1, 254),
  run(0, 255),
  run(1, 255),
  run(2, 255),
  run(3, 255),
  run(1, 600),
];

export interface Golden {
  readonly crc32: readonly { bytes: string; crc: string }[];
  readonly cobs: readonly { decoded: string; encoded: string }[];
  readonly session: readonly {
    name: string;
    request?: unknown;
    bytes: string;
    answer: unknown[];
    answerBytes: string;
  }[];
}

export function makeGolden(): Golden {
  const device = new Responder(fixtureInfo(), new FakeEngine());
  return {
    crc32: CRC_MESSAGES.map((bytes) => ({ bytes, crc: crc32(fromHex(bytes)).toString(16).padStart(8, '0') })),
    cobs: COBS_MESSAGES.map((decoded) => ({ decoded: toHex(decoded), encoded: toHex(cobsEncode(decoded)) })),
    session: SESSION.map(({ name, request, bytes }) => {
      const answer = device.receive(bytes);
      const responses = new FrameParser().push(answer).map((frame) => {
        if (!frame.ok) throw new Error(`The device answered "${name}" with a damaged frame.`);
        return { seq: frame.seq, ...readResponse(frame) };
      });
      return {
        name,
        ...(request && { request: printable(request) }),
        bytes: toHex(bytes),
        answer: responses.map(printable),
        answerBytes: toHex(answer),
      };
    }),
  };
}

/** Byte arrays as hex, other arrays as lists. */
export function printable(message: object): object {
  const entries = Object.entries(message).map(([name, value]: [string, unknown]) => {
    if (value instanceof Uint8Array) return [name, toHex(value)];
    return [name, value instanceof Int32Array ? Array.from(value) : value];
  });
  return Object.fromEntries(entries);
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
