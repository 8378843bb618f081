import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Baseline,
  baselineText,
  compareWithBaseline,
  parseBaseline,
  updateBaseline,
} from '../generator/baseline/baseline.js';
import { InputError } from '../generator/errors.js';
import { jsonOf, refusalOf, sdq, sdqJson } from './support/cli.js';
import { tempDirectory } from './support/temp.js';

const results = (luts: number, cycles: number, fmaxMHz: number | null = 50) =>
  new Map<string, unknown>([
    ['synth.ecp5', { luts, fmaxMHz, array: { luts: 10 } }],
    ['simulate', { cycles, text: '7' }],
  ]);

const verdicts = (baseline: Baseline, now: ReturnType<typeof results>) =>
  Object.fromEntries(compareWithBaseline(baseline, now).map(({ key, verdict }) => [key, verdict]));

describe('a new baseline', () => {
  it('takes the usual figures that are numbers, and is what it reads back', () => {
    const baseline = updateBaseline(null, results(1000, 500));
    expect(baseline.figures).toEqual({
      'synth.ecp5.luts': { value: 1000, tolerance: '2%' },
      'synth.ecp5.fmaxMHz': { value: 50, tolerance: '2%', better: 'higher' },
      'simulate.cycles': { value: 500, tolerance: '2%' },
    });
    expect(parseBaseline(baselineText(baseline), 'b.json')).toEqual(baseline);
    expect(updateBaseline(null, results(1000, 500, null)).figures).not.toHaveProperty('synth.ecp5.fmaxMHz');
  });

  it('is refused where there is nothing to keep', () => {
    expect(() => updateBaseline(null, new Map([['plan', { bytes: 3 }]]))).toThrow(InputError);
  });
});

describe('a comparison', () => {
  const baseline = updateBaseline(null, results(1000, 500));

  it('lets a figure get worse up to its tolerance, and no further', () => {
    expect(verdicts(baseline, results(1020, 500))).toMatchObject({ 'synth.ecp5.luts': 'within' });
    expect(verdicts(baseline, results(1021, 500))).toMatchObject({ 'synth.ecp5.luts': 'worse' });
    expect(verdicts(baseline, results(1000, 499))).toEqual({
      'synth.ecp5.luts': 'same',
      'synth.ecp5.fmaxMHz': 'same',
      'simulate.cycles': 'better',
    });
  });

  it('knows that more megahertz are better', () => {
    expect(verdicts(baseline, results(1000, 500, 48.9))).toMatchObject({ 'synth.ecp5.fmaxMHz': 'worse' });
    expect(verdicts(baseline, results(1000, 500, 49))).toMatchObject({ 'synth.ecp5.fmaxMHz': 'within' });
    expect(verdicts(baseline, results(1000, 500, 60))).toMatchObject({ 'synth.ecp5.fmaxMHz': 'better' });
  });

  it('takes tolerances as numbers, none at all, a baseline of 0, and keys within objects', () => {
    const figures = {
      'synth.ecp5.luts': { value: 990, tolerance: 10 },
      'simulate.cycles': { value: 499, tolerance: 0 },
      'synth.ecp5.array.luts': { value: 0, tolerance: '50%' },
    };
    const changes = compareWithBaseline({ format: 'sdq-baseline/1', figures }, results(1000, 500));
    expect(changes.map(({ verdict, change }) => [verdict, change])).toEqual([
      ['within', 10 / 990],
      ['worse', 1 / 499],
      ['worse', null],
    ]);
  });

  it('refuses results that lack a figure of the baseline', () => {
    expect(() => compareWithBaseline(baseline, results(1000, 500, null))).toThrow('no number synth.ecp5.fmaxMHz');
    expect(() => compareWithBaseline(baseline, new Map([['simulate', { cycles: 1 }]]))).toThrow('synth.ecp5.luts');
  });
});

