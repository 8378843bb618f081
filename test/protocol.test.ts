import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cobsBound, cobsDecode, cobsEncode, cobsEncodeInto } from '../firmware/protocol/cobs.js';
import { crc32 } from '../firmware/protocol/crc32.js';
import {
  encodeRequest,
  encodeResponse,
  FrameParser,
  frameBound,
  type ParsedFrame,
} from '../firmware/protocol/frames.js';
import { LayoutError } from '../firmware/protocol/layout.js';
import {
  ERROR_CODES,
  encodeInfoConstant,
  isRequestType,
  PROTOCOL_VERSION,
  type Request,
  type Response,
  readRequest,
  readResponse,
} from '../firmware/protocol/messages.js';
import { fixtureInfo, ROOT, stepInfo } from './rtl/link/fixture.js';
import { fromHex, type Golden, makeGolden, printable, rawFrame, toHex } from './rtl/link/golden.js';
import { uniform } from './support/random.js';

const GOLDEN_FILE = join(ROOT, 'test/golden/protocol.json');

function randomBytes(random: () => number, length: number, zeros = 0.1): Uint8Array {
  return Uint8Array.from({ length }, () => (random() < zeros ? 0 : Math.floor(random() * 256)));
}

describe('golden vectors', () => {
  it('are what the code makes', async () => {
    await expect(`${JSON.stringify(makeGolden(), null, 2)}\n`).toMatchFileSnapshot(GOLDEN_FILE);
  });

  const readGolden = () => JSON.parse(readFileSync(GOLDEN_FILE, 'utf8')) as Golden;

  const allSteps = () => [...readGolden().session, ...readGolden().stepSession];

  it('have the CRC-32 of zlib', () => {
    expect(readGolden().crc32.find(({ bytes }) => bytes === '313233343536373839')?.crc).toBe('cbf43926');
    for (const { bytes, crc } of readGolden().crc32) expect(zlibCrc32(fromHex(bytes))).toBe(Number.parseInt(crc, 16));
  });

  it('have the published COBS encodings', () => {
    const encoded = new Map(readGolden().cobs.map((vector) => [vector.decoded, vector.encoded]));
    const run = (first: number, last: number) =>
      toHex(Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i));
    const published: [string, string][] = [
      ['00', '0101'],
      ['0000', '010101'],
      ['001100', '01021101'],
      ['11220033', '0311220233'],
      ['11223344', '0511223344'],
      ['11000000', '0211010101'],
      [run(1, 254), `ff${run(1, 254)}`],
      [run(0, 254), `01ff${run(1, 254)}`],
      [run(1, 255), `ff${run(1, 254)}02ff`],
      [`${run(2, 255)}00`, `ff${run(2, 255)}0101`],
      [`${run(3, 255)}0001`, `fe${run(3, 255)}0201`],
    ];
    for (const [decoded, expected] of published)
      expect(encoded.get(decoded) ?? toHex(cobsEncode(fromHex(decoded)))).toBe(expected);
  });

  it('decode to their fields, and damaged ones to none', () => {
    for (const { name, request, bytes, answer, answerBytes } of allSteps()) {
      const answers = new FrameParser().push(fromHex(answerBytes)).map((frame) => {
        if (!frame.ok) throw new Error(frame.reason);
        return printable({ seq: frame.seq, ...readResponse(frame) });
      });
      expect(answers, name).toEqual(answer);
      const requests = new FrameParser().push(fromHex(bytes));
      if (name.startsWith('damaged')) expect(requests, name).toMatchObject([{ ok: false }]);
      if (!request) continue;
      const [frame] = requests;
      if (!frame?.ok) throw new Error(`the request "${name}" is damaged`);
      expect(printable(readRequest(frame)), name).toEqual(request);
    }
  });

  it('have every request, response and error', () => {
    const session = allSteps();
    const kinds = (messages: readonly unknown[]) =>
      new Set(messages.map((message) => (message as { kind: string }).kind));
    expect([...kinds(session.flatMap(({ request }) => (request ? [request] : [])))].sort()).toEqual(
      ['hello', 'write', 'check', 'run', 'step'].sort(),
    );
    const answers = session.flatMap(({ answer }) => answer);
    expect([...kinds(answers)].sort()).toEqual(
      ['info', 'written', 'checked', 'result', 'token', 'logits', 'error'].sort(),
    );
    const codes = answers.flatMap((answer) =>
      'code' in (answer as object) ? [(answer as { code: number }).code] : [],
    );
    expect([...new Set(codes)].sort()).toEqual(Object.values(ERROR_CODES));
  });
});

