/** Fuzz of the two ends of the link, a piece per seed. Failures name the seed. */

import { expect } from 'vitest';
import { Accelerator } from '../../firmware/device/accelerator.js';
import { encodeRequest, encodeResponse, FrameParser } from '../../firmware/protocol/frames.js';
import { LayoutError } from '../../firmware/protocol/layout.js';
import { PROTOCOL_VERSION, readResponse } from '../../firmware/protocol/messages.js';
import { Responder } from '../../firmware/protocol/responder.js';
import { DeviceError } from '../../firmware/transport/errors.js';
import { NO_FAULTS } from '../../sim/line/faults.js';
import { FaultyLine, type LineDevice } from '../../sim/line/line.js';
import { VirtualClock } from '../../sim/line/node/virtual-clock.js';
import { FakeDecoder, FakeEngine, fixtureInfo, stepInfo } from '../rtl/link/fixture.js';
import { anyRequest, anyResponse, fuzzStream } from '../rtl/link/fuzz.js';
import { toHex } from '../rtl/link/golden.js';
import { stress } from '../rtl/link/stress.js';
import { uniform } from './random.js';

/** Bytes of a piece. */
export const PIECE_BYTES = 50_000;

/**
 * Feeds random bytes into the link's Verilog, then asks for all of its memory and says HELLO: it must answer as the
 * reference does, which writes what valid frames say and nothing else.
 * @param steps the executable has a decoder
 * @returns bytes fed
 */
export function fuzzLink(executable: string, seed: number, steps = false): number {
  const nonce = seed % 2 === 0 ? seed : 0x8000_0000 + seed;
  const info = steps ? stepInfo(nonce) : fixtureInfo(nonce);
  const checks = info.regions.map(({ base, stride, words }) =>
    encodeRequest({ kind: 'check', address: base, length: stride * words }, 1),
  );
  const hello = encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 2);
  const garbage = fuzzStream(uniform(seed), PIECE_BYTES, anyRequest);
  const stream = Buffer.concat([garbage, Uint8Array.of(0), hello, ...checks, hello]);
  const expected = toHex(new Responder(info, steps ? new FakeDecoder() : new FakeEngine()).receive(stream));
  const { answer } = stress(executable, stream, { seed, idle: 0, stall: seed % 3 === 0 ? 30 : 0, nonce });
  expect(toHex(answer) === expected, `fuzz of the link, seed ${seed}`).toBe(true);
  expect(expected.endsWith(toHex(encodeResponse(info, 2)))).toBe(true);
  return garbage.length;
}

/** Feeds random bytes into the host's parser: it never throws, and finds the frame behind them. @returns bytes fed */
export function fuzzParser(seed: number): number {
  const random = uniform(seed);
  const garbage = fuzzStream(random, PIECE_BYTES, anyResponse);
  const parser = new FrameParser();
  let read = 0;
  for (let at = 0; at < garbage.length; ) {
    const end = at + 1 + Math.floor(random() * 400);
    for (const frame of parser.push(garbage.subarray(at, end))) {
      if (!frame.ok) continue;
      try {
        readResponse(frame);
        read++;
      } catch (error) {
        if (!(error instanceof LayoutError)) throw error;
      }
    }
    at = end;
  }
  expect(read, `fuzz of the parser, seed ${seed}`).toBeGreaterThan(0);
  parser.push(Uint8Array.of(0));
  const last = encodeResponse({ kind: 'checked', crc: seed }, 7);
  expect(parser.push(last), `fuzz of the parser, seed ${seed}`).toMatchObject([{ ok: true, type: 0x83, seq: 7 }]);
  return garbage.length;
}

/** A device that answers with random bytes: an upload and runs end, with a typed error. @returns bytes answered */
export async function fuzzHost(seed: number, steps = false): Promise<number> {
  const random = uniform(seed);
  const garbage = fuzzStream(random, PIECE_BYTES, anyResponse);
  const reference = steps
    ? new Responder(stepInfo(), new FakeDecoder())
    : new Responder(fixtureInfo(), new FakeEngine());
  let used = 0;
  const device: LineDevice = {
    async receive(bytes) {
      const begin = used;
      used = Math.min(garbage.length, used + Math.floor(random() * 2000));
      // Often enough the true answer too, so that a session goes on to its next request.
      const answer = reference.receive(bytes);
      const pieces = [garbage.subarray(begin, used), Uint8Array.of(0), random() < 0.8 ? answer : new Uint8Array(0)];
      return { bytes: Buffer.concat(pieces), milliseconds: 1 };
    },
    reset: async () => undefined,
  };
  const clock = new VirtualClock();
  const image = { address: 0x1000_0000, bytes: new Uint8Array(256).map(() => Math.floor(random() * 256)) };
  const work = async (): Promise<void> => {
    const accelerator = await Accelerator.open(new FaultyLine(device, NO_FAULTS, clock), { timeoutMs: 50, retries: 8 });
    await accelerator.upload([image]);
    for (let i = 0; i < 4; i++) {
      if (steps) await accelerator.step({ position: i, tokens: [i], count: 3, logits: i === 2 }, () => undefined);
      else await accelerator.run(i, 0);
    }
  };
  while (used < garbage.length) {
    try {
      await clock.run(work(), 3_600_000);
    } catch (error) {
      expect(error, `fuzz of the host, seed ${seed}`).toBeInstanceOf(DeviceError);
    }
  }
  return used;
}
