import { describe, expect, it, vi } from 'vitest';
import { Accelerator, type AcceleratorOptions } from '../firmware/device/accelerator.js';
import type { MemoryImage } from '../firmware/device/upload.js';
import { encodeResponse, FrameParser } from '../firmware/protocol/frames.js';
import { type Request, type Response, readRequest } from '../firmware/protocol/messages.js';
import { Responder } from '../firmware/protocol/responder.js';
import { DeviceError } from '../firmware/transport/errors.js';
import { type ByteDevice, InProcessTransport } from '../firmware/transport/in-process.js';
import type { Transport } from '../firmware/transport/transport.js';
import { FakeEngine, fixtureInfo } from './rtl/link/fixture.js';
import { uniform } from './support/random.js';

const FAST: AcceleratorOptions = { timeoutMs: 40, retries: 3 };
const PLAN_HASH = Array.from(fixtureInfo().planHash, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The reference device behind a line that can be watched and damaged. */
class Line implements ByteDevice {
  readonly engine = new FakeEngine();
  responder = new Responder(fixtureInfo(), this.engine);
  /** Bytes of each `write`, and the requests that they hold. */
  readonly bursts: number[] = [];
  readonly requests: Request[] = [];
  toDevice: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes;
  toHost: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes;
  readonly #parser = new FrameParser();

  receive(bytes: Uint8Array): Uint8Array {
    this.bursts.push(bytes.length);
    for (const frame of this.#parser.push(bytes)) if (frame.ok) this.requests.push(readRequest(frame));
    return this.toHost(this.responder.receive(this.toDevice(bytes)));
  }

  kinds(): string {
    return this.requests.map(({ kind }) => kind[0]).join('');
  }

  open(options: AcceleratorOptions = FAST): Promise<Accelerator> {
    return Accelerator.open(new InProcessTransport(this, 'the line'), options);
  }
}

/** Changes a bit in some bytes, and loses some others. */
function noise(seed: number, share: number): (bytes: Uint8Array) => Uint8Array {
  const random = uniform(seed);
  return (bytes) =>
    Uint8Array.from(
      Array.from(bytes).flatMap((byte) => {
        if (random() >= share) return [byte];
        return random() < 0.5 ? [] : [byte ^ (1 << Math.floor(random() * 8))];
      }),
    );
}

/**
 * A line on which frames of RESULT come one at a time, with time to react in between.
 * @param damage what arrives of a frame; `count` from 1 on
 */
function byFrames(line: Transport, damage: (frame: Uint8Array, count: number) => Uint8Array): Transport {
  let results = 0;
  let turn = Promise.resolve();
  return {
    name: line.name,
    write: (bytes) => line.write(bytes),
    close: () => line.close(),
    start: (listener) =>
      line.start({
        ...listener,
        data: (bytes) => {
          for (let from = 0; from < bytes.length; ) {
            const end = bytes.indexOf(0, from) + 1;
            const frame = bytes.slice(from, end);
            turn = turn
              .then(() => new Promise((resolve) => setImmediate(resolve)))
              .then(() => listener.data(frame[1] === RESULT ? damage(frame, ++results) : frame));
            from = end;
          }
        },
      }),
  };
}

function randomImage(seed: number, address: number, length: number): MemoryImage {
  const random = uniform(seed);
  return { address, bytes: Uint8Array.from({ length }, () => Math.floor(random() * 256)) };
}

/** What the memory of the fixture reads after `images`: the padding of words stays zero. */
function expectMemory(engine: FakeEngine, images: readonly MemoryImage[]): void {
  for (const { address, bytes } of images) {
    expect(engine.memory[address >>> 28]!.slice(address & 0xfffffff, (address & 0xfffffff) + bytes.length)).toEqual(
      bytes,
    );
  }
}

/** Type of the response, the second byte of its frame. */
const RESULT = 0x84;
const SCALES = randomImage(1, 0x1000_0000, 256);
const VECTOR = randomImage(2, 0x2000_0000, 16);

describe('Accelerator.open', () => {
  it('reports what the device says', async () => {
    const device = await new Line().open({ ...FAST, planHash: PLAN_HASH.toUpperCase() });
    expect(device.info).toEqual(fixtureInfo());
    expect(device.planHash).toBe(PLAN_HASH);
  });

  it('refuses a device of another plan, naming both', async () => {
    const line = new Line();
    const transport = new InProcessTransport(line, '/dev/line');
    const close = vi.spyOn(transport, 'close');
    const error = await Accelerator.open(transport, { ...FAST, planHash: 'ab'.repeat(32) }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ code: 'wrong-plan', nextStep: expect.stringContaining('sdq generate') });
    for (const text of ['/dev/line', PLAN_HASH, 'ab'.repeat(32)]) expect((error as Error).message).toContain(text);
    expect(close).toHaveBeenCalled();
  });

  it('refuses a device of another protocol version', async () => {
    const line = new Line();
    line.responder = new Responder({ ...fixtureInfo(), version: 1 }, line.engine);
    await expect(line.open()).rejects.toMatchObject({ code: 'wrong-version' });
    const refusing = new Line();
    refusing.toHost = (bytes) => {
      const [frame] = new FrameParser().push(bytes);
      return encodeResponse({ kind: 'error', code: 6 }, frame?.ok ? frame.seq : 0);
    };
    await expect(refusing.open()).rejects.toMatchObject({
      code: 'wrong-version',
      message: expect.stringContaining('version'),
    });
  });

  it('gives up a device that does not answer, and one that answers nonsense', async () => {
    const line = new Line();
    line.toDevice = () => new Uint8Array(0);
    await expect(line.open({ timeoutMs: 5, retries: 2 })).rejects.toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/the line did not answer after 3 attempts: it is silent\. .* powered/),
    });
    expect(line.kinds()).toBe('hhh');
    line.toHost = () => new TextEncoder().encode('login: \0\0 ~~~\0');
    const transport = Object.assign(new InProcessTransport(line, 'the line'), { bytesPerSecond: 11_520 });
    await expect(Accelerator.open(transport, { timeoutMs: 5, retries: 2 })).rejects.toMatchObject({
      code: 'garbled',
      message: expect.stringMatching(/42 bytes arrived, but no frame among them\. .* runs at 115200 baud\./),
    });
  });

  it('finds the device behind garbage in both directions', async () => {
    const line = new Line();
    line.responder.receive(Uint8Array.of(2, 3, 4, 5)); // what another program left behind
    const hello = line.toHost;
    line.toHost = (bytes) => Uint8Array.of(9, 9, 9, 0, 0, 7, 0, ...hello(bytes));
    await expect(line.open()).resolves.toBeInstanceOf(Accelerator);
    expect(line.kinds()).toBe('h');
  });

  it('can be aborted', async () => {
    const line = new Line();
    line.toDevice = () => new Uint8Array(0);
    const abort = new AbortController();
    const opening = line.open({ ...FAST, timeoutMs: 10_000, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    await expect(line.open({ signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('Accelerator.upload', () => {
  it('writes, verifies, and skips what is there', async () => {
    const line = new Line();
    const device = await line.open();
    const progress: [number, number][] = [];
    const first = await device.upload([SCALES, VECTOR], { onProgress: (done, total) => progress.push([done, total]) });
    expect(first).toEqual({ totalBytes: 272, skippedBytes: 0, sentBytes: 272 });
    expectMemory(line.engine, [SCALES, VECTOR]);
    expect(progress[0]).toEqual([0, 272]);
    expect(progress.at(-1)).toEqual([272, 272]);
    expect(line.kinds()).toBe('hccwwcc');
    expect(await device.upload([SCALES, VECTOR])).toEqual({ totalBytes: 272, skippedBytes: 272, sentBytes: 0 });
    expect(line.kinds()).toBe('hccwwcccc');
    line.engine.memory[1]![7]! ^= 1;
    expect(await device.upload([SCALES, VECTOR])).toEqual({ totalBytes: 272, skippedBytes: 16, sentBytes: 256 });
    expect(await device.upload([])).toEqual({ totalBytes: 0, skippedBytes: 0, sentBytes: 0 });
  });

  it('stays within the credit and keeps the line busy', async () => {
    const line = new Line();
    const device = await line.open();
    const image = randomImage(3, 0, 4096);
    for (let w = 0; w < 512; w++) image.bytes.fill(0, 8 * w + 5, 8 * w + 8);
    line.bursts.length = 0;
    await device.upload([image]);
    expectMemory(line.engine, [image]);
    // CHECK, then frames of at most a quarter of the credit in full windows; the last one ends with CHECK.
    expect(Math.max(...line.bursts)).toBeLessThanOrEqual(4096);
    expect(Math.max(...line.bursts)).toBeGreaterThan(3500);
    expect(line.bursts).toHaveLength(3);
  });

  it('has more writes under way than the buffer holds if the device keeps up with the line, and nothing else', async () => {
    const line = new Line();
    line.responder = new Responder(fixtureInfo(1, { maxBody: 24, rxBytes: 64 }), line.engine);
    // 12 MHz at 100 000 bytes per second: 120 clock cycles per byte.
    const transport = Object.assign(new InProcessTransport(line), { bytesPerSecond: 100_000 });
    const device = await Accelerator.open(transport, FAST);
    line.bursts.length = 0;
    await device.upload(
      Array.from({ length: 16 }, (_, i) => ({
        ...SCALES,
        address: SCALES.address + 16 * i,
        bytes: SCALES.bytes.slice(16 * i, 16 * i + 16),
      })),
    );
    expectMemory(line.engine, [SCALES]);
    // 16 CHECKs of 16 bytes, four at a time; 16 WRITEs at once, and four CHECKs; the other CHECKs.
    const writes = line.bursts.filter((bytes) => bytes > 64);
    expect(writes).toHaveLength(1);
    expect(writes[0]).toBe(16 * 28 + 4 * 16);
    expect(line.bursts).toHaveLength(8);
  });

  it('reports memory that does not take the image, and never success', async () => {
    const line = new Line();
    const device = await line.open();
    const write = line.engine.write.bind(line.engine);
    line.engine.write = (address, data) =>
      write(
        address,
        data.map((byte) => byte & 0x7f),
      ); // a stuck bit
    await expect(device.upload([SCALES])).rejects.toMatchObject({
      code: 'crc-mismatch',
      message: expect.stringMatching(/256 bytes at 0x10000000 have CRC 0x[0-9a-f]{8} instead of 0x[0-9a-f]{8}/),
    });
    expect(line.kinds()).toBe('hcwcwcwc');
  });

  it('notices memory that a later write destroys', async () => {
    const line = new Line();
    const device = await line.open();
    const write = line.engine.write.bind(line.engine);
    line.engine.write = (address, data) => {
      write(address, data);
      line.engine.memory[3 - (address >>> 28)]!.fill(0, 0, 16); // the two regions are one memory
    };
    await expect(device.upload([SCALES, VECTOR])).rejects.toMatchObject({ code: 'crc-mismatch' });
  });

  it('refuses images that do not fit the memory map', async () => {
    const line = new Line();
    const device = await line.open();
    const bytes = new Uint8Array(17);
    for (const images of [
      [{ address: 0x3000_0000, bytes }],
      [{ address: 0x2000_0070, bytes }],
      [{ address: 0x4000_0000, bytes }],
      [{ address: 0x0fff_fff8, bytes }],
      [
        { address: 0x2000_0010, bytes },
        { address: 0x2000_0000, bytes },
      ],
    ]) {
      await expect(device.upload(images)).rejects.toMatchObject({ code: 'wrong-image' });
    }
    expect(line.kinds()).toBe('h');
  });

  it('can be aborted and then completed', async () => {
    const line = new Line();
    const device = await line.open();
    const abort = new AbortController();
    const onProgress = (done: number) => done > 1000 && abort.abort(new Error('enough'));
    const image = randomImage(4, 0, 4096);
    for (let w = 0; w < 512; w++) image.bytes.fill(0, 8 * w + 5, 8 * w + 8);
    await expect(device.upload([image], { onProgress, signal: abort.signal })).rejects.toThrow('enough');
    await device.upload([image]);
    expectMemory(line.engine, [image]);
  });
});

describe('Accelerator.run', () => {
  it('sends vector and request as one burst and returns all rows', async () => {
    const line = new Line();
    const device = await line.open();
    line.bursts.length = 0;
    const { values, cycles } = await device.run(3, -2, [VECTOR]);
    expect(line.bursts).toHaveLength(1);
    expect(values).toEqual(line.engine.run(3, -2).values);
    expect(values).toHaveLength(150);
    expect(cycles).toBe(103);
  });

  it('cuts a vector such that sending and executing overlap, unless the line is slow', async () => {
    const framesAt = async (bytesPerSecond?: number) => {
      const line = new Line();
      const transport = Object.assign(new InProcessTransport(line), bytesPerSecond && { bytesPerSecond });
      const device = await Accelerator.open(transport, FAST);
      await device.run(0, 0, [randomImage(6, 0x2000_0000, 128)]);
      return line.kinds();
    };
    expect(await framesAt()).toBe('hwwwr');
    expect(await framesAt(100_000)).toBe('hwr');
  });

  it('joins calls of the same turn into one burst, in order', async () => {
    const line = new Line();
    const device = await line.open();
    line.bursts.length = 0;
    const calls = [device.run(0, 0, [VECTOR]), device.run(1, 0), device.run(2, 0)];
    const results = await Promise.all(calls);
    expect(line.bursts).toHaveLength(1);
    expect(results.map(({ values }) => values.length)).toEqual([1, 60, 61]);
  });

  it('does not overwrite a vector while a run that reads it is unanswered', async () => {
    const line = new Line();
    const device = await line.open();
    line.bursts.length = 0;
    const other = randomImage(5, 0x2000_0000, 16);
    const [first, second] = await Promise.all([device.run(2, 0, [VECTOR]), device.run(2, 0, [other])]);
    expect(line.bursts).toHaveLength(2);
    const engine = new FakeEngine();
    engine.write(VECTOR.address, VECTOR.bytes);
    expect(first.values).toEqual(engine.run(2, 0).values);
    engine.write(other.address, other.bytes);
    expect(second.values).toEqual(engine.run(2, 0).values);
  });

  it('fails for a linear that does not exist or a shift out of range, and goes on', async () => {
    const device = await new Line().open();
    const refused = device.run(9, 0);
    const wrong = device.run(1, 1000);
    const good = device.run(1, 0);
    await expect(refused).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('no such linear'),
    });
    await expect(wrong).rejects.toThrow('1000 is not an integer from -128 to 127');
    expect((await good).values).toHaveLength(60);
  });

  it('can be aborted while others go on', async () => {
    const line = new Line();
    const device = await line.open();
    const abort = new AbortController();
    const first = device.run(0, 0, [VECTOR]);
    const second = device.run(1, 0, [], abort.signal);
    const third = device.run(2, 0);
    abort.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect((await first).values).toHaveLength(1);
    expect((await third).values).toHaveLength(61);
    expect(line.kinds()).toBe('hwrr');
  });
});

describe('a bad line', () => {
  it('costs repetitions, not correctness', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const line = new Line();
      const device = await line.open({ timeoutMs: 20, retries: 8 });
      line.toDevice = noise(seed, 0.0006);
      line.toHost = noise(seed + 100, 0.0006);
      const image = randomImage(seed, 0, 4096);
      for (let w = 0; w < 512; w++) image.bytes.fill(0, 8 * w + 5, 8 * w + 8);
      await device.upload([image, SCALES]);
      expectMemory(line.engine, [image, SCALES]);
      const reference = new FakeEngine();
      reference.memory[0]!.set(line.engine.memory[0]!);
      for (let i = 0; i < 20; i++) {
        const vector = randomImage(1000 * seed + i, 0x2000_0000, 16);
        reference.write(vector.address, vector.bytes);
        const results = await Promise.all([device.run(3, i, [vector]), device.run(2, 0)]);
        const expected = [reference.run(3, i), reference.run(2, 0)];
        expect(
          results.map(({ values }) => values),
          `seed ${seed}, run ${i}`,
        ).toEqual(expected.map(({ values }) => values));
      }
      await device.close();
    }
  });

  it('loses single frames, each in turn', async () => {
    for (const [direction, total] of [
      ['toDevice', 4],
      ['toHost', 6],
    ] as const) {
      for (let lost = 0; lost < total; lost++) {
        const line = new Line();
        const device = await line.open({ timeoutMs: 15, retries: 3 });
        const frames: number[][] = [];
        let count = 0;
        line[direction] = (bytes) => {
          const kept: number[] = [];
          let frame: number[] = [];
          for (const byte of bytes) {
            frame.push(byte);
            if (byte !== 0) continue;
            if (count++ !== lost) kept.push(...frame);
            else frames.push(frame);
            frame = [];
          }
          return Uint8Array.from(kept);
        };
        const writes = Array.from({ length: 3 }, (_, i) => randomImage(lost * 10 + i, 0x2000_0000 + 16 * i, 16));
        const { values } = await device.run(3, 1, writes);
        expect(frames, `${direction} ${lost}`).toHaveLength(1);
        expect(values, `${direction} ${lost}`).toEqual(line.engine.run(3, 1).values);
        expectMemory(line.engine, writes);
      }
    }
  });

  it('repeats a run once, however many frames of its answer are damaged', async () => {
    const line = new Line();
    const transport = new InProcessTransport(line, 'the line');
    const device = await Accelerator.open(
      byFrames(transport, (frame, count) => {
        // The first two of three.
        return count === 1 || count === 2 ? frame.map((byte) => (byte === 0 ? 0 : byte ^ 1 || 2)) : frame;
      }),
      FAST,
    );
    const { values } = await device.run(3, 0, [VECTOR]);
    expect(values).toEqual(line.engine.run(3, 0).values);
    expect(line.kinds()).toBe('hwrr');
    await device.close();
  });

  it('is given up when nothing gets through', async () => {
    const line = new Line();
    const device = await line.open({ timeoutMs: 5, retries: 2 });
    line.toDevice = (bytes) => bytes.map((byte) => (byte === 0 ? 0 : 0x11));
    await expect(device.run(0, 0)).rejects.toMatchObject({
      code: 'no-answer',
      message: expect.stringContaining('damaged'),
    });
    line.toDevice = () => new Uint8Array(0);
    await expect(device.run(0, 0)).rejects.toMatchObject({ code: 'no-answer' });
  });

  it('notices a device that has restarted', async () => {
    const line = new Line();
    const device = await line.open({ timeoutMs: 5, retries: 3 });
    line.toDevice = () => {
      line.toDevice = (bytes) => bytes;
      line.responder = new Responder(fixtureInfo(2), new FakeEngine());
      return new Uint8Array(0);
    };
    await expect(device.run(0, 0)).rejects.toMatchObject({ code: 'restarted' });
  });

  it('notices it also where nothing was lost on the line', async () => {
    const line = new Line();
    const device = await line.open();
    await device.run(0, 0, [VECTOR]);
    line.responder = new Responder(fixtureInfo(2), new FakeEngine());
    await expect(device.run(0, 0)).rejects.toMatchObject({ code: 'restarted' });
    await expect(device.upload([SCALES])).rejects.toMatchObject({ code: 'restarted' });
  });

  it('waits longer each time for a device that is only slow', async () => {
    const line = new Line();
    const transport = new InProcessTransport(line, 'the line');
    const device = await Accelerator.open(transport, { timeoutMs: 10, retries: 4 });
    const write = transport.write.bind(transport);
    let turn = Promise.resolve();
    transport.write = async (bytes) => {
      // Every burst takes the device 60 ms, one after the other.
      turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 60))).then(() => write(bytes));
    };
    expect((await device.run(1, 0)).values).toHaveLength(60);
  });
});

