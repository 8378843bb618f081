import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { goldenRun, goldenText, refusalOf, sdq, sdqJson, writeSmallModel } from './support/cli.js';
import {
  type DecodedSimulation,
  type PreparedDecoder,
  prepareDecoder,
  simulateArgs,
} from './support/decoder-simulation.js';
import { tempDirectory } from './support/temp.js';

// Compiling a simulator may take minutes on a busy machine.
const SLOW = { timeout: 900_000 };

const folder = tempDirectory();
const file = (name: string): string => join(folder, name);
let small: PreparedDecoder;

beforeAll(async () => {
  const model = writeSmallModel(file('small'));
  small = await prepareDecoder(file('prepared'), { model }, ['--osr', '2', '--uniform']);
}, SLOW.timeout);

describe('a build of placement decoder', () => {
  it('generates by itself what the golden model does, in the predicted cycles', SLOW, async () => {
    const golden = goldenRun(small, 'a b', 8);
    const args = simulateArgs(small, 'a b', 8);
    const result = await sdqJson<DecodedSimulation>([
      ...args,
      '--trace',
      file('trace.jsonl'),
      '--junit',
      file('report.xml'),
    ]);
    expect(result).toMatchObject({ bitExact: true, cycleExact: true, mismatches: 0, text: golden.text });
    expect(result.promptTokens + result.generatedTokens).toBe(golden.tokens);
    // The token, twice, its logits and its cycles.
    expect(result.compared).toBe(result.steps.length * (small.config.vocab + 3));
    expect(result.trace!.difference).toBeNull();
    const lines = readFileSync(file('trace.jsonl'), 'utf8').trim().split('\n');
    const values = lines.map((line) => JSON.parse(line) as { golden: number[]; accelerator: number[] });
    for (const { golden: expected, accelerator } of values) expect(accelerator).toEqual(expected);
    expect(values.reduce((sum, { golden: expected }) => sum + expected.length, 0)).toBe(result.trace!.compared);
    const junit = readFileSync(file('report.xml'), 'utf8');
    expect(junit.match(/<testcase /g)).toHaveLength(2 * result.steps.length + 1);
    expect(junit).not.toContain('<failure');
  });

  it('generates with tokens that are drawn', SLOW, async () => {
    const options = [...simulateArgs(small, 'the', 5), '--temperature', '2', '--seed', '3'];
    const { bitExact, text } = await sdqJson<DecodedSimulation>(options);
    expect(bitExact).toBe(true);
    expect(text).toBe(await goldenText(small, 'the', 5, { temperature: 2, seed: 3 }));
  });

  it('has a program with cycles, which depend on the position', async () => {
    interface Schedule {
      readonly schedule: readonly { readonly text: string; readonly count: number }[];
      readonly cycles: number;
    }
    const at = (...options: string[]) => sdqJson<Schedule>(['schedule', small.build, ...options]);
    const [first, last] = [await at('--position', '0'), await at()];
    expect(first.schedule.map(({ text }) => text)).toEqual(last.schedule.map(({ text }) => text));
    expect(last.cycles).toBeGreaterThan(first.cycles);
    const { estimate } = await sdqJson<{ estimate: { cyclesPerToken: number } }>([
      ...['generate', '--plan', small.plan, '-o', file('again')],
    ]);
    expect(estimate.cyclesPerToken).toBe(last.cycles);
    const outside = await sdq(['schedule', small.build, '--position', '24']);
    expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining('below the context of 24')]);
  });

  it('says where its memories lie, and what hosts want to know', async () => {
    const build = JSON.parse(readFileSync(join(small.build, 'build.json'), 'utf8')) as Record<string, unknown>;
    const { vocab, context } = small.config;
    expect(build).toMatchObject({ planHash: small.planHash, placement: 'decoder', vocab, context });
    const { stdout } = await sdq(['generate', '--plan', small.plan, '-o', file('again')]);
    expect(stdout).toMatch(/weights +linears +\d+ +\d+ +[\d.]+ +block RAM +\d+/);
    expect(stdout).toMatch(/keys +cache/);
  });

  it('is refused where the board has too little memory, with how much is missing', async () => {
    const plan = [
      'plan',
      small.model,
      '--placement',
      'decoder',
      '--board',
      'sim-sdram',
      '--uniform',
      '-o',
      file('large.json'),
    ];
    expect((await sdq(plan)).stderr).toContain('No accelerator can be generated from this plan: this plan takes');
    const refused = await sdq(['generate', '--plan', file('large.json'), '-o', file('large')]);
    expect(refusalOf(refused)).toMatch(
      /takes \d+ bits of memory on chip; board sim-sdram has 262144: \d+ are missing; neither a smaller over-sampling ratio/,
    );
  });

  it('passes lint', SLOW, async () => {
    const { code, stdout, stderr } = await sdq(['lint', small.build]);
    expect([code, stderr], stdout).toEqual([0, expect.anything()]);
  });
});