describe('cobs', () => {
  it('is inverted for every content and length, without zeros and within its bound', () => {
    const random = uniform(1);
    for (let i = 0; i < 1000; i++) {
      const message = randomBytes(random, Math.floor(random() * 800), random() < 0.5 ? 0 : random());
      const encoded = cobsEncode(message);
      expect(encoded.includes(0)).toBe(false);
      expect(encoded.length).toBeLessThanOrEqual(cobsBound(message.length));
      expect(toHex(cobsDecode(encoded)!)).toBe(toHex(message));
    }
  });

  it('refuses a target that is too short', () => {
    expect(() => cobsEncodeInto(new Uint8Array(10), new Uint8Array(10), 0)).toThrow(RangeError);
  });

  it('decodes any bytes or says no', () => {
    const random = uniform(2);
    for (let i = 0; i < 5000; i++) {
      const decoded = cobsDecode(randomBytes(random, Math.floor(random() * 40), random() * 0.2));
      if (decoded) expect(cobsDecode(cobsEncode(decoded))).toEqual(decoded);
    }
    expect(cobsDecode(Uint8Array.of(3, 1))).toBeNull();
    expect(cobsDecode(Uint8Array.of(3, 0, 1))).toBeNull();
    expect(cobsDecode(Uint8Array.of(0))).toBeNull();
  });
});

describe('crc32', () => {
  it('agrees with zlib and continues over pieces', () => {
    const random = uniform(3);
    for (let i = 0; i < 200; i++) {
      const bytes = randomBytes(random, Math.floor(random() * 300));
      const cut = Math.floor(random() * bytes.length);
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
    }
  });
});

const STEP: Request = {
  kind: 'step',
  flags: { logits: true, stops: false },
  position: 65535,
  count: 65535,
  stop: 0xffff_ffff,
  tokens: [0, 0xffff_ffff],
};

describe('messages', () => {
  it('have INFO bytes that begin the INFO response', () => {
    const constant = encodeInfoConstant(fixtureInfo());
    const [frame] = new FrameParser().push(encodeResponse(fixtureInfo(0x01020304), 0));
    expect(frame?.ok && toHex(frame.body)).toBe(`${toHex(constant)}04030201`);
    expect(constant.length).toBe(118);
    expect(encodeInfoConstant(stepInfo()).length).toBe(150);
    expect(() => encodeInfoConstant({ ...fixtureInfo(), regionCount: 3 })).toThrow(
      '4 entries were given for a list of 3',
    );
  });

  it('survive encoding and decoding', () => {
    const requests: Request[] = [
      { kind: 'hello', version: PROTOCOL_VERSION },
      { kind: 'write', address: 0xffffffff, data: Uint8Array.of(0, 1, 2) },
      { kind: 'check', address: 0x30000000, length: 0x0fffffff },
      { kind: 'run', linear: 65535, shift: -16 },
      STEP,
      { ...STEP, flags: { logits: false, stops: true } },
    ];
    for (const request of requests) {
      const [frame] = new FrameParser().push(encodeRequest(request, 200));
      expect(frame).toMatchObject({ ok: true, seq: 200 });
      expect(frame?.ok && readRequest(frame)).toEqual(request);
    }
    const responses: Response[] = [
      fixtureInfo(0xdeadbeef),
      { kind: 'written' },
      { kind: 'checked', crc: 0xcbf43926 },
      {
        kind: 'result',
        linear: 3,
        row: 60,
        rows: 62,
        cycles: 4294967295,
        values: Int32Array.of(-2147483648, 2147483647),
      },
      stepInfo(),
      { kind: 'token', flags: { last: true }, position: 65535, token: 0xffff_ffff, cycles: 4294967295 },
      { kind: 'logits', position: 3, first: 60, values: Int32Array.of(-2147483648, 2147483647) },
      { kind: 'error', code: 8 },
    ];
    for (const response of responses) {
      const [frame] = new FrameParser().push(encodeResponse(response, 0));
      expect(frame?.ok && readResponse(frame)).toEqual(response);
    }
  });

  it('refuse numbers that do not fit and bodies of the wrong length', () => {
    expect(() => encodeRequest({ kind: 'run', linear: 65536, shift: 0 }, 0)).toThrow(LayoutError);
    expect(() => encodeRequest({ kind: 'run', linear: 0, shift: 128 }, 0)).toThrow(
      '128 is not an integer from -128 to 127',
    );
    expect(() => encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 256)).toThrow(LayoutError);
    expect(() => readRequest({ type: 0x04, body: new Uint8Array(2) })).toThrow(LayoutError);
    expect(() => readRequest({ type: 0x04, body: new Uint8Array(4) })).toThrow("type 'run' has 1 bytes more");
    expect(() => readResponse({ type: 0x84, body: new Uint8Array(17) })).toThrow(LayoutError);
    expect(() => readResponse({ type: 0x02, body: new Uint8Array(9) })).toThrow('no message of type 0x2');
    expect(() => encodeRequest({ ...STEP, tokens: [2 ** 32] }, 0)).toThrow(LayoutError);
    expect(() => readRequest({ type: 0x05, body: new Uint8Array(11) })).toThrow('2 bytes are no whole 32-bit numbers');
    const types = [1, 2, 3, 4, 5, 6, 0x81];
    expect(types.filter((type) => isRequestType(type, false))).toEqual([1, 2, 3, 4]);
    expect(types.filter((type) => isRequestType(type, true))).toEqual([1, 2, 3, 5]);
  });
});

