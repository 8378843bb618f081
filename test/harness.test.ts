import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { encodeRequest } from '../firmware/protocol/frames.js';
import { PROTOCOL_VERSION } from '../firmware/protocol/messages.js';
import { DeviceError } from '../firmware/transport/errors.js';
import { type HarnessTransport, spawnHarness } from '../sim/harness/node/harness.js';
import { compileFixture, FakeEngine, HARNESS } from './rtl/link/fixture.js';
import { toHex } from './rtl/link/golden.js';

let executable: string;
beforeAll(async () => {
  executable = await compileFixture(HARNESS);
});

const VECTOR = { address: 0x2000_0000, bytes: Uint8Array.from({ length: 16 }, (_, i) => i * 17) };

const hello = encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 5);

/** Bytes before those of an answer: length, cycles, beats, stalls. */
const HEADER = 28;

/** A chunk of the lock-step mode. */
function chunk(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length, true);
  framed.set(bytes, 4);
  return framed;
}

function collected(harness: HarnessTransport): { bytes: number[]; closed: Promise<DeviceError | null> } {
  const bytes: number[] = [];
  const closed = new Promise<DeviceError | null>((resolve) =>
    harness.start({ data: (piece) => bytes.push(...piece), closed: resolve }),
  );
  return { bytes, closed };
}

describe('the harness in lock-step mode', () => {
  it('runs a device, with the same cycles every time', async () => {
    const session = async (timeoutMs: number) => {
      const harness = spawnHarness(executable);
      const device = await Accelerator.open(harness, { timeoutMs });
      const images = [VECTOR, { address: 0, bytes: new Uint8Array(4096).map((_, i) => (i % 8 < 5 ? i : 0)) }];
      await device.upload(images);
      const cycles = [harness.cycles];
      const values: number[][] = [];
      for (const linear of [0, 1, 2, 3]) {
        values.push(Array.from((await device.run(linear, -linear, [VECTOR])).values));
        cycles.push(harness.cycles);
      }
      await device.close();
      return { cycles, values };
    };
    const first = await session(1000);
    const engine = new FakeEngine();
    engine.write(VECTOR.address, VECTOR.bytes);
    engine.memory[0]!.forEach((_, i, memory) => {
      memory[i] = i % 8 < 5 ? i : 0;
    });
    expect(first.values).toEqual([0, 1, 2, 3].map((linear) => Array.from(engine.run(linear, -linear).values)));
    expect(await session(1000)).toEqual(first);
    // Nothing is lost on the way: time does not matter.
    expect(await session(0)).toEqual(first);
  });

  it('uploads at close to a byte per cycle', async () => {
    const harness = spawnHarness(executable);
    const device = await Accelerator.open(harness);
    const before = harness.cycles;
    const bytes = new Uint8Array(4096).map((_, i) => (i % 8 < 5 ? i + 1 : 0));
    await device.upload([{ address: 0, bytes }]);
    // CHECK, WRITE, CHECK: a cycle each per byte, and a few cycles per frame and turn.
    const perByte = (harness.cycles - before) / bytes.length;
    expect(perByte).toBeLessThan(3.5);
    await device.close();
  });

  it('answers each chunk as a whole, also over the pipe by hand', () => {
    const input = Uint8Array.of(...chunk(hello), ...chunk(new Uint8Array(0)), ...chunk(hello));
    const { stdout, status } = spawnSync(executable, ['--pipe', '--nonce', '0x12345678'], { input });
    expect(status).toBe(0);
    const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.length);
    const length = view.getUint32(0, true);
    expect(toHex(new Uint8Array(stdout.subarray(HEADER, HEADER + length)))).toContain('78563412');
    expect(view.getUint32(HEADER + length, true)).toBe(0);
    expect(view.getBigUint64(HEADER + length + 4, true)).toBe(view.getBigUint64(4, true) + 16n);
    expect(stdout.length).toBe(3 * HEADER + 2 * length);
  });

  it('ends when the accelerator stays busy, and says so', async () => {
    const harness = spawnHarness(executable, { maxCycles: 220 });
    const { closed } = collected(harness);
    await harness.write(hello);
    await harness.write(encodeRequest({ kind: 'run', linear: 3, shift: 0 }, 0));
    const error = await closed;
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ code: 'disconnected' });
    expect(error?.message).toMatch(/exit code 3: .*still busy after 220 cycles \(\d+ of 11 bytes not taken\)/);
    await expect(harness.write(Uint8Array.of(0))).rejects.toBe(error);
  });

  it('reports an executable that is missing, and one that ends', async () => {
    const missing = collected(spawnHarness('/nowhere/simulator'));
    expect((await missing.closed)?.message).toMatch(/could not be started.*ENOENT/);
    const ending = collected(spawnHarness('/bin/false'));
    expect((await ending.closed)?.message).toContain('exit code 1');
    await expect(Accelerator.open(spawnHarness('/bin/false'))).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('closes without an error, and refuses writes then', async () => {
    const harness = spawnHarness(executable);
    const { closed } = collected(harness);
    await harness.close();
    expect(await closed).toBeNull();
    await expect(harness.write(Uint8Array.of(0))).rejects.toMatchObject({ code: 'closed' });
    await harness.close();
  });

  it('refuses wrong arguments', () => {
    for (const args of [
      [],
      ['--pipe', '--pty'],
      ['--pipe', '--max-cycles', 'many'],
      ['--pipe', '--nonce'],
      ['--fast'],
    ]) {
      const { status, stderr, stdout } = spawnSync(executable, args, { encoding: 'utf8' });
      expect(status, args.join(' ')).toBe(2);
      expect(stderr).toMatch(/^sdq-simulator: .*\n$/);
      expect(stdout).toBe('');
    }
    const { status, stderr } = spawnSync(executable, ['--pipe', '--preload', '/nowhere/file'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'sdq-simulator: /nowhere/file: No such file or directory\n',
    });
  });
});
