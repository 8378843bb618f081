/**
 * npm run bench -- link: what an upload reaches of the line's rate, what crosses the line when the device holds the image
 * already, and how baud rate and buffer change that; and what a text of a device with the decoder takes of the line. The line is that of sim/line, in virtual time: a byte takes ten
 * bits, answers are held back for 16 ms. The figures are the same in every run.
 */

import { Accelerator } from '../firmware/device/accelerator.js';
import type { UploadResult } from '../firmware/device/upload.js';
import { type Info, PROTOCOL_VERSION, REGION_COUNT } from '../firmware/protocol/messages.js';
import { Responder, type ResponderEngine } from '../firmware/protocol/responder.js';
import { DecoderSteps } from '../firmware/session/decoder-steps.js';
import { loadBoard } from '../generator/boards/node/load.js';
import type { Placement } from '../generator/plan/types.js';
import { NO_FAULTS } from '../sim/line/faults.js';
import { FaultyLine, type LineDevice } from '../sim/line/line.js';
import { VirtualClock } from '../sim/line/node/virtual-clock.js';
import { TimedDecoder } from './support/timed-decoder.js';

const LEAST_EFFICIENCY = 0.9;
const BAUD = 3_000_000;
const BATCH_MS = 16;
/** Clock cycles for a byte of memory: more than SDRAM needs, its refresh included. */
const CYCLES_PER_MEMORY_BYTE = 1;
const REGION_BYTES = 1 << 21;
const DEADLINE_MS = 3_600_000;

interface Buffers {
  readonly rxBytes: number;
  readonly maxBody: number;
  readonly clockHz: number;
}

/** The reference device with one memory, which takes its time. */
class Memory implements ResponderEngine, LineDevice {
  readonly #bytes = new Uint8Array(REGION_BYTES);
  readonly #clockHz: number;
  readonly #responder: Responder;
  #accesses = 0;

  constructor({ clockHz, ...buffers }: Buffers) {
    this.#clockHz = clockHz;
    const region = { base: 0, stride: 8, wordBytes: 8, words: REGION_BYTES / 8 };
    const info: Info = {
      kind: 'info',
      version: PROTOCOL_VERSION,
      regionCount: REGION_COUNT,
      ...buffers,
      clockHz,
      linears: 1,
      planHash: new Uint8Array(32),
      regions: Array.from({ length: REGION_COUNT }, (_, i) => ({ ...region, base: i * 2 ** 28 })),
      vocab: 0,
      context: 0,
      bootNonce: 1,
    };
    this.#responder = new Responder(info, this);
  }

