import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { uploadImages } from '../firmware/session/upload.js';
import { openImage } from '../generator/image/node/open-image.js';
import { buildSimulator, readBuildFolder } from '../sim/harness/node/simulator.js';
import { NO_FAULTS } from '../sim/line/faults.js';
import { FaultyLine } from '../sim/line/line.js';
import { SimulatedDevice } from '../sim/line/node/simulated-device.js';
import { inVirtualTime, VirtualClock } from '../sim/line/node/virtual-clock.js';
import {
  bundled,
  goldenRun,
  goldenText,
  jsonOf,
  outcomeOf,
  type Prepared,
  prepare,
  refusalOf,
  sdq,
  sdqJson,
  spawnSdq,
} from './support/cli.js';
import { examplePath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

interface Ran {
  readonly text: string;
  readonly tokensPerSecond: number;
  readonly uploadBytesPerSecond: number;
}

const SLOW = { timeout: 600_000 };
const folder = tempDirectory();
const boards: ChildProcess[] = [];
let llama: Prepared;
let port: string;

/** Starts `sdq board`. @returns the process and the first line that it prints */
function startBoard(...args: string[]): Promise<{ board: ChildProcess; line: string }> {
  return startServer('board', ...args);
}

async function startServer(...args: string[]): Promise<{ board: ChildProcess; line: string }> {
  const board = spawnSdq(args);
  boards.push(board);
  const ended = outcomeOf(board);
  const first = new Promise<string>((resolve) => createInterface(board.stdout!).once('line', resolve));
  const line = await Promise.race([first, ended]);
  if (typeof line !== 'string') throw new Error(`the board has ended: ${line.stderr}`);
  return { board, line };
}

const runArgs = (of: Pick<Prepared, 'model' | 'weights'>, at: string, prompt: string, tokens: number): string[] => [
  ...['run', '--port', at, '--model', of.model, '--weights', of.weights],
  ...['--prompt', prompt, '--tokens', String(tokens)],
];

beforeAll(async () => {
  llama = await bundled('tiny-llama');
  port = (await startBoard(llama.build)).line;
}, SLOW.timeout);

afterAll(() => {
  for (const board of boards) board.kill();
});

describe('sdq run on the virtual board', () => {
  it('uploads and writes what the golden model does', SLOW, async () => {
    expect(port).toMatch(/^\/dev\/\S+$/);
    const result = await sdqJson<Ran>(runArgs(llama, port, 'Once upon', 8));
    expect(result).toMatchObject({ finish: 'tokens', tokens: { length: 8 } });
    expect(result.text).toBe(goldenRun(llama, 'Once upon', 8).text);
    expect(result.tokensPerSecond).toBeGreaterThan(0);
    expect(result.uploadBytesPerSecond).toBeGreaterThan(0);
  });

  it('takes the image that the board holds already, and streams the text', SLOW, async () => {
    const again = await sdq([...runArgs(llama, port, 'The', 6), '--json']);
    expect(jsonOf<Ran>(again)).toMatchObject({ text: goldenRun(llama, 'The', 6).text, uploadBytesPerSecond: 0 });
    expect(again.stderr).toContain('holds these weights already');
    const streamed = await sdq(runArgs(llama, port, 'The', 3));
    expect(streamed.stdout.trimEnd()).toBe(goldenRun(llama, 'The', 3).text);
  });

  it('draws tokens as the golden model does', SLOW, async () => {
    const sampling = { temperature: 0.9, topP: 0.95, topK: 40, seed: 7 };
    const options = ['--temperature', '0.9', '--top-p', '0.95', '--top-k', '40', '--seed', '7'];
    const { text } = await sdqJson<Ran>([...runArgs(llama, port, 'Once upon', 8), ...options]);
    expect(text).toBe(await goldenText(llama, 'Once upon', 8, sampling));
    expect(text).not.toBe(goldenRun(llama, 'Once upon', 8).text);
  });

  it('ends on Ctrl-C, and leaves the board to the next one', SLOW, async () => {
    const child = spawnSdq(runArgs(llama, port, 'Once upon', 200));
    const ended = outcomeOf(child);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stdout).toMatch(/\n$/);
    expect(stderr).toMatch(/sdq: interrupted\n$/);
    expect((await sdqJson<Ran>(runArgs(llama, port, 'The', 2))).text).toBe(goldenRun(llama, 'The', 2).text);
  });

  it('is refused with options that say nothing without a temperature', SLOW, async () => {
    expect(refusalOf(await sdq([...runArgs(llama, port, '', 1), '--seed', '1']))).toContain('--temperature');
  });

  it('is refused with weights of another plan, with both hashes', SLOW, async () => {
    const other = await prepare(join(folder, 'other'), examplePath('tiny-llama'), ['--osr', '1', '--uniform']);
    const refusal = refusalOf(await sdq(runArgs(other, port, '', 1)));
    expect(refusal).toContain(llama.planHash);
    expect(refusal).toContain(other.planHash);
    // The refusal has not disturbed the board.
    expect((await sdqJson<Ran>(runArgs(llama, port, '', 1))).uploadBytesPerSecond).toBe(0);
  });
});

