/** Bytes that a receiver must survive: without any structure, framed without sense, and frames with something changed. */

import { encodeRequest, encodeResponse } from '../../../firmware/protocol/frames.js';
import { PROTOCOL_VERSION, type Request, type Response } from '../../../firmware/protocol/messages.js';
import { fixtureInfo } from './fixture.js';
import { rawFrame } from './golden.js';
import { randomStep } from './stream.js';

type Random = () => number;

/** @returns at least `length` bytes for a receiver of the frames that `valid` makes */
export function fuzzStream(random: Random, length: number, valid: (random: Random) => Uint8Array): Uint8Array {
  const stream: number[] = [];
  while (stream.length < length) {
    const kind = below(random, 4);
    if (kind === 0) stream.push(...anything(random, below(random, 300)));
    else if (kind === 1)
      stream.push(...rawFrame(typeOf(random), below(random, 256), anything(random, below(random, 40))));
    else if (kind === 2) stream.push(...mutated(random, valid(random)));
    else stream.push(...valid(random));
  }
  return Uint8Array.from(stream);
}

/** A request to the device of fixture.ts, most of them valid. */
export function anyRequest(random: Random): Uint8Array {
  const address = (below(random, 7) * 2 ** 28 + below(random, 4200)) >>> 0;
  const requests: readonly (() => Request)[] = [
    () => ({ kind: 'hello', version: random() < 0.9 ? PROTOCOL_VERSION : below(random, 256) }),
    () => ({ kind: 'write', address, data: anything(random, 1 + below(random, 60)) }),
    () => ({ kind: 'check', address, length: below(random, 80) }),
    () => ({ kind: 'run', linear: below(random, 5), shift: below(random, 256) - 128 }),
    () => randomStep((n) => below(random, n), 1024),
  ];
  return encodeRequest(requests[below(random, requests.length)]!(), below(random, 256));
}

/** A response, whether the device of fixture.ts would give it or not. */
export function anyResponse(random: Random): Uint8Array {
  const values = Int32Array.from({ length: below(random, 61) }, () => below(random, 2 ** 32));
  const word = (): number => below(random, random() < 0.5 ? 200 : 2 ** 32);
  const responses: readonly (() => Response)[] = [
    () => fixtureInfo(1 + below(random, 2)),
    () => ({ kind: 'written' }),
    () => ({ kind: 'checked', crc: below(random, 2 ** 32) }),
    () => ({ kind: 'result', linear: below(random, 5), row: word(), rows: word(), cycles: word(), values }),
    () => ({
      kind: 'token',
      flags: { last: random() < 0.5 },
      position: below(random, 50),
      token: word(),
      cycles: word(),
    }),
    () => ({ kind: 'logits', position: below(random, 50), first: word(), values }),
    () => ({ kind: 'error', code: below(random, 10) }),
  ];
  return encodeResponse(responses[below(random, responses.length)]!(), below(random, 256));
}

function mutated(random: Random, frame: Uint8Array): number[] {
  const bytes = Array.from(frame);
  for (let times = 1 + below(random, 3); times > 0 && bytes.length > 0; times--) {
    const at = below(random, bytes.length);
    const kind = below(random, 6);
    if (kind === 0) bytes[at]! ^= 1 << below(random, 8);
    else if (kind === 1) bytes[at] = below(random, 256);
    else if (kind === 2) bytes.splice(at, 1 + below(random, 4));
    else if (kind === 3) bytes.splice(at, 0, ...anything(random, 1 + below(random, 4)));
    else if (kind === 4) bytes.splice(at, 0, ...bytes.slice(at));
    else bytes.length = at;
  }
  return bytes;
}

function anything(random: Random, length: number): Uint8Array {
  const zeros = random() < 0.3 ? 0 : 0.2 * random();
  return Uint8Array.from({ length }, () => (random() < zeros ? 0 : below(random, 256)));
}

/** Types of requests and responses, and others. */
function typeOf(random: Random): number {
  return random() < 0.5 ? below(random, 7) : 0x80 + below(random, 8);
}

function below(random: Random, n: number): number {
  return Math.floor(random() * n);
}
