import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { encodeRequest } from '../firmware/protocol/frames.js';
import { PROTOCOL_VERSION } from '../firmware/protocol/messages.js';
import { openSerial } from '../firmware/transport/node/serial.js';
import { startVirtualBoard, type VirtualBoard } from '../sim/harness/node/virtual-board.js';
import { compileFixture, FakeEngine, HARNESS } from './rtl/link/fixture.js';

let executable: string;
const boards: VirtualBoard[] = [];

beforeAll(async () => {
  executable = await compileFixture(HARNESS);
});
afterEach(async () => {
  for (const board of boards.splice(0)) {
    board.stop();
    await board.exited;
  }
});

async function startBoard(...args: Parameters<typeof startVirtualBoard> extends [string, ...infer R] ? R : never) {
  const board = await startVirtualBoard(executable, ...args);
  boards.push(board);
  return board;
}

const VECTOR = { address: 0x2000_0000, bytes: Uint8Array.from({ length: 16 }, (_, i) => 100 - i) };
const WEIGHTS = { address: 0, bytes: new Uint8Array(4096).map((_, i) => (i % 8 < 5 ? 7 * i : 0)) };

function expectedRun(linear: number, shift: number): Int32Array {
  const engine = new FakeEngine();
  engine.write(VECTOR.address, VECTOR.bytes);
  engine.write(WEIGHTS.address, WEIGHTS.bytes);
  return engine.run(linear, shift).values;
}

describe('the virtual board, over the serialport package', () => {
  it('is uploaded and run, by one client after the other', async () => {
    const board = await startBoard();
    for (let client = 0; client < 4; client++) {
      const device = await Accelerator.open(await openSerial(board.path));
      const { sentBytes } = await device.upload([WEIGHTS]);
      expect(sentBytes).toBe(client === 0 ? 4096 : 0);
      for (let i = 0; i < 5; i++) {
        expect((await device.run(3, i, [VECTOR])).values).toEqual(expectedRun(3, i));
      }
      await device.close();
    }
  });

  it('holds the preloaded memory', async () => {
    const board = await startBoard([WEIGHTS, VECTOR]);
    const device = await Accelerator.open(await openSerial(board.path));
    expect(await device.upload([WEIGHTS, VECTOR])).toMatchObject({ sentBytes: 0 });
    expect((await device.run(2, 0)).values).toEqual(expectedRun(2, 0));
    await device.close();
  });

  it('does not show a client what another one left unread', async () => {
    const board = await startBoard();
    const rude = openSync(board.path, 'r+');
    const runs = Array.from({ length: 40 }, (_, i) =>
      Array.from(encodeRequest({ kind: 'run', linear: 3, shift: 0 }, i)),
    );
    writeSync(
      rude,
      Uint8Array.from([...encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 0), ...runs.flat()]),
    );
    await sleep(300); // 40 x 1000 bytes of results: more than the line holds
    closeSync(rude);
    const device = await Accelerator.open(await openSerial(board.path));
    expect((await device.run(1, 0, [WEIGHTS, VECTOR])).values).toEqual(expectedRun(1, 0));
    await device.close();
  });

  it('does not run while idle', async () => {
    const board = await startBoard();
    const device = await Accelerator.open(await openSerial(board.path));
    const usage = process.resourceUsage().userCPUTime;
    await sleep(100);
    expect(process.resourceUsage().userCPUTime - usage).toBeLessThan(100_000);
    await device.close();
  });

  it('is in use by one program at a time', async () => {
    const board = await startBoard();
    const first = await openSerial(board.path);
    await expect(openSerial(board.path)).rejects.toMatchObject({
      code: 'port-busy',
      message: expect.stringContaining(board.path),
    });
    await first.close();
    await (await openSerial(board.path)).close();
  });

  it('that goes away ends the device, naming the port', async () => {
    const board = await startBoard();
    const device = await Accelerator.open(await openSerial(board.path));
    board.stop();
    await board.exited;
    await expect(device.run(0, 0)).rejects.toMatchObject({
      code: 'disconnected',
      message: expect.stringContaining(board.path),
    });
    await device.close();
  });

  it('ends with the process that started it', async () => {
    const child = spawn(executable, ['--pty', '--follow-stdin'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says why it does not start', async () => {
    await expect(startBoard([], { preload: '/nowhere/file' })).rejects.toThrow('exit code 1 before its port was open');
    await expect(startVirtualBoard('/nowhere/simulator')).rejects.toThrow('ENOENT');
  });
});

describe('openSerial', () => {
  it('explains ports that cannot be opened', async () => {
    await expect(openSerial('/dev/no-such-port')).rejects.toMatchObject({
      code: 'no-such-port',
      message: expect.stringContaining('/dev/no-such-port'),
    });
    await expect(openSerial('/dev/null')).rejects.toMatchObject({ code: 'port-failed' });
  });
});
