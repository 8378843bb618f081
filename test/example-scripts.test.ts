import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  bundled,
  goldenRun,
  goldenText,
  type Outcome,
  outcomeOf,
  type Prepared,
  ROOT,
  spawnSdq,
} from './support/cli.js';

const SLOW = { timeout: 600_000 };
const SCRIPTS = join(ROOT, 'examples/scripts');
let llama: Prepared;
let board: ChildProcess;
let port: string;
let address: string;

function script(name: string, ...args: string[]): Promise<Outcome> {
  const command = [join(SCRIPTS, name), ...args];
  return outcomeOf(spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] }));
}

beforeAll(async () => {
  llama = await bundled('tiny-llama');
  board = spawnSdq(['board', llama.build, '--listen', '0', '--json']);
  const line = await new Promise<string>((resolve) => createInterface(board.stdout!).once('line', resolve));
  ({ port, listen: address } = JSON.parse(line) as { port: string; listen: string });
}, SLOW.timeout);

afterAll(() => void board.kill());

it('each says how it is called, and is shown in the documentation', () => {
  const guide = readFileSync(join(ROOT, 'docs/device-api.md'), 'utf8');
  const names = readdirSync(SCRIPTS);
  expect(names).toEqual(['cancel.mjs', 'generate.mjs', 'golden.mjs', 'remote.mjs']);
  for (const name of names) {
    expect(readFileSync(join(SCRIPTS, name), 'utf8')).toContain(`//   node ${name} `);
    expect(guide).toContain(`(../examples/scripts/${name})`);
  }
});

it('the documentation has every code of an error', () => {
  const guide = readFileSync(join(ROOT, 'docs/device-api.md'), 'utf8');
  const source = readFileSync(join(ROOT, 'firmware/transport/errors.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code]) => code);
  expect(codes).toContain('no-answer');
  for (const code of codes) expect(guide).toContain(`\`${code}\``);
});

it('golden.mjs writes what the golden model does', SLOW, async () => {
  const { code, stdout, stderr } = await script('golden.mjs', llama.model, llama.weights, 'Once upon');
  expect(code, stderr).toBe(0);
  expect(stdout).toBe(goldenRun(llama, 'Once upon', 16).text);
});

it('cancel.mjs ends in time, and generate.mjs does the rest on the same board', SLOW, async () => {
  const cancelled = await script('cancel.mjs', port, llama.model, llama.weights, '300');
  expect(cancelled.code, cancelled.stderr).toBe(0);
  expect(cancelled.stderr).toMatch(/cancelled after \d+ tokens\n$/);
  const { code, stdout, stderr } = await script('generate.mjs', port, llama.model, llama.weights, 'Once upon');
  expect(code, stderr).toBe(0);
  expect(stdout).toBe(goldenRun(llama, 'Once upon', 16).text);
  const [, done, total] = /(\d+) of (\d+) bytes\n$/.exec(stderr)!;
  expect(done).toBe(total);
});

it('generate.mjs says what to do about an error', SLOW, async () => {
  const { code, stdout, stderr } = await script('generate.mjs', '/dev/absent', llama.model, llama.weights);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^no-such-port: There is no port \/dev\/absent\. .+\n$/);
});

it('remote.mjs draws tokens over TCP, and finds that all values agree', SLOW, async () => {
  const { code, stdout, stderr } = await script('remote.mjs', address, llama.model, llama.weights, 'Once', '7');
  expect(code, stderr).toBe(0);
  expect(stdout).toBe(await goldenText(llama, 'Once', 16, { temperature: 0.8, topP: 0.95, seed: 7 }));
  const [, agreeing, compared] = /(\d+) of (\d+) values agree\n$/.exec(stderr)!;
  expect(agreeing).toBe(compared);
  expect(Number(compared)).toBeGreaterThan(0);
});
