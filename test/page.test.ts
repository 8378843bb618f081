import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Info, PROTOCOL_VERSION, REGION_COUNT } from '../firmware/protocol/messages.js';
import { Responder } from '../firmware/protocol/responder.js';
import { exportSite, pageSite } from '../firmware/serve/node/site.js';
import { GoldenModel } from '../firmware/session/golden-model.js';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { type ByteDevice, InProcessTransport } from '../firmware/transport/in-process.js';
import { chooseFiles } from '../firmware/web/choose-files.js';
import { openImage } from '../generator/image/node/open-image.js';
import { planHash } from '../generator/plan/hash.js';
import type { Plan } from '../generator/plan/types.js';
import {
  attachBoard,
  Complaints,
  connected,
  eventually,
  finished,
  generate,
  launchBrowser,
  loaded,
  startServer,
  textOf,
} from './support/browser.js';
import { bundled, goldenRun, type Prepared } from './support/cli.js';
import { chromium, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const PHONE = { width: 360, height: 740 };
const folder = tempDirectory();

describe('the files that are read', () => {
  const names = (files: readonly (readonly [string, number])[]) => {
    const chosen = chooseFiles(files.map(([name, size]) => new File([new Uint8Array(size)], name)));
    return {
      weights: chosen.weights?.name ?? null,
      tokenizer: chosen.tokenizer.map(({ name }) => name),
      config: chosen.config?.name ?? null,
      advice: chosen.advice,
    };
  };

  it('of a Hugging Face folder', () => {
    const folder = [
      ['config.json', 1],
      ['model.safetensors', 9],
      ['tokenizer_config.json', 1],
      ['w.SDQ', 1],
    ] as const;
    const rest = { weights: 'w.SDQ', config: 'config.json', advice: null };
    expect(names([...folder, ['tokenizer.json', 1]])).toEqual({ ...rest, tokenizer: ['tokenizer.json'] });
    expect(names([...folder, ['merges.txt', 1], ['vocab.json', 1]])).toEqual({
      ...rest,
      tokenizer: ['vocab.json', 'merges.txt', 'tokenizer_config.json'],
    });
  });

  it('of llama2.c: the tokenizer is the smaller .bin', () => {
    expect(
      names([
        ['stories.bin', 99],
        ['tok512.bin', 9],
      ]),
    ).toMatchObject({ weights: null, tokenizer: ['tok512.bin'] });
    expect(names([['stories.bin', (1 << 24) + 1]])).toMatchObject({ tokenizer: [], advice: null });
  });

  it('of what is no tokenizer yet: advice', () => {
    expect(names([['tokenizer.model', 1]]).advice).toMatch(/let transformers write a tokenizer\.json/);
    expect(names([['vocab.json', 1]]).advice).toMatch(/wants the merges\.txt/);
  });
});

describe.skipIf(lacks(chromium))('the page with the golden model', () => {
  let llama: Prepared;
  let browser: Browser;
  let server: ChildProcess;
  let url: string;
  const complaints = new Complaints();

  beforeAll(async () => {
    llama = await bundled('tiny-llama');
    browser = await launchBrowser();
    ({ server, url } = await startServer([llama.model, '--weights', llama.weights]));
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill('SIGINT');
  });

  const open = async (options: Parameters<Browser['newPage']>[0] = {}, at = url): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    complaints.watch(page, new URL(at).origin);
    await page.goto(at);
    return page;
  };

  it('has the served model, its plan’s heat map, and writes what the golden model does', async () => {
    const page = await open();
    expect(await loaded(page)).toBe('tiny-llama is loaded.');
    const cells = await page.locator('#map td').allTextContents();
    expect(cells).toEqual(openImage(llama.weights).plan.linears.map(({ osr }) => osr.toFixed(2)));

    const golden = goldenRun(llama, 'Once upon a time', 24);
    expect(await generate(page, 'Once upon a time', 24)).toBe(golden.text);
    expect(await textOf(page, 'given')).toBe('Once upon a time');
    expect(await textOf(page, 'token-count')).toBe('24');
    expect(Number(await textOf(page, 'token-rate'))).toBeGreaterThan(0);
    expect(await textOf(page, 'prompt-status')).toBe('Done: 24 tokens.');
    await page.close();
  });

  it('samples as scripts do, and says what is wrong with a prompt', async () => {
    const page = await open();
    await loaded(page);
    await page.fill('#temperature', '0.8');
    await page.fill('#top-p', '0.9');
    await page.fill('#seed', '7');
    const text = await generate(page, 'The', 20);
    const session = new GoldenModel(openImage(llama.weights)).session({
      ...{ tokenizer: loadTokenizer(llama.model), prompt: 'The' },
      ...{ maxTokens: 20, temperature: 0.8, topP: 0.9, seed: 7 },
    });
    let wanted = '';
    for await (const token of session) wanted += token.text;
    expect(text).toBe(wanted);
    expect(text).not.toBe(goldenRun(llama, 'The', 20).text);

    await generate(page, 'word '.repeat(300), 1);
    expect(await textOf(page, 'prompt-error')).toMatch(/^The prompt is \d+ tokens long, but the context holds 256\.$/);
    await page.close();
  });

  it('works by keyboard alone, and stops', async () => {
    const page = await open();
    await loaded(page);
    const focused = (): Promise<string> => page.evaluate('document.activeElement.id || document.activeElement.value');
    const order: string[] = [];
    for (let i = 0; i < 14 && order.at(-1) !== 'generate'; i++) {
      await page.keyboard.press('Tab');
      order.push(await focused());
      // What has the focus can be seen to have it.
      const outline = 'getComputedStyle(document.activeElement).outlineStyle';
      expect(await page.evaluate(outline), order.at(-1)).not.toBe('none');
    }
    expect(order.filter((id) => id !== '')).toEqual(
      expect.arrayContaining(['choose-files', 'choose-folder', 'golden', 'prompt', 'tokens', 'seed', 'generate']),
    );
    await page.focus('#prompt');
    await page.keyboard.type('Once upon');
    await page.keyboard.press('Control+Enter');
    await eventually(() => textOf(page, 'token-count')).not.toBe('0');
    expect(await focused()).toBe('stop');
    await page.keyboard.press('Escape');
    await finished(page);
    expect(await textOf(page, 'prompt-status')).toMatch(/^Stopped after \d+ tokens\.$/);
    const tokens = Number(await textOf(page, 'token-count'));
    expect(tokens).toBeLessThan(128);
    expect(await page.locator('#text').textContent()).toBe(goldenRun(llama, 'Once upon', tokens).text);
    expect(await focused()).toBe('generate');

    await page.locator('#map td').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    expect(await textOf(page, 'readout')).toMatch(/^layers\.1\.mlp\.down_proj /);
    await page.close();
  });

  /** Opens the page with a board at its ports, and connects it. @returns what the page says */
  const connect = async (page: Page, kind: string, device: ByteDevice): Promise<string> => {
    await attachBoard(page, new InProcessTransport(device));
    await page.reload();
    await loaded(page);
    await page.check(`input[value="${kind}"]`);
    await page.click('#connect');
    return connected(page);
  };

  it.each(['serial', 'usb'])('uploads over %s to a board of the plan, and only to such a one', async (kind) => {
    const { plan } = openImage(llama.weights);
    const page = await open();
    expect(await connect(page, kind, memoryOf(plan))).toMatch(/^Connected to .* KiB sent in .*, [\d.]+ KiB verified/);
    expect(await page.isEnabled('#generate')).toBe(true);
    await page.close();

    const other = await open();
    const refusal = await connect(other, kind, memoryOf({ ...plan, generator: 'another' }));
    expect(refusal).toMatch(
      /^The device at .* was built for plan [0-9a-f]{64}, the weights belong to plan [0-9a-f]{64}\./,
    );
    expect(refusal).toContain(llama.planHash);
    expect(await textOf(other, 'generate-hint')).toBe('Connect a board first.');
    await other.close();
  });

  it('can be kept from waiting for a silent board', async () => {
    const page = await open();
    const answer = connect(page, 'serial', { receive: () => new Uint8Array() });
    await eventually(() => textOf(page, 'board-status')).toMatch(
      /^Waiting for an answer from the serial port of ULX3S/,
    );
    await page.keyboard.press('Enter');
    expect(await answer).toBe('Cancelled. Connect again: an upload goes on where it stopped.');
    expect(await page.evaluate('document.activeElement.id')).toBe('connect');
    await page.close();
  });

  it('offers only the ports that the browser has, with the reason for the rest', async () => {
    const page = await open();
    expect(await page.isEnabled('input[value="serial"]')).toBe(true);
    await page.addInitScript(
      "for (const name of ['serial', 'usb']) Object.defineProperty(navigator, name, { value: undefined })",
    );
    await page.reload();
    for (const [value, name] of [
      ['serial', 'Web Serial'],
      ['usb', 'WebUSB'],
    ]) {
      expect(await page.isDisabled(`input[value="${value}"]`)).toBe(true);
      expect(await textOf(page, `${value}-note`)).toBe(
        `This browser has no ${name}. Chrome, Edge and Opera on a computer have it.`,
      );
    }
    await page.close();
  });

  it('takes files as they come, by choice or dropped, and says what is missing or wrong', async () => {
    const page = await open({}, `${await bare()}/some/where/`);
    await eventually(() => textOf(page, 'generate-hint')).toBe('Load a model first.');
    expect(await page.isDisabled('#generate')).toBe(true);
    const choose = (...files: { name: string; mimeType: string; buffer: Buffer }[]) =>
      page.setInputFiles('#files', files);
    const file = (name: string, buffer: Buffer) => ({ name, mimeType: '', buffer });
    const weights = readFileSync(llama.weights);

    await choose(file('notes.txt', Buffer.from('x')));
    expect(await textOf(page, 'model-error')).toMatch(/^Neither weights nor a tokenizer: notes\.txt\. Drop/);
    await choose(file('weights.sdq', weights));
    expect(await textOf(page, 'model-status')).toMatch(/^weights\.sdq is here\. Now the tokenizer/);
    await choose(file('merges.txt', Buffer.from('')));
    expect(await textOf(page, 'model-error')).toMatch(/wants the vocab\.json/);
    await choose(file('tokenizer.json', Buffer.from('{')));
    expect(await loaded(page)).toMatch(/^tokenizer\.json/);

    const tokenizer = readFileSync(join(llama.model, 'tokenizer.json'));
    const damaged = Buffer.from(weights);
    damaged[damaged.length - 1]! ^= 1;
    await choose(file('tokenizer.json', tokenizer), file('weights.sdq', damaged.subarray(0, -9)));
    await eventually(() => textOf(page, 'model-error')).toMatch(/^weights\.sdq is truncated: it has \d+ bytes/);
    await choose(file('tokenizer.json', tokenizer), file('weights.sdq', damaged));
    await eventually(() => textOf(page, 'model-status')).toBe('tiny-llama is loaded.');
    await generate(page, 'x', 1);
    expect(await textOf(page, 'prompt-error')).toMatch(/weights\.sdq is damaged: .*; quantize the model again\.$/);

    const dropped = await page.evaluateHandle(
      ([text, name]) => {
        const { DataTransfer, File } = globalThis as unknown as {
          DataTransfer: new () => { items: { add(file: unknown): void } };
          File: new (parts: string[], name: string) => unknown;
        };
        const data = new DataTransfer();
        data.items.add(new File([text!], name!));
        return data;
      },
      [
        readFileSync(join(llama.model, 'config.json'), 'utf8').replace(
          /"num_hidden_layers": *\d+/,
          '"num_hidden_layers": 9',
        ),
        'config.json',
      ],
    );
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: dropped });
    await eventually(() => textOf(page, 'model-error')).toMatch(
      /is for another model: its "layers" is 4, but that of config\.json is 9\.$/,
    );
    await choose(file('tokenizer.json', tokenizer), file('weights.sdq', weights));
    await eventually(() => textOf(page, 'model-status')).toBe('tiny-llama is loaded.');
    // From a static host, below a path, without any header.
    expect(await generate(page, 'Once', 8)).toBe(goldenRun(llama, 'Once', 8).text);
    await page.close();
  });

  /** A static host that knows nothing of the page: the exported folder below a path. */
  async function bare(): Promise<string> {
    const out = join(folder, 'public');
    exportSite(pageSite({ weights: null, tokenizer: [], config: null }), out);
    const types: Record<string, string> = {
      '.html': 'text/html',
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.svg': 'image/svg+xml',
    };
    const host = createServer((request, response) => {
      const name = request.url!.replace('/some/where/', '') || 'index.html';
      response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
      response.end(readFileSync(join(out, name)));
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    host.unref();
    return `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  }

  it.each(['light', 'dark'] as const)('is readable in %s, on a desk and on a phone', async (colorScheme) => {
    for (const viewport of [PHONE, { width: 1280, height: 800 }]) {
      const page = await open({ colorScheme, viewport });
      await loaded(page);
      await generate(page, `A${'very-'.repeat(60)}long word`, 2);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(viewport.width);
      const { dark, least } = (await page.evaluate(CONTRAST)) as { dark: boolean; least: [number, string] };
      expect(dark).toBe(colorScheme === 'dark');
      expect(least[0], least[1]).toBeGreaterThan(4.5);
      await page.close();
    }
  });

  it('would be seen to break its policy, to overflow, and to be unreadable', async () => {
    const page = await browser.newPage({ viewport: PHONE });
    const seen = new Complaints();
    // Without the server's header: the policy stands in the page.
    const address = `${await bare()}/some/where/`;
    seen.watch(page, new URL(address).origin);
    await page.goto(address);
    await page.evaluate(`(async () => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.hasRun = true';
      document.body.append(script);
      await fetch('https://example.invalid/').catch(() => {});
      const wide = document.createElement('p');
      wide.textContent = 'wide';
      wide.style.width = '400px';
      wide.style.color = getComputedStyle(document.body).backgroundColor;
      document.body.append(wide);
    })()`);
    expect(await page.evaluate('globalThis.hasRun')).toBeUndefined();
    expect(seen.all.filter((text) => text.includes('Content Security Policy')).length).toBeGreaterThanOrEqual(2);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeGreaterThan(PHONE.width);
    const { least } = (await page.evaluate(CONTRAST)) as { least: [number, string] };
    expect(least).toEqual([1, expect.stringContaining('wide')]);
    await page.close();
  });

  it('has not complained, nor asked for anything from elsewhere', () => expect(complaints.all).toEqual([]));
});

/** A board's memory behind the protocol, without an engine. */
function memoryOf(plan: Plan): Responder {
  const regions = (['weights', 'scales', 'activations', 'blocks'] as const).map((name) => plan.memory[name]);
  const memory = regions.map(({ stride, words }) => new Uint8Array(stride * words));
  const at = (address: number) => {
    const index = regions.findIndex(({ base, stride, words }) => address >= base && address < base + stride * words);
    return { bytes: memory[index]!, offset: address - regions[index]!.base };
  };
  const info: Info = {
    ...{ kind: 'info', version: PROTOCOL_VERSION, regionCount: REGION_COUNT, maxBody: 1024, rxBytes: 4096 },
    ...{ clockHz: 25_000_000, linears: plan.linears.length, regions, vocab: 0, context: 0, bootNonce: 1 },
    planHash: Uint8Array.from(Buffer.from(planHash(plan), 'hex')),
  };
  return new Responder(info, {
    write: (address, data) => at(address).bytes.set(data, at(address).offset),
    read: (address, length) => at(address).bytes.slice(at(address).offset, at(address).offset + length),
    run: () => {
      throw new Error('This board has no engine.');
    },
  });
}

/** Least contrast (WCAG 2) of the page's texts with what is behind them, disabled controls excepted; where it is. */
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (values) => {
    const [r, g, b] = values.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  let least = [99, ''];
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!hasText || element.closest(':disabled, script, .unseen') || !element.checkVisibility()) continue;
    const pair = [rgb(getComputedStyle(element).color), behind(element)].map((c) => luminance(c.slice(0, 3)));
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < least[0]) least = [ratio, element.outerHTML.slice(0, 80)];
  }
  return { dark: luminance(behind(document.body).slice(0, 3)) < 0.2, least };
})()`;
