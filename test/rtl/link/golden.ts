/** The vectors of test/golden/protocol.json, made from the definitions here; "vitest -u" writes the file anew. */

import { cobsEncode } from '../../../firmware/protocol/cobs.js';
import { crc32 } from '../../../firmware/protocol/crc32.js';
import { encodeRequest, FrameParser } from '../../../firmware/protocol/frames.js';
import { PROTOCOL_VERSION, type Request, readResponse } from '../../../firmware/protocol/messages.js';
import { Responder } from '../../../firmware/protocol/responder.js';
import { FakeDecoder, FakeEngine, fixtureInfo, stepInfo } from './fixture.js';

/** A frame from type, sequence number and body, whether the protocol knows it or not. */
export function rawFrame(type: number, seq: number, body: Uint8Array | readonly number[]): Uint8Array {
  const payload = new Uint8Array(6 + body.length);
  payload.set([type, seq, ...body]);
  new DataView(payload.buffer).setUint32(2 + body.length, crc32(payload.subarray(0, -4)), true);
  return Uint8Array.of(...cobsEncode(payload), 0);
}

const activations = Uint8Array.from([1, 2, 3, 0, 0, 250, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

interface SessionStep {
  readonly name: string;
  readonly request?: Request;
  readonly bytes: Uint8Array;
}

/** A session with the device of fixture.ts: the state carries over from one step to the next. */
const SESSION: readonly SessionStep[] = [
  { name: 'delimiters alone', bytes: Uint8Array.of(0, 0, 0) },
  step('write before hello', { kind: 'write', address: 0x2000_0000, data: Uint8Array.of(9) }, 101),
  step('check before hello', { kind: 'check', address: 0x2000_0000, length: 16 }, 102),
  step('run before hello', { kind: 'run', linear: 0, shift: 0 }, 103),
  step('hello of another version does not count', { kind: 'hello', version: 1 }, 104),
  step('check after it', { kind: 'check', address: 0x2000_0000, length: 16 }, 105),
  { name: 'unknown type before hello', bytes: rawFrame(0x05, 106, []) },
  { name: 'run with a byte too many before hello', bytes: rawFrame(0x04, 107, [0, 0, 0, 0]) },
  step('hello', { kind: 'hello', version: PROTOCOL_VERSION }, 1),
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
  { name: 'hello with a byte too many', bytes: rawFrame(0x01, 25, [2, 0]) },
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
  step('hello of another version', { kind: 'hello', version: 1 }, 16),
  {
    name: 'damaged: a bit has changed',
    bytes: flipped(encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 17), 4),
  },
  {
    name: 'damaged: a byte is missing',
    bytes: encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 18).subarray(1),
  },
  { name: 'damaged: too short to have a CRC', bytes: Uint8Array.of(2, 65, 0) },
  { name: 'damaged: nothing but a CRC', bytes: Uint8Array.of(1, 1, 1, 1, 1, 0) },
  { name: 'damaged: a type and a CRC', bytes: typeAndCrc(0x01) },
  { name: 'damaged: longer than the device takes', bytes: rawFrame(0x02, 19, new Uint8Array(1025)) },
  step('a delimiter inside a frame breaks it in two', { kind: 'hello', version: PROTOCOL_VERSION }, 20),
  step('the longest write', { kind: 'write', address: 0, data: new Uint8Array(1020).fill(0x55) }, 255),
];

const STEP = {
  kind: 'step',
  flags: { logits: false, stops: false },
  position: 0,
  count: 1,
  stop: 0,
  tokens: [1],
} as const;
/** What FakeDecoder gives third after token 1. */
const THIRD = 115;