describe('an update', () => {
  it('keeps the choice of figures, their tolerances, and what the results do not have', () => {
    const figures = {
      'synth.ecp5.luts': { value: 1, tolerance: '5%' },
      'other.luts': { value: 7, tolerance: 1 },
    };
    expect(updateBaseline({ format: 'sdq-baseline/1', figures }, results(1000, 500)).figures).toEqual({
      'synth.ecp5.luts': { value: 1000, tolerance: '5%' },
      'other.luts': { value: 7, tolerance: 1 },
    });
  });
});

describe('a damaged baseline', () => {
  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['another format', '{"format":"x","figures":{}}', 'is not a baseline'],
    ['no value', '{"format":"sdq-baseline/1","figures":{"a.b":{"tolerance":1}}}', 'a.b needs a number'],
    ['a bad share', '{"format":"sdq-baseline/1","figures":{"a.b":{"value":1,"tolerance":"-2%"}}}', 'tolerance must'],
    ['no tolerance', '{"format":"sdq-baseline/1","figures":{"a.b":{"value":1}}}', 'tolerance must'],
    ['a direction', '{"format":"sdq-baseline/1","figures":{"a.b":{"value":1,"tolerance":1,"better":"up"}}}', 'better'],
  ])('is refused: %s', (_, text, says) => {
    expect(() => parseBaseline(text, 'b.json')).toThrow(says);
  });
});

describe('sdq baseline', () => {
  const folder = tempDirectory();
  const write = (name: string, value: object): void => writeFileSync(join(folder, name), JSON.stringify(value));
  const run = (action: string, ...files: string[]): string[] => ['baseline', action, 'b.json', '--results', ...files];
  const at = { cwd: folder };

  it('stores, passes, fails on growth with exit code 1, and is updated', async () => {
    write('synth.json', { luts: 1000, dsps: 0 });
    write('simulate.json', { cycles: 400 });
    const files = ['synth.json', 'simulate.json'];
    expect(refusalOf(await sdq(run('check', ...files), at))).toContain('b.json does not exist: make it with');
    expect(await sdqJson(run('update', ...files), at)).toMatchObject({ figures: 3 });
    expect(await sdqJson(run('check', ...files), at)).toMatchObject({ passed: true });

    write('synth.json', { luts: 1100, dsps: 1 });
    const grown = await sdq([...run('check', ...files), '--json'], at);
    expect(grown.code).toBe(1);
    expect(jsonOf(grown)).toMatchObject({
      passed: false,
      figures: [
        { key: 'synth.luts', baseline: 1000, actual: 1100, limit: 1020, verdict: 'worse' },
        { key: 'synth.dsps', verdict: 'worse' },
        { key: 'simulate.cycles', verdict: 'same' },
      ],
    });
    const forPeople = await sdq(run('check', ...files), at);
    expect(forPeople.code).toBe(1);
    expect(forPeople.stdout).toMatch(/\nsynth\.luts +1000 +1100 +\+10\.00 % +1020 +WORSE\n/);
    expect(forPeople.stdout).toContain('WORSE than the baseline allows: synth.luts, synth.dsps\n');

    expect(await sdqJson(run('update', ...files), at)).toMatchObject({ changed: ['synth.luts', 'synth.dsps'] });
    write('synth.json', { luts: 900, dsps: 1 });
    const better = await sdq(run('check', ...files), at);
    expect(better.code).toBe(0);
    expect(better.stdout).toContain(
      'Better: synth.luts. To hold on to it: sdq baseline update b.json --results synth.json simulate.json',
    );
    expect(JSON.parse(readFileSync(join(folder, 'b.json'), 'utf8')).figures['synth.luts'].value).toBe(1100);
  });

  it('refuses results that are none, and two of one name', async () => {
    writeFileSync(join(folder, 'log.json'), 'Wrote 3 files');
    expect(refusalOf(await sdq(run('check', 'log.json'), at))).toMatch(/^log\.json is not JSON/);
    expect(refusalOf(await sdq(run('check', 'synth.json', './synth.json'), at))).toContain('two results files');
    expect(refusalOf(await sdq(run('check', 'absent.json'), at))).toContain('absent.json');
  });
});
