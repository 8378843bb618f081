/** The web page in a real browser: a server, a page whose complaints are kept, and a board at its ports. */

import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { expect } from 'vitest';
import type { Transport } from '../../firmware/transport/transport.js';
import { findTool } from '../../generator/cli/find-tool.js';
import { ROOT, spawnSdq } from './cli.js';
import { CHROMIUM_NAMES } from './needs.js';

export async function launchBrowser(): Promise<Browser> {
  const executablePath = CHROMIUM_NAMES.map(findTool).find((path) => path !== null)!;
  // Chromium's sandbox is not for root, which tests in containers run as.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** Starts `sdq serve`. @returns the process and the page's address */
export async function startServer(args: readonly string[]): Promise<{ server: ChildProcess; url: string }> {
  const server = spawnSdq(['serve', '--port', '0', ...args]);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(server.stdout!).once('line', resolve);
    let said = '';
    server.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    server.once('close', () => reject(new Error(`sdq serve has ended: ${said}`)));
  });
  return { server, url };
}

/** What a page must not do: complain on its console, throw, ask for something from elsewhere or in vain. */
export class Complaints {
  readonly all: string[] = [];

  watch(page: Page, origin: string): void {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.all.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.all.push(`thrown: ${error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(origin)) this.all.push(`asked for ${request.url()}`);
    });
    page.on('response', (response) => {
      if (!response.ok()) this.all.push(`${response.status()} for ${response.url()}`);
    });
  }
}

/** The text of one of the page's elements. */
export async function textOf(page: Page, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent())!.trim();
}

/** How long to wait for anything: a simulated board's bytes pass through three processes, and the machine may be busy. */
export const PATIENCE_MS = 120_000;

/** For what becomes true at some time. */
export function eventually<T>(read: () => Promise<T>): ReturnType<typeof expect.poll> {
  return expect.poll(read, { timeout: PATIENCE_MS, interval: 20 });
}

/** Waits until the model is loaded, or refused. @returns what the page says */
export async function loaded(page: Page): Promise<string> {
  await page.locator('#model-facts:visible, #model-error:not(:empty)').waitFor({ timeout: PATIENCE_MS });
  return (await textOf(page, 'model-error')) || (await textOf(page, 'model-status'));
}

/** Waits until a board is connected, or refused. @returns what the page says */
export async function connected(page: Page): Promise<string> {
  await page.locator('#disconnect:enabled:visible, #board-error:not(:empty)').waitFor({ timeout: PATIENCE_MS });
  return (await textOf(page, 'board-error')) || (await textOf(page, 'board-status'));
}

/** Waits for the end of a run, whichever. */
export async function finished(page: Page): Promise<void> {
  await page.locator('#answer[aria-busy="false"]').waitFor({ timeout: PATIENCE_MS });
}

/** Types a prompt and generates, by pointer. @returns the generated text */
export async function generate(page: Page, prompt: string, tokens: number): Promise<string> {
  await page.fill('#prompt', prompt);
  await page.fill('#tokens', String(tokens));
  await page.click('#generate');
  await finished(page);
  return (await page.locator('#text').textContent())!;
}

/** A kind of port that the page is given in place of the browser's. */
export type FakePort = 'serial' | 'usb';

/**
 * Puts a board at the page's ports: bytes go through the browser's connection to this process.
 * @param transport of the board; it stays open when the page closes its port
 * @param change what is done to the bytes that the board sends
 */
export async function attachBoard(
  page: Page,
  transport: Transport,
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Promise<void> {
  await page.exposeFunction('boardWrite', (bytes: number[]) => transport.write(Uint8Array.from(bytes)));
  transport.start({
    data: (bytes) => void page.evaluate(`boardSends(${JSON.stringify([...change(bytes)])})`).catch(() => undefined),
    closed: () => void page.evaluate('boardVanishes()').catch(() => undefined),
  });
  await page.addInitScript({ content: await browserScript('page-ports.ts') });
}

/** A file of this folder and what it imports, for a browser. */
async function browserScript(name: string): Promise<string> {
  const bundle = await rolldown({
    input: join(ROOT, 'test/support', name),
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts'] } },
  });
  const { output } = await bundle.generate({ format: 'iife' });
  await bundle.close();
  return output[0].code;
}