/** A session with the device of fixture.ts that takes steps. */
const STEP_SESSION: readonly SessionStep[] = [
  step('step before hello', { ...STEP }, 1),
  step('hello', { kind: 'hello', version: PROTOCOL_VERSION }, 2),
  step('a token', { ...STEP }, 3),
  step('a prompt, and three tokens', { ...STEP, count: 3, tokens: [1, 149, 0, 1] }, 4),
  step('from where it stopped', { ...STEP, position: 6, count: 2, tokens: [17] }, 5),
  step('with a stop that comes', { ...STEP, flags: { logits: false, stops: true }, count: 9, stop: THIRD }, 6),
  step('the same without asking for a stop', { ...STEP, count: 4, stop: THIRD }, 7),
  step('with a stop that is no token', { ...STEP, flags: { logits: false, stops: true }, stop: 0xffff_ffff }, 8),
  step('with logits', { ...STEP, flags: { logits: true, stops: false }, count: 2, tokens: [5, 6] }, 9),
  step('to the end of the context', { ...STEP, position: 38, count: 2 }, 10),
  step('beyond the context', { ...STEP, position: 38, count: 3 }, 11),
  step('at the last position', { ...STEP, position: 39, count: 1 }, 30),
  step('behind the context', { ...STEP, position: 65535, count: 65535 }, 12),
  step('with as many tokens as the context', { ...STEP, tokens: new Array<number>(40).fill(3) }, 31),
  step('with more tokens than the context', { ...STEP, tokens: new Array<number>(41).fill(3) }, 13),
  step('a token outside the vocabulary', { ...STEP, tokens: [1, 150] }, 14),
  step('a token outside it by far', { ...STEP, tokens: [0x1_0000, 1] }, 15),
  step('no tokens', { ...STEP, tokens: [] }, 16),
  step('no count', { ...STEP, count: 0 }, 17),
  { name: 'half a token', bytes: rawFrame(0x05, 18, new Array<number>(11).fill(0)) },
  { name: 'less than a header', bytes: rawFrame(0x05, 19, new Array<number>(5).fill(0)) },
  { name: 'flags that have no meaning', bytes: rawFrame(0x05, 20, [0xfc, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]) },
  step('run', { kind: 'run', linear: 0, shift: 0 }, 21),
  step('write to a region that a decoder has not', { kind: 'write', address: 0x2000_0000, data: Uint8Array.of(1) }, 22),
  step('check nothing in it', { kind: 'check', address: 0x2000_0000, length: 0 }, 23),
  step('write parameters', { kind: 'write', address: 0x4000_0070, data: new Uint8Array(16).fill(9) }, 24),
  step('write constants', { kind: 'write', address: 0x5000_000e, data: Uint8Array.of(1, 2) }, 25),
  step('check parameters', { kind: 'check', address: 0x4000_0000, length: 128 }, 26),
  step('write behind constants', { kind: 'write', address: 0x5000_000f, data: Uint8Array.of(1, 2) }, 27),
  step('check nothing behind the last region', { kind: 'check', address: 0x6000_0000, length: 0 }, 28),
  step('write a weight', { kind: 'write', address: 64, data: Uint8Array.of(77) }, 32),
  step('the prompt again, with it', { ...STEP, count: 3, tokens: [1, 149, 0, 1] }, 33),
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
const ascending = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);
/** The examples of the Wikipedia article on COBS, and lengths around a full group. */
const COBS_MESSAGES = [
  Uint8Array.of(),
  Uint8Array.of(0),
  Uint8Array.of(0, 0),
  Uint8Array.of(0, 0x11, 0),
  Uint8Array.of(0x11, 0x22, 0, 0x33),
  Uint8Array.of(0x11, 0x22, 0x33, 0x44),
  Uint8Array.of(0x11, 0, 0, 0),
  ascending(1, 253),
  ascending(1, 254),
  ascending(0, 255),
  ascending(1, 255),
  ascending(2, 255),
  ascending(3, 255),
  ascending(1, 600),
];

export interface GoldenStep {
  readonly name: string;
  readonly request?: unknown;
  readonly bytes: string;
  readonly answer: unknown[];
  readonly answerBytes: string;
}

export interface Golden {
  readonly crc32: readonly { bytes: string; crc: string }[];
  readonly cobs: readonly { decoded: string; encoded: string }[];
  readonly session: readonly GoldenStep[];
  /** With a device that takes steps. */
  readonly stepSession: readonly GoldenStep[];
}

export function makeGolden(): Golden {
  return {
    crc32: CRC_MESSAGES.map((bytes) => ({ bytes, crc: crc32(fromHex(bytes)).toString(16).padStart(8, '0') })),
    cobs: COBS_MESSAGES.map((decoded) => ({ decoded: toHex(decoded), encoded: toHex(cobsEncode(decoded)) })),
    session: run(SESSION, new Responder(fixtureInfo(), new FakeEngine())),
    stepSession: run(STEP_SESSION, new Responder(stepInfo(), new FakeDecoder())),
  };
}

function run(session: readonly SessionStep[], device: Responder): GoldenStep[] {
  return session.map(({ name, request, bytes }) => {
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
  });
}

/** The bytes of a golden session, both ways. */
export function goldenStreams(session: readonly GoldenStep[]): { input: Uint8Array; answer: Uint8Array } {
  return {
    input: fromHex(session.map(({ bytes }) => bytes).join('')),
    answer: fromHex(session.map(({ answerBytes }) => answerBytes).join('')),
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