describe('FrameParser', () => {
  const bytes = (frames: ParsedFrame[]) => frames.map((frame) => (frame.ok ? toHex(frame.body) : frame.reason));

  it('never throws, whatever arrives, and finds the frame after it', () => {
    const seed = 4;
    const random = uniform(seed);
    const good = rawFrame(0x55, 7, [1, 0, 2]);
    for (let i = 0; i < 3000; i++) {
      const parser = new FrameParser(64);
      const garbage = randomBytes(random, Math.floor(random() * 200), random() * 0.2);
      parser.push(garbage);
      parser.push(Uint8Array.of(0));
      expect(parser.push(good), `seed ${seed}, case ${i}`).toMatchObject([{ ok: true, type: 0x55, seq: 7 }]);
    }
  });

  it('finds the same frames however the stream is cut', () => {
    const random = uniform(5);
    const stream: number[] = [];
    for (let i = 0; i < 60; i++) {
      const frame = rawFrame(i, i, randomBytes(random, Math.floor(random() * 100)));
      if (random() < 0.3) frame[Math.floor(random() * frame.length)]! ^= 1 << Math.floor(random() * 8);
      stream.push(...frame);
    }
    const whole = new FrameParser(64).push(Uint8Array.from(stream));
    expect(whole.some((frame) => frame.ok) && whole.some((frame) => !frame.ok)).toBe(true);
    for (let i = 0; i < 20; i++) {
      const parser = new FrameParser(64);
      const frames: ParsedFrame[] = [];
      for (let at = 0; at < stream.length; ) {
        const end = at + 1 + Math.floor(random() * 50);
        frames.push(...parser.push(Uint8Array.from(stream.slice(at, end))));
        at = end;
      }
      expect(frames).toEqual(whole);
    }
  });

  it('notices every change of one bit', () => {
    const frame = encodeRequest({ kind: 'check', address: 0x10000000, length: 300 }, 9);
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const damaged = frame.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const parser = new FrameParser();
      const frames = [...parser.push(damaged), ...parser.push(Uint8Array.of(0))];
      expect(
        frames.some((found) => found.ok),
        `bit ${bit}`,
      ).toBe(false);
    }
  });

  it('says what is wrong', () => {
    expect(bytes(new FrameParser().push(Uint8Array.of(5, 1, 0)))).toEqual(['stuffing']);
    expect(bytes(new FrameParser().push(Uint8Array.of(5, 1, 2, 3, 4, 0)))).toEqual(['short']);
    expect(bytes(new FrameParser().push(Uint8Array.of(8, 1, 2, 3, 4, 5, 6, 7, 0)))).toEqual(['crc']);
    expect(bytes(new FrameParser(2).push(rawFrame(1, 1, [1, 2, 3])))).toEqual(['overlong']);
    expect(bytes(new FrameParser(2).push(rawFrame(1, 1, new Uint8Array(300))))).toEqual(['overlong']);
    expect(bytes(new FrameParser(2).push(rawFrame(1, 1, [1, 2])))).toEqual(['0102']);
    expect(new FrameParser().push(Uint8Array.of(0, 0, 0))).toEqual([]);
  });

  it('takes a frame of the greatest length', () => {
    for (const fill of [0, 1]) {
      const frame = rawFrame(2, 0, new Uint8Array(1024).fill(fill));
      expect(frame.length).toBeLessThanOrEqual(frameBound(1024));
      expect(new FrameParser(1024).push(frame)).toMatchObject([{ ok: true }]);
    }
  });
});
