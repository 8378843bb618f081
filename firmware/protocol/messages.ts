/** The requests and responses of protocol version 2 and their bodies. docs/protocol.md says what they mean. */

import {
  bytesOf,
  bytesToEnd,
  flagsU8,
  i8,
  i32ToEnd,
  type Layout,
  LayoutError,
  listOf,
  Reader,
  readLayout,
  u8,
  u16,
  u32,
  u32ToEnd,
  type Values,
  Writer,
  writeLayout,
} from './layout.js';

export const PROTOCOL_VERSION = 2;
/** Most bytes of a request's body that a device takes; INFO says what this one takes. */
export const MAX_BODY_BYTES = 1024;
/** Most values in one RESULT frame. */
export const MAX_RESULT_VALUES = 60;
/** Most values in one LOGITS frame. */
export const MAX_LOGIT_VALUES = 60;
/** Bytes of a STEP's body before its tokens. */
export const STEP_HEADER_BYTES = 9;
/** Regions of the memory map of a device that runs linears: weights, scales, activations, blocks. */
export const REGION_COUNT = 4;
/** Of one that takes steps: those, of which activations and blocks are empty, then parameters and constants. */
export const STEP_REGION_COUNT = 6;

/** One region of the device's memory as INFO describes it, in bytes. */
const REGION = { base: u32, stride: u32, wordBytes: u32, words: u32 } as const;
export type InfoRegion = Values<typeof REGION>;

/** The part of INFO that is constant for a bitstream. */
const INFO_CONSTANT = {
  version: u8,
  regionCount: u8,
  maxBody: u16,
  rxBytes: u32,
  clockHz: u32,
  linears: u16,
  planHash: bytesOf(32),
  regions: listOf(REGION, 'regionCount'),
  /** Tokens of the vocabulary of a device that takes steps; 0 if it runs linears. */
  vocab: u32,
  /** Most tokens of a text; 0 if the device runs linears. */
  context: u32,
} as const;
export type InfoConstant = Values<typeof INFO_CONSTANT>;

interface Message<L extends Layout> {
  readonly type: number;
  readonly layout: L;
}

function message<const L extends Layout>(type: number, layout: L): Message<L> {
  return { type, layout };
}

const REQUESTS = {
  hello: message(0x01, { version: u8 }),
  write: message(0x02, { address: u32, data: bytesToEnd }),
  check: message(0x03, { address: u32, length: u32 }),
  run: message(0x04, { linear: u16, shift: i8 }),
  step: message(0x05, {
    flags: flagsU8('logits', 'stops'),
    position: u16,
    count: u16,
    stop: u32,
    tokens: u32ToEnd,
  }),
} as const;

const RESPONSES = {
  info: message(0x81, { ...INFO_CONSTANT, bootNonce: u32 }),
  written: message(0x82, {}),
  checked: message(0x83, { crc: u32 }),
  result: message(0x84, { linear: u16, row: u32, rows: u32, cycles: u32, values: i32ToEnd }),
  token: message(0x85, { flags: flagsU8('last'), position: u16, token: u32, cycles: u32 }),
  logits: message(0x86, { position: u16, first: u32, values: i32ToEnd }),
  error: message(0xff, { code: u8 }),
} as const;

type Catalogue = { readonly [kind: string]: Message<Layout> };
type Union<C extends Catalogue> = {
  [K in keyof C]: { readonly kind: K } & Values<C[K] extends Message<infer L> ? L : never>;
}[keyof C];

export type Request = Union<typeof REQUESTS>;
export type Response = Union<typeof RESPONSES>;
export type Info = Extract<Response, { kind: 'info' }>;
export type StepRequest = Extract<Request, { kind: 'step' }>;
export type Result = Extract<Response, { kind: 'result' }>;

/** Codes of the ERROR response. */
export const ERROR_CODES = {
  damagedFrame: 1,
  unknownType: 2,
  badLength: 3,
  badAddress: 4,
  noSuchLinear: 5,
  wrongVersion: 6,
  noHello: 7,
  badStep: 8,
} as const;

/** What an error code means, for people. */
export function describeErrorCode(code: number): string {
  switch (code) {
    case ERROR_CODES.damagedFrame:
      return 'a frame arrived damaged';
    case ERROR_CODES.unknownType:
      return 'the type of a request is unknown';
    case ERROR_CODES.badLength:
      return 'the length of a request is wrong';
    case ERROR_CODES.badAddress:
      return 'an address lies outside the memory';
    case ERROR_CODES.noSuchLinear:
      return 'there is no such linear';
    case ERROR_CODES.wrongVersion:
      return 'the protocol version is not supported';
    case ERROR_CODES.noHello:
      return 'it has restarted since HELLO';
    case ERROR_CODES.badStep:
      return 'tokens or positions of a step lie outside the model';
    default:
      return `error code ${code}`;
  }
}

/** A message as it lies in a frame: everything but the sequence number and the CRC. */
export interface RawMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Writes type, sequence number and body of a request. Throws LayoutError for numbers that do not fit their fields. */
export function writeRequest(writer: Writer, request: Request, seq: number): void {
  writeMessage(REQUESTS, writer, request, seq);
}

/** Writes type, sequence number and body of a response. Throws LayoutError for numbers that do not fit their fields. */
export function writeResponse(writer: Writer, response: Response, seq: number): void {
  writeMessage(RESPONSES, writer, response, seq);
}

/** Whether a device knows a request of this type: one that takes steps runs no linears, and the other way round. */
export function isRequestType(type: number, takesSteps: boolean): boolean {
  const absent = takesSteps ? REQUESTS.run : REQUESTS.step;
  return Object.values(REQUESTS).some((request) => request.type === type && request !== absent);
}

/** Throws LayoutError for an unknown type or a body of the wrong length. */
export function readRequest(raw: RawMessage): Request {
  return readMessage(REQUESTS, raw);
}

/** Throws LayoutError for an unknown type or a body of the wrong length. */
export function readResponse(raw: RawMessage): Response {
  return readMessage(RESPONSES, raw);
}

/** The constant bytes of INFO, which are baked into the hardware. */
export function encodeInfoConstant(info: InfoConstant): Uint8Array {
  const writer = new Writer();
  writeLayout(INFO_CONSTANT, writer, info);
  return writer.written.slice();
}

function writeMessage<C extends Catalogue>(catalogue: C, writer: Writer, message: Union<C>, seq: number): void {
  const { type, layout } = catalogue[message.kind]!;
  writer.u8(type);
  writer.u8(seq);
  writeLayout(layout, writer, message);
}

function readMessage<C extends Catalogue>(catalogue: C, raw: RawMessage): Union<C> {
  for (const [kind, { type, layout }] of Object.entries(catalogue)) {
    if (type !== raw.type) continue;
    const reader = new Reader(raw.body);
    const values = readLayout(layout, reader);
    if (reader.remaining !== 0)
      throw new LayoutError(`A message of type '${kind}' has ${reader.remaining} bytes more.`);
    return { kind, ...values } as Union<C>;
  }
  throw new LayoutError(`There is no message of type 0x${raw.type.toString(16)}.`);
}
