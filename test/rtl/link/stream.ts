/** Streams for a link under stress. */

import { encodeRequest } from '../../../firmware/protocol/frames.js';
import { PROTOCOL_VERSION, type Request } from '../../../firmware/protocol/messages.js';
import { rawFrame } from './golden.js';

/** HELLO, then requests, damaged requests, and garbage in between, with sequence numbers in order. */
export function randomStream(random: () => number, frames: number, maxBody: number): Uint8Array {
  const below = (n: number) => Math.floor(random() * n);
  const bytes = (length: number) => {
    const zeros = below(2) ? 0.2 : 0; // without zeros there are full groups
    return Uint8Array.from({ length }, () => (random() < zeros ? 0 : below(255) + 1));
  };
  const address = () => ((below(9) % 6) * 2 ** 28 + below(below(2) ? 32 : 5000)) >>> 0;
  const pieces: Uint8Array[] = [encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 0)];
  for (let i = 0; i < frames; i++) {
    const seq = i & 0xff;
    const kind = below(24);
    let frame: Uint8Array;
    if (kind < 9)
      frame = encodeRequest({ kind: 'write', address: address(), data: bytes(1 + below(maxBody - 4)) }, seq);
    else if (kind < 12)
      frame = encodeRequest(
        {
          kind: 'check',
          address: address(),
          length: (below(4) ? 0 : 2 ** (28 + below(4))) + below(below(2) ? 40 : 5000),
        },
        seq,
      );
    else if (kind < 14) frame = encodeRequest({ kind: 'run', linear: below(5), shift: below(256) - 128 }, seq);
    else if (kind < 15) frame = encodeRequest({ kind: 'hello', version: 1 + below(2) }, seq);
    else if (kind < 17) frame = rawFrame(below(8), seq, bytes(below(12)));
    else if (kind < 18) frame = rawFrame(2, seq, bytes(maxBody + below(3)));
    else if (kind < 19) frame = bytes(below(3 * maxBody));
    else if (kind < 20) frame = new Uint8Array(below(5));
    else frame = encodeRequest(randomStep(below, maxBody), seq);
    if (random() < 0.15 && frame.length > 0) {
      const at = below(frame.length);
      if (random() < 0.5) frame[at]! ^= 1 << below(8);
      else frame = Uint8Array.of(...frame.subarray(0, at), ...frame.subarray(at + 1));
    }
    pieces.push(frame);
  }
  pieces.push(Uint8Array.of(0), encodeRequest({ kind: 'check', address: 0, length: 4096 }, 0));
  return Uint8Array.from(pieces.flatMap((piece) => Array.from(piece)));
}

/** Most of them are executed by a device that takes steps. */
export function randomStep(below: (n: number) => number, maxBody: number): Request {
  const stop = below(4) ? below(150) : below(2 ** 32);
  const most = Math.floor((maxBody - 9) / 4);
  const tokens = Array.from({ length: Math.min(most, below(8) ? 1 + below(5) : below(60)) }, () =>
    below(60) ? below(150) : below(2 ** 32),
  );
  return {
    kind: 'step',
    flags: { logits: below(4) === 0, stops: below(2) === 0 },
    position: below(8) ? below(30) : below(2 ** 16),
    count: below(10) ? 1 + below(5) : below(2 ** 16),
    stop,
    tokens,
  };
}