describe('a device that does not follow the protocol', () => {
  it('is given up, whatever it answers', async () => {
    const answers: Response[] = [
      { kind: 'result', linear: 0, row: 0, rows: 0xffff_ffff, cycles: 0, values: new Int32Array(60) },
      { kind: 'result', linear: 0, row: 0, rows: 1, cycles: 0, values: new Int32Array(0) },
      { kind: 'result', linear: 0, row: 0, rows: 1, cycles: 0, values: new Int32Array(2) },
      { kind: 'result', linear: 1, row: 0, rows: 1, cycles: 0, values: new Int32Array(1) },
      { kind: 'result', linear: 0, row: 1, rows: 2, cycles: 0, values: new Int32Array(1) },
      { kind: 'written' },
      fixtureInfo(),
    ];
    for (const answer of answers) {
      const line = new Line();
      const device = await line.open({ timeoutMs: 2, retries: 1 });
      const parser = new FrameParser();
      line.responder.receive = (bytes) => {
        const seqs = parser.push(bytes).map((frame) => (frame.ok ? frame.seq : 0));
        return Uint8Array.from(seqs.flatMap((seq) => Array.from(encodeResponse(answer, seq))));
      };
      await expect(device.run(0, 0), answer.kind).rejects.toMatchObject({ code: 'no-answer' });
    }
  });
});

describe('the end of the line', () => {
  it('fails what is unanswered and what comes later', async () => {
    const line = new Line();
    const device = await line.open();
    line.toHost = () => new Uint8Array(0);
    const running = device.run(0, 0);
    await device.close();
    await expect(running).rejects.toMatchObject({ code: 'closed' });
    await expect(device.run(0, 0)).rejects.toMatchObject({ code: 'closed' });
    await device.close();
  });
});