  async receive(bytes: Uint8Array): Promise<{ bytes: Uint8Array; milliseconds: number }> {
    const before = this.#accesses;
    const answer = this.#responder.receive(bytes);
    const cycles = bytes.length + (this.#accesses - before) * CYCLES_PER_MEMORY_BYTE;
    return { bytes: answer, milliseconds: (1000 * cycles) / this.#clockHz };
  }

  async reset(): Promise<void> {
    throw new Error('No line here resets the device.');
  }

  write(address: number, data: Uint8Array): void {
    this.#accesses += data.length;
    this.#bytes.set(data, address);
  }

  read(address: number, length: number): Uint8Array {
    this.#accesses += length;
    return this.#bytes.slice(address, address + length);
  }

  run(): never {
    throw new Error('No request here runs a linear.');
  }
}

interface Measured extends UploadResult {
  readonly seconds: number;
  readonly toDevice: number;
  readonly toHost: number;
}

/** Uploads to a device twice: an image of which it holds nothing, then the same again. */
async function measure(image: Uint8Array, buffers: Buffers, baud: number): Promise<readonly [Measured, Measured]> {
  const clock = new VirtualClock();
  const line = new FaultyLine(new Memory(buffers), { ...NO_FAULTS, baud, batchMs: BATCH_MS }, clock);
  const upload = async (accelerator: Accelerator): Promise<Measured> => {
    const started = clock.now();
    const { toDevice, toHost } = line.carried;
    const result = await accelerator.upload([{ address: 0, bytes: image }]);
    return {
      ...result,
      seconds: (clock.now() - started) / 1000,
      toDevice: line.carried.toDevice - toDevice,
      toHost: line.carried.toHost - toHost,
    };
  };
  const both = async (): Promise<readonly [Measured, Measured]> => {
    const accelerator = await Accelerator.open(line);
    return [await upload(accelerator), await upload(accelerator)];
  };
  return await clock.run(both(), DEADLINE_MS);
}

/** Bytes that look like packed weights: no two images are alike in their zeros, so all values are as frequent. */
function imageOf(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const efficiency = ({ totalBytes, seconds }: Measured, baud: number): number => totalBytes / seconds / (baud / 10);

function buffersOf(name: string, placement: Placement = 'linear'): Buffers {
  const { link, clockHz } = loadBoard(name, placement);
  return { rxBytes: link.rxBytes, maxBody: link.maxBody, clockHz };
}

/** Cycles of a token that stories260K takes on ulx3s-85f, about. */
const CYCLES_PER_TOKEN = 31_000;
const MOST_BYTES_PER_TOKEN = 32;

/** A text of a device that takes steps, argmax: the whole context but for a prompt of 16 tokens. */
async function text(): Promise<void> {
  const { clockHz, ...buffers } = buffersOf('ulx3s-85f', 'decoder');
  const clock = new VirtualClock();
  const device = new TimedDecoder(clockHz, CYCLES_PER_TOKEN, buffers);
  const line = new FaultyLine(device, { ...NO_FAULTS, baud: BAUD, batchMs: BATCH_MS }, clock);
  const prompt = Array.from({ length: 16 }, (_, i) => i);
  const sequence = [...prompt];
  const generate = async (): Promise<number> => {
    const accelerator = await Accelerator.open(line);
    const [opened, started] = [line.carried.toDevice + line.carried.toHost, clock.now()];
    const steps = new DecoderSteps(accelerator);
    while (sequence.length <= TimedDecoder.CONTEXT) {
      const most = TimedDecoder.CONTEXT + 1 - sequence.length;
      for await (const { token } of steps.run({ text: [...sequence], most, logits: false })) sequence.push(token);
    }
    const { toDevice, toHost } = line.carried;
    const bytes = (toDevice + toHost - opened) / (sequence.length - prompt.length);
    const perSecond = (1000 * (sequence.length - 1)) / (clock.now() - started);
    console.log(
      `\na text of ${TimedDecoder.CONTEXT} tokens in placement decoder, ${CYCLES_PER_TOKEN} cycles each at ${clockHz / 1e6} MHz: ` +
        `${bytes.toFixed(1)} bytes of the line per generated token, the prompt of ${prompt.length} included; ` +
        `${perSecond.toFixed(0)} tokens/s, ${percent((perSecond * CYCLES_PER_TOKEN) / clockHz)} of what the device does`,
    );
    return bytes;
  };
  const bytes = await clock.run(generate(), DEADLINE_MS);
  if (bytes > MOST_BYTES_PER_TOKEN) throw new Error(`More than ${MOST_BYTES_PER_TOKEN} bytes per token.`);
}

/** Prints the figures of docs/protocol.md. @throws Error if an upload falls short */
export async function main(): Promise<void> {
  console.log(`${BAUD} baud, answers held back ${BATCH_MS} ms; efficiency is image bytes of what the line could carry`);
  console.log('board       image     upload  efficiency  again: to device, to host');
  for (const board of ['ulx3s-85f', 'icebreaker']) {
    for (const kilobytes of [90, 400, 1600]) {
      const image = imageOf(1000 * kilobytes);
      const [first, again] = await measure(image, buffersOf(board), BAUD);
      const reached = efficiency(first, BAUD);
      console.log(
        `${board.padEnd(10)} ${String(kilobytes).padStart(4)} kB  ${first.seconds.toFixed(3).padStart(6)} s  ` +
          `${percent(reached).padStart(10)}  ${again.toDevice} B, ${again.toHost} B (${again.sentBytes} B of image)`,
      );
      if (reached < LEAST_EFFICIENCY) throw new Error(`Less than ${percent(LEAST_EFFICIENCY)}.`);
    }
  }

  await text();

  const image = imageOf(400_000);
  const credits = [1024, 2048, 4096, 16384];
  const bauds = [115_200, 1_000_000, 3_000_000, 12_000_000];
  const table = async (title: string, clockHz: (baud: number) => number): Promise<void> => {
    console.log(`\n${title}, 400 kB, by baud rate and receive buffer`);
    console.log(`    baud ${credits.map((bytes) => `${bytes} B`.padStart(9)).join('')}`);
    for (const baud of bauds) {
      const row: string[] = [];
      for (const rxBytes of credits) {
        const [first] = await measure(
          image,
          { rxBytes, maxBody: Math.min(1024, rxBytes / 2), clockHz: clockHz(baud) },
          baud,
        );
        row.push(percent(efficiency(first, baud)).padStart(9));
      }
      console.log(`${String(baud).padStart(8)} ${row.join('')}`);
    }
  };
  await table('A device that keeps up with the line (100 MHz)', () => 100_000_000);
  await table('One that may not: fewer than 64 clock cycles per byte', (baud) => 6 * baud);
}
