import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Case,
  listing,
  outcomeOf,
  type Prepared,
  prepare,
  refusalOf,
  refusals,
  sdq,
  sdqJson,
  spawnSdq,
  writeSmallModel,
} from './support/cli.js';
import { fullDevice, lacks } from './support/needs.js';
import { examplePath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

const folder = tempDirectory();
const file = (name: string): string => join(folder, name);

let small: Prepared;
let other: Prepared;

beforeAll(async () => {
  const model = writeSmallModel(file('small'));
  small = await prepare(folder, model, ['--osr', '2']);
  symlinkSync('/dev/null', file('link'));
  other = await prepare(file('other'), model, ['--osr', '1.5']);
});

const quantize = (...args: string[]): string[] => ['quantize', 'small', '--plan', 'plan.json', ...args];
const simulate = (...args: string[]): string[] => [
  ...['simulate', 'build', '--model', 'small', '--weights', 'weights.sdq'],
  ...args,
];

const OUTPUTS: readonly Case[] = [
  {
    what: 'a plan in no folder',
    args: ['plan', 'small', '-o', 'no/x.json'],
    says: /x\.json: its folder does not exist/,
  },
  { what: 'weights in no folder', args: quantize('-o', 'no/x.sdq'), says: /x\.sdq: its folder does not exist/ },
  { what: 'statistics below a file', args: ['analyze', 'small', '-o', 'plan.json/x'], says: /its folder is a file/ },
  {
    what: 'a build below a file',
    args: ['generate', '--plan', 'plan.json', '-o', 'plan.json/b'],
    says: /cannot write .*: its folder is a file/,
  },
  {
    what: 'a build over a file',
    args: ['generate', '--plan', 'plan.json', '-o', 'weights.sdq'],
    says: /cannot write .*weights\.sdq: a file of that name exists/,
  },
  { what: 'a demo over a file', args: ['demo', '-o', 'plan.json'], says: /plan\.json: a file of that name exists/ },
  {
    what: 'a page over a folder',
    args: ['report', '--plan', 'plan.json', '-o', 'build'],
    says: /a folder of that name/,
  },
  {
    what: 'weights over their plan',
    args: quantize('-o', 'plan.json'),
    says: /^plan\.json is read by this command, which must not write over it$/,
  },
  {
    what: 'an allocation over its statistics',
    args: ['plan', '--stats', 'plan.json', '--export-osr-config', './plan.json'],
    says: /read by/,
  },
  {
    what: 'a page over weights',
    args: ['report', '--plan', 'plan.json', '--weights', 'weights.sdq', '-o', 'weights.sdq'],
    says: /read by/,
  },
  { what: 'a plan on a device', args: ['plan', 'small', '-o', '/dev/null'], says: /\/dev\/null: it is a device/ },
  { what: 'weights on a device behind a link', args: quantize('-o', 'link'), says: /link: it is a device or a pipe/ },
  { what: 'weights over a folder', args: quantize('-o', 'build'), says: /a folder of that name exists/ },
  { what: 'a report of tests in no folder', args: simulate('--junit', 'no/x.xml'), says: /its folder does not exist/ },
  {
    what: 'OSRs that cannot be written beside a plan that can',
    args: ['plan', 'small', '-o', 'x.json', '--export-osr-config', 'no/osr.json'],
    says: /osr\.json: its folder does not exist/,
  },
];

describe('an output that cannot be written', () => refusals(folder, OUTPUTS));

describe('weights of another plan', () => {
  it.each(['simulate', 'board', 'report'])('are refused by %s with both hashes', async (command) => {
    const args = {
      simulate: ['simulate', 'build', '--model', 'small', '--weights', other.weights],
      board: ['board', 'build', '--weights', other.weights],
      report: ['report', '--plan', 'plan.json', '--weights', other.weights, '-o', 'x.html'],
    }[command]!;
    const before = listing(folder);
    const refusal = refusalOf(await sdq(args, { cwd: folder }));
    for (const hash of [small.planHash, other.planHash]) expect(refusal).toContain(hash);
    expect(listing(folder)).toEqual(before);
  });
});

describe('a disk that becomes full', () => {
  // Blocks of 512 bytes: the plan's file does not fit.
  const shell = 'ulimit -f 4; "$@"';

  it.each<[string, string[]]>([
    ['plan', ['plan', 'small', '-o', 'x.json', '--export-osr-config', 'x-osr.json']],
    ['quantize', quantize('-o', 'x.sdq')],
    ['generate', ['generate', '--plan', 'plan.json', '-o', 'x-build']],
    ['analyze', ['analyze', 'small', '-o', 'plan.json']],
  ])('leaves nothing of %s', async (_, args) => {
    const limit = args[0] === 'analyze' ? 'ulimit -f 1; "$@"' : shell;
    const before = listing(folder);
    const refusal = refusalOf(await sdq(args, { cwd: folder, shell: limit }), { progress: true });
    expect(refusal).toMatch(/^cannot write .*: the file would be too large$/);
    expect(listing(folder)).toEqual(before);
  });

  it.skipIf(lacks(fullDevice))('is found where stdout is the file', async () => {
    const outcome = await sdq(['inspect', 'small', '--json'], { cwd: folder, shell: '"$@" > /dev/full' });
    expect(refusalOf(outcome)).toBe('cannot write standard output: the disk is full');
  });

  it('is not what a reader means that closes the pipe', async () => {
    const shell = '{ "$@"; echo $? >&2; } | true';
    const { stderr } = await sdq(['inspect', 'small'], { cwd: folder, shell });
    expect(stderr).toBe('0\n');
  });
});

describe('an interruption', () => {
  const quantize = ['quantize', examplePath('tiny-llama'), '--plan', 'slow.json', '--effort', '2', '-o'];
  beforeAll(async () => {
    await sdqJson(['plan', examplePath('tiny-llama'), '--osr', '3', '--uniform', '-o', file('slow.json')]);
    await sdqJson([...quantize, 'uninterrupted.sdq', '--threads', '1'], { cwd: folder });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'of quantize by %s leaves the old file, and what the same command continues with',
    async (signal, code) => {
      const name = `${signal}.sdq`;
      writeFileSync(file(name), 'old');
      const before = listing(folder);
      const child = spawnSdq([...quantize, name], { cwd: folder });
      const ended = outcomeOf(child);
      while (!existsSync(file(`${name}.resume`))) await sleep(5);
      child.kill(signal);
      const outcome = await ended;
      expect(outcome.stderr).toMatch(/is kept in .*\.resume; the same command continues with it\nsdq: interrupted\n$/);
      expect(outcome).toMatchObject({ code, stdout: '' });
      const { [`${name}.resume`]: kept, ...rest } = listing(folder);
      expect(kept).toBeDefined();
      expect(rest).toEqual(before);

      const { stderr } = await sdq([...quantize, name], { cwd: folder });
      expect(stderr).toMatch(/Continuing after \d+ of 28 linears/);
      expect(readFileSync(file(name)).equals(readFileSync(file('uninterrupted.sdq')))).toBe(true);
      expect(readdirSync(folder).filter((left) => left.includes('.sdq.'))).toEqual([]);
    },
  );

  it('of board while it is built ends the tools and leaves no part of a build', async () => {
    const cache = file('cache');
    const child = spawnSdq(['board', 'build'], { cwd: folder, env: { FPGA_VERILATOR_CACHE: cache } });
    const ended = outcomeOf(child);
    await new Promise<void>((resolve) => child.stderr!.on('data', (text) => /verilating/.test(text) && resolve()));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/\nsdq: interrupted\n$/),
    });
    for (const name of ['partial', 'locks']) expect(readdirSync(join(cache, 'v1', name))).toEqual([]);
  });
});
