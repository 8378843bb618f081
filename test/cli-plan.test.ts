import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { shapeNames } from '../generator/model/shapes.js';
import { planHash } from '../generator/plan/hash.js';
import type { Plan, PlanLinear } from '../generator/plan/types.js';
import { refusalOf, refusals, sdq, sdqJson, writeSmallModel } from './support/cli.js';
import { data, lacks } from './support/needs.js';
import { sharedPath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

interface PlanResult {
  readonly meanOsr: number;
  readonly bitsPerWeight: number;
  readonly bytes: number;
  readonly planHash: string;
  readonly allocation: 'uniform' | 'variance' | 'measured' | 'given';
  readonly expectedLoss: { readonly measured: number; readonly variance: number; readonly uniform: number } | null;
  readonly linears: readonly { readonly name: string; readonly osr: number }[];
}

const folder = tempDirectory();
const model = join(folder, 'small');
const file = (name: string): string => join(folder, name);
const planOf = (name: string): Plan => JSON.parse(readFileSync(file(name), 'utf8')) as Plan;

/** Plans the small model in its folder's parent. */
const plan = (...options: string[]): Promise<PlanResult> =>
  sdqJson<PlanResult>(['plan', 'small', ...options], { cwd: folder });

/** Symbols and scales by the formula of the format: whole bytes for each row and block, a byte per scale. */
function bytesOf({ rows, cols, block, samples, tail, packing, frame }: PlanLinear): number {
  const packed = (count: number): number => Math.ceil(count / (packing === 'base3' ? 5 : 8));
  const full = Math.floor(cols / block);
  const rest = cols % block === 0 ? 0 : 1;
  const symbols = full * packed(samples) + rest * packed(tail?.samples ?? samples);
  return rows * (symbols + (full + rest) * (frame === 'fourier' ? 2 : 1));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

beforeAll(() => {
  writeSmallModel(model);
  writeFileSync(
    file('text.jsonl'),
    ['a b a b the', 'the b a the a b', 'that'].map((text) => JSON.stringify({ text })).join('\n'),
  );
});

describe('sdq plan', () => {
  it('reports what the plan file holds', async () => {
    const result = await plan('--osr', '2.5', '-o', 'plan.json');
    expect(Object.keys(result).sort()).toEqual([
      'allocation',
      'array',
      'bitsPerWeight',
      'board',
      'bytes',
      'context',
      'decoder',
      'expectedLoss',
      'linears',
      'meanOsr',
      'placement',
      'planHash',
    ]);
    expect(result).toMatchObject({ allocation: 'variance', expectedLoss: null });
    const { linears, placement, board, array, model: config } = planOf('plan.json');
    expect(result).toMatchObject({ board, placement, context: config.context, array, decoder: null });
    expect(result.linears).toEqual(linears.map(({ name, osr }) => ({ name, osr })));
    expect(result.bytes).toBe(sum(linears.map(bytesOf)));
    const weights = sum(linears.map(({ rows, cols }) => rows * cols));
    expect(result.bitsPerWeight).toBeCloseTo((8 * result.bytes) / weights, 12);
    expect(result.meanOsr).toBeCloseTo(sum(linears.map(({ rows, cols, osr }) => rows * cols * osr)) / weights, 12);
    expect(result.planHash).toMatch(/^[0-9a-f]{64}$/);
    expect([placement, board]).toEqual(['linear', 'sim']);
    expect([...new Set(linears.map(({ alphabet, frame, block }) => `${alphabet} ${frame} ${block}`))]).toEqual([
      'ternary hadamard 64',
    ]);
  });

  it('chooses the widths of a decoder, which the board has room for, and a frame unit for them', async () => {
    const options = ['--placement', 'decoder', '--uniform', '--osr', '2', '--context', '16'];
    await plan(...options, '-o', 'decoder.json');
    const { placement, decoder, array, model, linears } = planOf('decoder.json');
    expect(placement).toBe('decoder');
    expect(model.context).toBe(16);
    const { values, attention } = decoder!;
    expect([attention % values, model.headDim % attention, array.frame! % values, linears[0]!.block % values]).toEqual([
      0, 0, 0, 0,
    ]);
    // What fits is not the same on all boards: fewer LUTs, smaller units.
    const onUlx3s = await plan(...options, '--board', 'ulx3s-85f', '-o', 'ulx3s.json');
    expect(onUlx3s.planHash).not.toBe(planHash(planOf('decoder.json')));
  });

  it('gives the same bytes for the same input', async () => {
    const first = await plan('--osr', '2', '-o', 'first.json');
    const second = await plan('--osr', '2', '-o', 'second.json');
    expect(second).toEqual(first);
    expect(readFileSync(file('second.json'))).toEqual(readFileSync(file('first.json')));
    expect((await plan('--osr', '2.25')).planHash).not.toBe(first.planHash);
  });

  it('--uniform gives every linear the same OSR', async () => {
    const { linears, meanOsr, allocation } = await plan('--uniform', '--osr', '1.75');
    expect(allocation).toBe('uniform');
    expect(new Set(linears.map(({ osr }) => osr))).toEqual(new Set([1.75]));
    expect(meanOsr).toBeCloseTo(1.75, 12);
  });

  it('--budget takes the largest OSR that fits', async () => {
    const whole = await plan('--uniform', '--osr', '2');
    // One symbol granule (8 of 64 samples) more or less is the next OSR up or down.
    expect((await plan('--uniform', '--budget', String(whole.bytes))).meanOsr).toBe(2);
    expect((await plan('--uniform', '--budget', `${whole.bytes - 1}B`)).meanOsr).toBe(1.875);
    expect((await plan('--uniform', '--osr', '2.125')).bytes).toBeGreaterThan(whole.bytes);

    const budget = 24 * 1024;
    const fitted = await plan('--budget', '24KiB');
    expect(fitted.bytes).toBeLessThanOrEqual(budget);
    for (const more of [0.15, 0.3]) {
      const larger = await plan('--osr', String(fitted.meanOsr + more));
      expect(larger.meanOsr <= fitted.meanOsr || larger.bytes > budget).toBe(true);
    }
  });

  it('--head-osr adds the head, and leaves the layers as they are', async () => {
    const layers = await plan('--osr', '2', '-o', 'layers.json', '--export-osr-config', 'layers-osr.json');
    const both = await plan('--osr', '2', '--head-osr', '3', '-o', 'both.json', '--export-osr-config', 'both-osr.json');
    const [without, having] = [planOf('layers.json').linears, planOf('both.json').linears];
    const head = having.slice(without.length);
    expect(having.slice(0, without.length)).toEqual(without);
    expect(sum(head.map(({ rows }) => rows))).toBe(planOf('both.json').model.vocab);
    expect(head.map(({ name, role, osr }) => [name, role, osr])).toEqual(
      head.map((_, i) => [`lm_head.${i}`, 'lm_head', 3]),
    );
    expect(both.linears.slice(0, layers.linears.length)).toEqual(layers.linears);
    expect(both.bytes).toBe(layers.bytes + sum(head.map(bytesOf)));
    expect(readFileSync(file('both-osr.json'))).toEqual(readFileSync(file('layers-osr.json')));

    const fitted = await plan('--uniform', '--budget', String(both.bytes), '--head-osr', '3');
    expect(fitted.bytes).toBeLessThanOrEqual(both.bytes);
    expect(fitted.bytes).toBeGreaterThan(0.9 * both.bytes);
    expect(fitted.linears.at(-1)!.osr).toBe(3);
    const { stderr, code } = await sdq(['plan', 'small', '--budget', '10KiB', '--head-osr', '8'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /--budget 10240 bytes is too small: the head takes \d+ bytes at OSR 8, and the other linears/,
    );
  });

  it('exports OSRs that make the same plan again', async () => {
    const exported = await plan('--osr', '2', '--export-osr-config', 'osr.json', '-o', 'exported.json');
    const again = await plan('--osr-config', 'osr.json', '-o', 'again.json', '--export-osr-config', 'osr-again.json');
    expect(again).toEqual({ ...exported, allocation: 'given' });
    expect(readFileSync(file('again.json'))).toEqual(readFileSync(file('exported.json')));
    expect(readFileSync(file('osr-again.json'))).toEqual(readFileSync(file('osr.json')));
    const osr = JSON.parse(readFileSync(file('osr.json'), 'utf8'));
    for (const { name, osr: value } of exported.linears) {
      const [, layer, role] = /^layers\.(\d+)\.(.*)$/.exec(name)!;
      expect(osr[layer!][role!]).toEqual({ osr_proj: value });
    }
  });

  describe('with --calibration', () => {
    const measured = (...options: string[]): Promise<PlanResult> => plan('--calibration', 'text.jsonl', ...options);

    it('allocates a mean OSR by what each linear costs', async () => {
      const { allocation, expectedLoss, meanOsr, linears } = await measured('--osr', '2', '-o', 'measured.json');
      expect(allocation).toBe('measured');
      expect(meanOsr).toBeLessThanOrEqual(2);
      expect(meanOsr).toBeGreaterThan(1.95);
      expect(new Set(linears.map(({ osr }) => osr)).size).toBeGreaterThan(2);
      expect(planOf('measured.json').linears.map(({ name, osr }) => ({ name, osr }))).toEqual(linears);
      expect(expectedLoss!.measured).toBeGreaterThan(0);
      expect(expectedLoss!.measured).toBeLessThan(expectedLoss!.uniform);
      expect(await measured('--osr', '2')).toMatchObject({ linears, expectedLoss });
    });

    it.each([20, 24, 30])(
      'takes the best of the rules within a budget of %i KiB, and reports what is expected',
      async (kib) => {
        const { allocation, expectedLoss, bytes } = await measured('--budget', `${kib}KiB`, '--limit', '1');
        expect(bytes).toBeLessThanOrEqual(kib * 1024);
        expect(bytes).toBeGreaterThan((kib - 0.5) * 1024);
        expect(allocation).not.toBe('given');
        const losses = expectedLoss!;
        expect(losses[allocation as keyof typeof losses]).toBe(Math.min(...Object.values(losses)));
        expect(Math.min(...Object.values(losses))).toBeGreaterThan(0);
      },
    );

    it('says so in words', async () => {
      const { stdout, code } = await sdq(['plan', 'small', '--osr', '2', '--calibration', 'text.jsonl'], {
        cwd: folder,
      });
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^expected loss in nats per token: measured \d\.\d+, variance \d\.\d+, uniform \d\.\d+; allocation: measured$/m,
      );
    });
  });

  describe('refuses', () => {
    const calibrated = (...options: string[]): string[] => ['plan', 'small', '--calibration', 'text.jsonl', ...options];
    refusals(folder, [
      {
        what: '--uniform with --calibration',
        args: calibrated('--uniform'),
        says: /--calibration and --uniform exclude/,
      },
      {
        what: '--osr-config with --calibration',
        args: calibrated('--osr-config', 'x.json'),
        says: /--calibration and --osr-config exclude/,
      },
      {
        what: '--stats with --calibration',
        args: calibrated('--stats', 'x.json'),
        says: /--calibration and --stats exclude/,
      },
      {
        what: '--calibration without a model',
        args: ['plan', '--shape', 'opt-125m', '--calibration', 'text.jsonl'],
        says: /--calibration .* needs one/,
      },
      { what: '--limit alone', args: ['plan', 'small', '--limit', '2'], says: /--limit goes with --calibration/ },
      { what: 'a text that is missing', args: ['plan', 'small', '--calibration', 'none.jsonl'], says: /none\.jsonl/ },
      { what: 'a budget below OSR 1', args: calibrated('--budget', '1KiB'), says: /--budget 1024 bytes is too small/ },
      { what: 'an output that is the text', args: calibrated('-o', 'text.jsonl'), says: /text\.jsonl/ },
    ]);
  });

  it('plans from statistics as it does from the weights', async () => {
    await sdqJson(['analyze', 'small', '-o', 'stats.json'], { cwd: folder });
    expect(await plan('--stats', 'stats.json', '--osr', '2')).toEqual(await plan('--osr', '2'));
  });

  it('--stats alone gives the allocation without a plan', async () => {
    const stats = { '0': { block_std: 0.02, fc1: { std: 0.02, ratio: 0.5 }, fc2: { std: 0.04, ratio: 0.5 } } };
    writeFileSync(file('alone.json'), JSON.stringify(stats));
    const args = ['plan', '--stats', 'alone.json', '--osr', '2'];
    const result = await sdqJson<PlanResult>([...args, '--export-osr-config', 'alone-osr.json'], { cwd: folder });
    expect(result).toMatchObject({ bytes: null, planHash: null, bitsPerWeight: null });
    expect(result.linears.map(({ name }) => name)).toEqual(['layers.0.fc1', 'layers.0.fc2']);
    expect(JSON.parse(readFileSync(file('alone-osr.json'), 'utf8'))).toEqual({
      '0': Object.fromEntries(result.linears.map(({ name, osr }) => [name.slice(9), { osr_proj: osr }])),
    });
    expect(refusalOf(await sdq([...args, '-o', 'none.json'], { cwd: folder }))).toMatch(/-o needs a MODEL or --shape/);
  });

  it('says on stderr which mean came out, and why, if it is another', async () => {
    const noted = async (...options: string[]): Promise<string> =>
      (await sdq(['plan', ...options], { cwd: folder })).stderr;
    const uniform = ['small', '--osr', '2.3', '--uniform'];
    expect(await noted('small', '--osr', '2', '--uniform')).toBe('');
    expect(await noted(...uniform)).toBe(
      'The mean OSR is 2.250, not 2.3: blocks of 64 columns get a multiple of 8 samples.\n',
    );
    expect(await noted(...uniform, '--frame', 'fourier')).toBe(
      'The mean OSR is 2.297, not 2.3: blocks of 64 columns get whole samples.\n',
    );
    const stats = { '0': { block_std: 0.02, fc1: { std: 0.02, ratio: 0.5 }, fc2: { std: 0.04, ratio: 0.5 } } };
    writeFileSync(file('noted.json'), JSON.stringify(stats));
    const args = ['--stats', 'noted.json', '--osr', '2.6'];
    const mean = (await sdqJson<PlanResult>(['plan', ...args], { cwd: folder })).meanOsr.toFixed(3);
    const reason = 'MultiOSR rounds the OSR of each linear to a quarter';
    expect(await noted(...args)).toBe(mean === '2.600' ? '' : `The mean OSR is ${mean}, not 2.6: ${reason}.\n`);
  });

  it('says on stderr that a plan is too large to be built', async () => {
    const { stderr } = await sdq(['plan', '--shape', 'llama-7b', '--osr', '2']);
    expect(stderr).toMatch(
      /^No accelerator can be generated from this plan: the weights of this plan span \d+ bytes; .*\n$/,
    );
  });

  it('refuses a model beyond the limits of plans before it reads the weights', async () => {
    writeSmallModel(file('long'), { max_position_embeddings: 2 ** 20 + 1 });
    expect(refusalOf(await sdq(['plan', 'long', '-o', 'long.json'], { cwd: folder }))).toMatch(
      /^no plan can be made of long: \$\.model\.context must be at most 1048576, not 1048577$/,
    );
  });

  it('--alphabet, --frame and --block say how linears are built', async () => {
    const binary = await plan('--alphabet', 'binary', '--osr', '2', '--uniform', '-o', 'binary.json');
    for (const linear of planOf('binary.json').linears)
      expect(linear).toMatchObject({ alphabet: 'binary', packing: 'bits' });
    expect(binary.bytes).toBe(sum(planOf('binary.json').linears.map(bytesOf)));

    const fourier = await plan('--frame', 'fourier', '--osr', '2', '--uniform', '-o', 'fourier.json');
    for (const linear of planOf('fourier.json').linears) expect(linear).toMatchObject({ frame: 'fourier', tail: null });
    expect(fourier.bytes).toBe(sum(planOf('fourier.json').linears.map(bytesOf)));

    await plan('--block', '32', '-o', 'block.json');
    for (const linear of planOf('block.json').linears) expect(linear.block).toBe(32);

    const hashes = [binary.planHash, fourier.planHash, (await plan('--osr', '2', '--uniform')).planHash];
    expect(new Set(hashes).size).toBe(3);
  });

  it('knows every shape without its weights', async () => {
    const names = shapeNames();
    for (const name of ['opt-125m', 'opt-66b', 'llama-7b', 'llama-70b', 'llama-3-8b', 'llama-3.2-1b', 'stories15M']) {
      expect(names).toContain(name);
    }
    const results = new Map<string, PlanResult>();
    const left = [...names];
    const work = async (): Promise<void> => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        results.set(name, await sdqJson<PlanResult>(['plan', '--shape', name, '--osr', '2']));
      }
    };
    await Promise.all([work(), work()]);
    for (const name of names) expect(results.get(name)!.meanOsr).toBeCloseTo(2, 1);
    // Published parameter counts: the linears of OPT-125M have 85 M weights, those of LLaMA-7B 6.5 G.
    const weights = (name: string): number => (8 * results.get(name)!.bytes) / results.get(name)!.bitsPerWeight;
    expect(weights('opt-125m')).toBeCloseTo(84_934_656, 0);
    expect(weights('llama-7b')).toBeCloseTo(6_476_005_376, 0);
  });
});

const published = sharedPath('vectors/opt-125m');

describe.skipIf(lacks(data('vectors/opt-125m')))('the published statistics of opt-125m', () => {
  it('give the published allocation', async () => {
    const out = file('published.json');
    const stats = join(published, 'linear_info.json');
    const { linears } = await sdqJson<PlanResult>(['plan', '--stats', stats, '--osr', '2', '--export-osr-config', out]);
    expect(linears).toHaveLength(72);
    const wanted = JSON.parse(readFileSync(join(published, 'linear_osr_2.00.json'), 'utf8'));
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(wanted);
  });
});
