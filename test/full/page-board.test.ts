import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeResponse, FrameParser } from '../../firmware/protocol/frames.js';
import { type RawMessage, type Response, readResponse } from '../../firmware/protocol/messages.js';
import { openSerial } from '../../firmware/transport/node/serial.js';
import type { Transport } from '../../firmware/transport/transport.js';
import { buildSimulator, readBuildFolder } from '../../sim/harness/node/simulator.js';
import { startVirtualBoard, type VirtualBoard } from '../../sim/harness/node/virtual-board.js';
import {
  attachBoard,
  Complaints,
  connected,
  eventually,
  type FakePort,
  finished,
  generate,
  launchBrowser,
  loaded,
  PATIENCE_MS,
  startServer,
  textOf,
} from '../support/browser.js';
import { bundled, goldenRun, goldenText, type Prepared, prepare, sdqJson } from '../support/cli.js';
import { chromium, lacks } from '../support/needs.js';
import { examplePath } from '../support/shared.js';
import { tempDirectory } from '../support/temp.js';

const folder = tempDirectory();

describe.skipIf(lacks(chromium))('the page with the virtual board', () => {
  let llama: Prepared;
  let simulator: string;
  let browser: Browser;
  let server: ChildProcess;
  let url: string;
  let board: VirtualBoard;
  let transport: Transport;
  let page: Page;
  const complaints = new Complaints();

  beforeAll(async () => {
    llama = await bundled('tiny-llama');
    simulator = (await buildSimulator(readBuildFolder(llama.build), () => undefined)).executable;
    browser = await launchBrowser();
    ({ server, url } = await startServer([llama.model, '--weights', llama.weights]));
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill('SIGINT');
  });
  afterEach(async () => {
    await page.close();
    await transport.close();
    board.stop();
    await board.exited;
    expect(complaints.all.splice(0)).toEqual([]);
  });

  interface Opening {
    readonly change?: (bytes: Uint8Array) => Uint8Array;
    readonly delayMs?: number;
    readonly at?: string;
    /** The board's simulator. */
    readonly executable?: string;
  }

  /** Opens the page at a new board, and chooses a kind of port. */
  async function open(
    kind: FakePort,
    { change, delayMs = 0, at = url, executable = simulator }: Opening = {},
  ): Promise<void> {
    board = await startVirtualBoard(executable);
    transport = await openSerial(board.path);
    page = await browser.newPage();
    complaints.watch(page, new URL(at).origin);
    await attachBoard(page, delayMs === 0 ? transport : slowed(transport, delayMs), change);
    await page.goto(at);
    await loaded(page);
    await page.check(`input[value="${kind}"]`);
  }

  /** Connects, and waits until it has worked or failed. @returns what the page says */
  async function connect(): Promise<string> {
    await page.click('#connect');
    return connected(page);
  }

  it.each([
    ['serial', 'the serial port of ULX3S, FT231X (0403:6015)'],
    ['usb', 'sdq board (usb:1209:5bf2)'],
  ] as const)('over %s: uploads, writes what sdq run does, and marks every token', async (kind, name) => {
    await open(kind);
    const status = await connect();
    expect(status).toContain(`Connected to ${name}.`);
    expect(status).toMatch(/ KiB sent in .* verified by their checksums\.$/);

    const golden = goldenRun(llama, 'Once upon a time', 12);
    expect(await generate(page, 'Once upon a time', 12)).toBe(golden.text);
    expect(await page.locator('#text .agrees').count()).toBe(12);
    expect(await textOf(page, 'agreement')).toBe('12 of 12 agree');
    const values = (golden.rowsPerToken * (golden.tokens - 1)).toLocaleString('en');
    expect(await textOf(page, 'agreement-note')).toBe(`All ${values} values are equal.`);

    await page.uncheck('#compare');
    expect(await generate(page, 'The', 6)).toBe(goldenRun(llama, 'The', 6).text);
    expect(await page.locator('#text .agrees').count()).toBe(0);
    expect(await textOf(page, 'agreement')).toBe('Not compared');

    await page.click('#disconnect');
    await page.locator('#connect:enabled').waitFor();
    expect(await connect()).toMatch(/ held these weights already: .* verified/);
    await page.click('#disconnect');
    await page.locator('#connect:enabled').waitFor();

    // The very same board, from the command line.
    await transport.close();
    const run = ['run', '--port', board.path, '--model', llama.model, '--weights', llama.weights];
    const again = await sdqJson([...run, '--prompt', 'Once upon a time', '--tokens', '12']);
    expect(again).toMatchObject({ text: golden.text, uploadBytesPerSecond: 0 });
  });

  it('shows how far the upload is, and goes on after it was cancelled', async () => {
    await open('serial', { delayMs: 40 });
    await page.click('#connect');
    const share = () => page.evaluate<number>('document.getElementById("upload-bar").value');
    await eventually(share).toBeGreaterThan(0.1);
    expect(await textOf(page, 'upload-text')).toMatch(/^[\d.]+ KiB of [\d.]+ KiB, \d+ %$/);
    await page.click('#cancel');
    await eventually(() => textOf(page, 'board-error')).toMatch(/^Cancelled\. Connect again/);
    expect(await textOf(page, 'generate-hint')).toBe('Connect a board first.');
    const [, sent, , all] = /([\d.]+) KiB sent in ([\d.]+) s .*, ([\d.]+) KiB verified/.exec(await connect())!;
    expect(Number(sent)).toBeLessThan(0.95 * Number(all));
    expect(await generate(page, 'Once', 3)).toBe(goldenRun(llama, 'Once', 3).text);
  });

  it('runs an OPT, whose tokenizer is several files', async () => {
    const opt = await bundled('tiny-opt');
    const { server: second, url: at } = await startServer([opt.model, '--weights', opt.weights]);
    onTestFinished(() => void second.kill('SIGINT'));
    await open('serial', { at });
    await page.check('input[value="golden"]');
    expect(await page.title()).toBe('tiny-opt · sdq');
    expect(await generate(page, 'Once upon a time', 16)).toBe(goldenRun(opt, 'Once upon a time', 16).text);
  });

  it('runs a board that has the whole decoder', async () => {
    const options = ['--osr', '2', '--uniform', '--placement', 'decoder', '--context', '64'];
    const decoder = await prepare(join(folder, 'decoder'), examplePath('tiny-llama'), options);
    const { executable } = await buildSimulator(readBuildFolder(decoder.build), () => undefined);
    const { server: second, url: at } = await startServer([decoder.model, '--weights', decoder.weights]);
    onTestFinished(() => void second.kill('SIGINT'));
    await open('usb', { at, executable });
    expect(await connect()).toMatch(/ KiB sent in .* verified by their checksums\.$/);
    expect(await generate(page, 'Once upon a time', 12)).toBe(goldenRun(decoder, 'Once upon a time', 12).text);
    expect(await textOf(page, 'agreement')).toBe('12 of 12 agree');

    await page.fill('#temperature', '0.8');
    await page.fill('#seed', '7');
    const drawn = await goldenText(decoder, 'The', 8, { temperature: 0.8, seed: 7 });
    expect(await generate(page, 'The', 8)).toBe(drawn);
    expect(await textOf(page, 'agreement')).toBe('8 of 8 agree');
  });

  it('refuses a board of another plan, with both hashes', async () => {
    const other = await prepare(join(folder, 'other'), examplePath('tiny-llama'), ['--osr', '1', '--uniform']);
    const { server: second, url: at } = await startServer([other.model, '--weights', other.weights]);
    onTestFinished(() => void second.kill('SIGINT'));
    await open('usb', { at });
    const refusal = await connect();
    expect(refusal).toContain(llama.planHash);
    expect(refusal).toContain(other.planHash);
    expect(refusal).toMatch(/ program the bitstream of that plan /);
  });

  it('marks the token in which the board is wrong, and names layer, linear and row', async () => {
    const { change, corrupt } = corruptingResults();
    await open('serial', { change });
    await connect();
    await page.fill('#prompt', 'Once upon a time');
    await page.fill('#tokens', '200');
    await page.click('#generate');
    await eventually(() => page.locator('#text .agrees').count()).toBeGreaterThanOrEqual(3);
    corrupt();
    const wrong = page.locator('#text .differs').first();
    await wrong.waitFor({ timeout: PATIENCE_MS });
    expect(await wrong.getAttribute('title')).toMatch(
      /^Token \d+: they differ at token \d+, layer \d, layers\.\d\.\S+, row 0: golden -?\d+, accelerator -?\d+$/,
    );
    expect(await textOf(page, 'agreement')).toMatch(/^\d+ of \d+ differ$/);
    expect(await textOf(page, 'agreement-note')).toMatch(/^First at token \d+, layer \d, /);
    await page.click('#stop');
    await finished(page);
  });

  it('says so when the board goes away while it writes', async () => {
    await open('serial');
    await connect();
    await page.fill('#prompt', 'Once');
    await page.click('#generate');
    await eventually(() => page.locator('#text span').count()).toBeGreaterThan(1);
    board.stop();
    await finished(page);
    expect(await textOf(page, 'prompt-error')).toMatch(/ has disconnected\. Check cable and power/);
    expect(await textOf(page, 'board-status')).toBe('The board is no longer connected.');
    expect(await textOf(page, 'generate-hint')).toBe('Connect a board first.');
    // Without it the golden model goes on.
    await page.check('input[value="golden"]');
    expect(await generate(page, 'Once', 3)).toBe(goldenRun(llama, 'Once', 3).text);
  });
});

/** A line that takes its time for each write. */
function slowed(transport: Transport, delayMs: number): Transport {
  return {
    name: transport.name,
    start: (listener) => transport.start(listener),
    write: async (bytes) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await transport.write(bytes);
    },
    close: () => transport.close(),
  };
}

/** Changes the first value of the next result, once told to, as a broken board would: with a right checksum. */
function corruptingResults(): { change: (bytes: Uint8Array) => Uint8Array; corrupt: () => void } {
  const parser = new FrameParser();
  let isNext = false;
  const changed = (raw: RawMessage): Response => {
    const response = readResponse(raw);
    if (!isNext || response.kind !== 'result') return response;
    isNext = false;
    const values = response.values.slice();
    values[0]! ^= 1 << 12;
    return { ...response, values };
  };
  return {
    change: (bytes) => {
      const frames = parser
        .push(bytes)
        .flatMap((frame) => (frame.ok ? [...encodeResponse(changed(frame), frame.seq)] : []));
      return Uint8Array.from(frames);
    },
    corrupt: () => {
      isNext = true;
    },
  };
}
