import { describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import type { Clock } from '../firmware/transport/clock.js';
import { openSerial } from '../firmware/transport/node/serial.js';
import { NO_FAULTS, parseFaults } from '../sim/line/faults.js';
import { FaultyLine, PACKET_BYTES } from '../sim/line/line.js';
import { startFaultyBoard } from '../sim/line/node/faulty-board.js';
import { VirtualClock } from '../sim/line/node/virtual-clock.js';
import { compileFixture, fixtureInfo, HARNESS } from './rtl/link/fixture.js';

const WEIGHTS = { address: 0, bytes: new Uint8Array(4096).map((_, i) => (i % 8 < 5 ? 7 * i : 0)) };

async function start(faults: string, baud = 0, images = [] as (typeof WEIGHTS)[]) {
  const parsed = { ...parseFaults(faults), baud };
  return startFaultyBoard(await compileFixture(HARNESS), fixtureInfo().clockHz, parsed, images);
}

describe('a virtual board behind a line with faults', () => {
  it('is uploaded and run over the serialport package all the same', async () => {
    const board = await start('flip=2e-4,drop=2e-4,duplicate=2e-4,seed=3', 0);
    const accelerator = await Accelerator.open(await openSerial(board.path), { timeoutMs: 300, retries: 8 });
    expect(await accelerator.upload([WEIGHTS])).toMatchObject({ sentBytes: 4096 });
    expect((await accelerator.run(3, 0)).values).toHaveLength(150);
    await accelerator.close();
    board.stop();
    await board.exited;
  });

  it('has the pace of its line, and holds what it was preloaded with', async () => {
    const board = await start('batch-ms=16', 100_000, [WEIGHTS]);
    const accelerator = await Accelerator.open(await openSerial(board.path, { baudRate: 100_000 }));
    expect(await accelerator.upload([WEIGHTS])).toMatchObject({ sentBytes: 0 });
    const changed = { ...WEIGHTS, bytes: WEIGHTS.bytes.map((byte, i) => (i % 8 < 5 ? byte ^ 1 : 0)) };
    const started = performance.now();
    await accelerator.upload([changed]);
    // 4096 bytes at 10 000 a second.
    expect(performance.now() - started).toBeGreaterThan(400);
    await accelerator.close();
    board.stop();
    await board.exited;
  });

  it('is noticed when it restarts, and when it is unplugged', async () => {
    const resetting = await start('reset-at=2000,memory=lost');
    const accelerator = await Accelerator.open(await openSerial(resetting.path));
    await expect(accelerator.upload([WEIGHTS])).rejects.toMatchObject({ code: 'restarted' });
    await accelerator.close();
    const again = await Accelerator.open(await openSerial(resetting.path));
    expect(await again.upload([WEIGHTS])).toMatchObject({ sentBytes: 4096 });
    await again.close();
    resetting.stop();
    await resetting.exited;

    const leaving = await start('cut-at=2000');
    const cut = await Accelerator.open(await openSerial(leaving.path));
    await expect(cut.upload([WEIGHTS])).rejects.toMatchObject({ code: 'disconnected' });
    await cut.close();
    await leaving.exited;
  });
});

describe('the time that a device takes', () => {
  it('adds up below the millisecond of the system’s timers', async () => {
    const clock = new VirtualClock();
    const timers: Clock = { now: () => clock.now(), after: (ms, callback) => clock.after(Math.ceil(ms), callback) };
    const receive = async (bytes: Uint8Array) => ({ bytes: bytes.subarray(0, 1), milliseconds: 0.125 });
    const line = new FaultyLine({ receive, reset: async () => undefined }, NO_FAULTS, timers);
    const packets = 400;
    let answers = 0;
    const answered = new Promise<void>((resolve) => {
      line.start({ data: () => ++answers === packets && resolve(), closed: () => undefined });
    });
    void line.write(new Uint8Array(packets * PACKET_BYTES));
    await clock.run(answered, 1000);
    expect(clock.now()).toBe(packets / 8);
  });
});

describe('the text of faults', () => {
  it('names each fault', () => {
    const text =
      'seed=9, flip=1e-5,drop=0.25,duplicate=1,stall=0.5,stall-ms=7,batch-ms=16,reset-at=100,memory=lost,cut-at=5,cut=silent';
    expect(parseFaults(text)).toEqual({
      seed: 9,
      flip: 1e-5,
      drop: 0.25,
      duplicate: 1,
      stall: 0.5,
      stallMs: 7,
      batchMs: 16,
      baud: 0,
      resetAt: 100,
      memory: 'lost',
      cutAt: 5,
      cut: 'silent',
    });
    expect(parseFaults('seed=1')).toEqual(NO_FAULTS);
  });

  it('is refused where it makes no sense', () => {
    expect(() => parseFaults('flips=1')).toThrow("there is no fault 'flips'; there are seed, flip, drop");
    expect(() => parseFaults('')).toThrow("there is no fault ''");
    expect(() => parseFaults('toString=1')).toThrow('there is no fault');
    for (const text of [
      'flip=2',
      'flip=-1',
      'flip=',
      'flip=x',
      'seed=1.5',
      'memory=all',
      'cut-at=-1',
      'flip',
      'flip=1=1',
    ]) {
      expect(() => parseFaults(text), text).toThrow('is no value for');
    }
    expect(() => parseFaults('flip=0.1,drop=0.1,flip=0.2')).toThrow("'flip' is named twice");
  });
});