describe('a board over TCP', () => {
  it('is served by sdq board, beside its port', SLOW, async () => {
    const { line } = await startBoard(llama.build, '--weights', llama.weights, '--listen', '0', '--json');
    const { port: path, listen } = JSON.parse(line) as { port: string; listen: string };
    expect(path).toMatch(/^\/dev\//);
    expect(listen).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    const result = await sdqJson<Ran>(runArgs(llama, listen, 'The', 3));
    expect(result).toMatchObject({ text: goldenRun(llama, 'The', 3).text, uploadBytesPerSecond: 0 });
  });

  it('is served by sdq bridge', SLOW, async () => {
    const { board: bridge, line } = await startServer('bridge', '--port', port, '--listen', '0');
    const result = await sdqJson<Ran>(runArgs(llama, line, '', 1));
    expect(result.text).toBe(goldenRun(llama, '', 1).text);
    const ended = new Promise((resolve) => bridge.once('close', resolve));
    bridge.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(refusalOf(await sdq(runArgs(llama, line, '', 1)))).toContain(`Nobody listens at ${line}.`);
  });
});

describe('a silent port', () => {
  it('is waited for, which is said, until Ctrl-C', SLOW, async () => {
    const server = createServer((socket) => socket.resume());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const silent = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = spawnSdq(runArgs(llama, silent, '', 1));
    const ended = outcomeOf(child);
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    server.close();
    expect(stderr).toContain(`Waiting for an answer from ${silent}`);
    expect(code).toBe(130);
  });
});

describe('an upload to the simulated accelerator', () => {
  it('fills a line of 3 Mbaud, and sends nothing but CRCs the second time', SLOW, async () => {
    const build = readBuildFolder(llama.build);
    const device = new SimulatedDevice((await buildSimulator(build, () => undefined)).executable, 100_000_000);
    const clock = new VirtualClock();
    const line = new FaultyLine(inVirtualTime(device, clock), { ...NO_FAULTS, baud: 3_000_000, batchMs: 16 }, clock);
    const images = uploadImages(build.plan, openImage(llama.weights));
    const both = async (): Promise<void> => {
      const accelerator = await Accelerator.open(line, { planHash: llama.planHash });
      const started = clock.now();
      const { totalBytes } = await accelerator.upload(images);
      expect(totalBytes / ((clock.now() - started) / 1000) / 300_000).toBeGreaterThanOrEqual(0.9);

      const before = { ...line.carried };
      expect(await accelerator.upload(images)).toMatchObject({ sentBytes: 0 });
      // A CHECK of 16 bytes for each 8 KiB or part of an image, and its answer of 12.
      const pieces = images.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 8192), 0);
      expect(line.carried.toDevice - before.toDevice).toBeLessThanOrEqual(16 * pieces);
      expect(line.carried.toHost - before.toHost).toBeLessThanOrEqual(12 * pieces);
    };
    try {
      await clock.run(both(), 600_000);
    } finally {
      await device.close();
    }
  });
});

describe('sdq board', () => {
  it('has a line with faults, over which the same text comes', SLOW, async () => {
    const faults = ['--baud', '3000000', '--faults', 'flip=1e-5,drop=1e-5,duplicate=1e-5,batch-ms=16,seed=4'];
    const { board, line } = await startBoard(llama.build, ...faults);
    const result = await sdqJson<Ran>([...runArgs(llama, line, '', 1), '--baud', '3000000']);
    expect(result.text).toBe(goldenRun(llama, '', 1).text);
    expect(result.uploadBytesPerSecond).toBeLessThan(300_000);
    board.kill();
    expect(refusalOf(await sdq(['board', llama.build, '--faults', 'noise=1']))).toContain("there is no fault 'noise'");
  });

  it('starts with weights, ends on a signal, and its end is an error of sdq run', SLOW, async () => {
    const { board, line } = await startBoard(llama.build, '--weights', llama.weights, '--json');
    const preloaded = (JSON.parse(line) as { port: string }).port;
    const boardEnds = new Promise((resolve) => board.once('close', (code) => resolve(code)));
    const child = spawnSdq(runArgs(llama, preloaded, 'Once upon', 200));
    const ended = outcomeOf(child);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    board.kill('SIGTERM');
    expect(await boardEnds).toBe(0);
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('holds these weights already');
    expect(stderr).toMatch(/sdq: The device at \S+ has disconnected\. .*\n$/);
  });
});
