import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gaussianLinear, quantizeGaussian } from '../bench/support/gaussian.js';
import { loadBoard } from '../generator/boards/node/load.js';
import { report } from '../generator/cli/commands/report.js';
import { InputError } from '../generator/errors.js';
import { shapeConfig } from '../generator/model/shapes.js';
import { linearsAt } from '../generator/plan/allocate.js';
import { buildPlan, planHead, planLinears } from '../generator/plan/build-plan.js';
import { planHash, prettyPlan } from '../generator/plan/hash.js';
import type { Plan } from '../generator/plan/types.js';
import { EXPECTED_OSRS, expectedSnr, expectedSnrOf } from '../generator/quantize/expected-snr.js';
import { planFacts } from '../generator/report/facts.js';
import { measures, STEPS } from '../generator/report/measures.js';
import { renderReport } from '../generator/report/node/write-report.js';
import { osrCurve } from '../generator/report/osr-curve.js';
import { symbolStatistics } from '../generator/report/weight-statistics.js';
import { imageBytes, writeImage } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig } from './support/golden-models.js';
import { tempDirectory } from './support/temp.js';

const board = loadBoard('sim');
const OPTIONS = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' } as const;

/** A plan whose OSRs differ by layer and role. */
function variedPlan(shape: string, name = shape): Plan {
  const config = { ...shapeConfig(shape), name };
  const linears = planLinears(config, OPTIONS, ({ layer, role }) => 2 + (layer % 5) / 4 + (role.length % 3) / 8);
  return buildPlan(config, linears, board, 'linear');
}

const uniform = (shape: string): Plan =>
  buildPlan(shapeConfig(shape), linearsAt(shapeConfig(shape), OPTIONS, { kind: 'uniform' }, 2.5), board, 'linear');

const pageOf = (plan: Plan): string => renderReport(planFacts(plan, board), null);

/** The cells of the map as it stands without scripts, layer by layer. */
function mapCells(page: string): string[] {
  const map = /id="map">[\s\S]*?<\/div>/.exec(page)![0];
  return [...map.matchAll(/<td class="h\d">([^<]*)<\/td>/g)].map((match) => match[1]!);
}

describe('the facts of a plan', () => {
  const facts = planFacts(variedPlan('stories15M'), board);

  it('add up', () => {
    const total = (field: 'weights' | 'bytes' | 'cycles'): number =>
      facts.linears.reduce((sum, l) => sum + l[field], 0);
    expect(total('bytes')).toBe(facts.bytes);
    expect(total('cycles')).toBe(facts.cycles.engine);
    expect(total('weights')).toBe(facts.weights);
    for (const field of ['weights', 'bytes', 'cycles'] as const) {
      expect(facts.roles.reduce((sum, role) => sum + role[field], 0)).toBe(total(field));
    }
  });

  it('have measures with a readable cell and a colour for each linear', () => {
    for (const { cells, steps, range } of measures(facts, null)) {
      expect(cells).toHaveLength(facts.linears.length);
      expect(steps).toHaveLength(facts.linears.length);
      expect(Math.max(...cells.map((cell) => cell.length))).toBeLessThanOrEqual(5);
      expect(cells).toContain(range[0]);
      expect(steps[cells.indexOf(range[0])]).toBe('0');
      expect(steps[cells.indexOf(range[1])]).toBe(String(STEPS - 1));
    }
  });

  it('have the middle colour where all linears are alike', () => {
    const [osr] = measures(planFacts(uniform('stories15M'), board), null);
    expect(new Set(osr!.steps)).toEqual(new Set(['4']));
  });

  it('lie on the curve over OSR where the plan is uniform', () => {
    const even = planFacts(uniform('stories15M'), board);
    const point = osrCurve(even.plan, 'ternary').find(({ osr }) => osr === even.meanOsr);
    expect(point).toEqual({ osr: 2.5, bytes: even.bytes, bits: even.bitsPerWeight, snrDb: even.snrDb });
  });
});

describe('the expected SNR', () => {
  const MODES = (['hadamard', 'fourier'] as const).flatMap((frame) =>
    (['ternary', 'binary'] as const).map((alphabet) => ({ frame, alphabet })),
  );

  it.each(MODES)('is what Gaussian weights come to: $frame, $alphabet', ({ frame, alphabet }) => {
    for (const osr of [1.5, 2.125]) {
      const search = frame === 'hadamard' ? 'refine' : 'sigma-delta';
      const { snrDb } = quantizeGaussian(gaussianLinear(8, 256, osr, alphabet, frame), { search });
      expect(Math.abs(snrDb - expectedSnr({ frame, alphabet, osr }))).toBeLessThan(0.75);
    }
  });

  it.each(MODES)('grows with the OSR, and is linear in between: $frame, $alphabet', (mode) => {
    const measured = EXPECTED_OSRS.map((osr) => expectedSnr({ ...mode, osr }));
    expect(measured).toEqual([...measured].sort((a, b) => a - b));
    for (let i = 1; i < measured.length; i++) {
      const osr = (EXPECTED_OSRS[i - 1]! + EXPECTED_OSRS[i]!) / 2;
      expect(expectedSnr({ ...mode, osr })).toBeCloseTo((measured[i - 1]! + measured[i]!) / 2, 9);
    }
  });

  it('of several linears is that of their noise together', () => {
    const shape = { frame: 'hadamard', alphabet: 'ternary', cols: 128 } as const;
    const low = { ...shape, osr: 1.5, rows: 4 };
    const high = { ...shape, osr: 4, rows: 12 };
    const noise = 0.25 * 10 ** (-expectedSnr(low) / 10) + 0.75 * 10 ** (-expectedSnr(high) / 10);
    expect(expectedSnrOf([low, high])).toBeCloseTo(-10 * Math.log10(noise), 9);
    expect(expectedSnrOf([low])).toBeCloseTo(expectedSnr(low), 9);
  });
});

describe('the page', () => {
  it('has the OSR of every linear, by layer and role', () => {
    const plan = variedPlan('opt-125m');
    const expected = plan.linears.map(({ osr }) => osr.toFixed(2));
    expect(mapCells(pageOf(plan))).toEqual(expected);
  });

  it('leaves a head in SDQ out of the map, but not out of the tables and sums', () => {
    const config = shapeConfig('stories15M');
    const layers = planLinears(config, OPTIONS, ({ layer }) => 2 + layer / 8);
    const plan = buildPlan(config, [...layers, ...planHead(config, layers[0]!, 4)], board, 'linear');
    const page = pageOf(plan);
    expect(mapCells(page)).toEqual(layers.map(({ osr }) => osr.toFixed(2)));
    expect(page).toContain('84 linears: 6 layers, 7 in each, and 42 of the head, which is not in the map.');
    expect(page).toContain('run from 2.00 to 2.63');
    expect(page).toContain('42 of 768 or 512 × 288');
    expect(page).toContain('<th scope="row">lm_head.41</th>');
    expect(planFacts(plan, board).weights).toBe(6 * 288 * (4 * 288 + 3 * 768) + 32000 * 288);
  });

  it('names every linear once in its table, with expected SNR, bytes and cycles', () => {
    const plan = variedPlan('stories15M');
    const facts = planFacts(plan, board);
    const table = pageOf(plan).split('id="linears-title"')[1]!;
    for (const { name, bits, snrDb, bytes, cycles } of facts.linears) {
      const row = table.split(`<th scope="row">${name}</th>`);
      expect(row).toHaveLength(2);
      const numbers = row[1]!.split('</tr>')[0]!.replaceAll('\u202f', '');
      expect(numbers).toContain(`<td>${bits.toFixed(2)}</td><td>${snrDb.toFixed(1)}</td>`);
      expect(numbers).toContain(`<td>${bytes}</td>`);
      expect(numbers).toContain(`<td>${cycles}</td>`);
    }
  });

  it('stays small for 80 layers, in two halves', () => {
    const page = pageOf(variedPlan('llama-70b'));
    expect(mapCells(page)).toHaveLength(560);
    expect(page.match(/<table>\n<caption/g)).toHaveLength(2);
    expect(Buffer.byteLength(page)).toBeLessThan(200_000);
  });

  it('needs nothing but itself and is the same every time', () => {
    const page = pageOf(variedPlan('stories15M'));
    expect(page).toBe(pageOf(variedPlan('stories15M')));
    expect(page).not.toMatch(/https?:|@import|url\(|\bsrc=/);
    expect(page.match(/<link[^>]*>/g)).toEqual(['<link rel="icon" href="data:,">']);
  });

  it.each(['hadamard', 'fourier'] as const)('shows memory against accuracy at any ratio: %s', (frame) => {
    for (const alphabet of ['ternary', 'binary'] as const) {
      for (const osr of [1, 2.5, 8]) {
        const config = shapeConfig('stories15M');
        const linears = planLinears(config, { ...OPTIONS, alphabet, frame }, () => osr);
        const facts = planFacts(buildPlan(config, linears, board, 'linear'), board);
        const [chart] = /<svg class="wide"[\s\S]*?<\/svg>/.exec(renderReport(facts, null))!;
        expect(chart).not.toMatch(/NaN|undefined|Infinity/);
        const [, x, y] = /<circle class="point" cx="([^"]*)" cy="([^"]*)"/.exec(chart)!;
        const [, line] = /<polyline class="curve" points="([^"]*)"/.exec(chart)!;
        expect(line!.split(' ')).toContain(`${x},${y}`);
        expect(chart).toContain(`>OSR ${osr}: ${facts.snrDb.toFixed(1)} dB</tspan>`);
      }
    }
  });

  it('says that the SNR is expected and accuracy needs sdq eval, and shows the hash', () => {
    const plan = uniform('stories15M');
    const page = pageOf(plan);
    expect(page).toContain('expected, not measured');
    expect(page).toContain('sdq eval MODEL --text TEXT --weights weights.sdq');
    expect(page).toContain(planHash(plan));
  });

  it('escapes what a plan can hold', () => {
    const name = `</title><script>alert("1")</script> & 'x' {{z}}`;
    const page = pageOf(variedPlan('stories15M', name));
    const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; {{z}}';
    expect(page).toContain(`<h1>&lt;/title&gt;${escaped}</h1>`);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<title>[^<]*<\/title>/g)).toHaveLength(1);
  });
});

describe('the statistics of weights', () => {
  it('count symbols and scales', () => {
    const statistics = symbolStatistics({
      symbols: Int8Array.of(1, 0, -1, -1, 0, 0, 1, -1, -1),
      scales: Uint8Array.of(0, 7, 8, 255),
      means: null,
      exponent: -9,
    });
    expect(statistics).toMatchObject({ minus: 4, zero: 3, plus: 2, exponent: -9 });
    expect(statistics.scales.flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
      [0, 2],
      [1, 1],
      [31, 1],
    ]);
  });
});

describe('sdq report', () => {
  const folder = tempDirectory();
  const model = fabricateModel(fabricatePlan(llamaConfig()));
  const plan = join(folder, 'plan.json');
  const weights = join(folder, 'weights.sdq');
  writeFileSync(plan, prettyPlan(model.model.plan));
  writeImage(weights, model);

  const pages = (): string[] => readdirSync(folder).filter((name) => /\.html/.test(name));

  it('writes a page about plan and weights', () => {
    const output = join(folder, 'report.html');
    const { json } = report({ plan, weights, output });
    const page = readFileSync(output, 'utf8');
    const linears = model.model.plan.linears.length;
    const symbols = model.linears.reduce((sum, linear) => sum + linear.symbols.length, 0);
    const result = json as { bytes: number; symbols: { minus: number; zero: number; plus: number } };
    expect(json).toMatchObject({ file: output, linears, planHash: planHash(model.model.plan) });
    expect(result.bytes).toBe(Buffer.byteLength(page));
    expect(result.symbols.minus + result.symbols.zero + result.symbols.plus).toBe(symbols);
    expect(page).toContain('Checksums verified.');
    expect(pages()).toEqual(['report.html']);
  });

  it('refuses weights of another plan with both hashes, and writes nothing', () => {
    const other = join(folder, 'other.json');
    const otherPlan = fabricatePlan(llamaConfig(), { signSeed: 2 });
    writeFileSync(other, prettyPlan(otherPlan));
    const before = pages();
    const refused = () => report({ plan: other, weights, output: join(folder, 'other.html') });
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(planHash(otherPlan));
    expect(refused).toThrow(planHash(model.model.plan));
    expect(pages()).toEqual(before);
  });

  it('refuses damaged weights by name, and writes nothing', () => {
    const bytes = imageBytes(model);
    const damaged = join(folder, 'damaged.sdq');
    const output = join(folder, 'damaged.html');
    // The last array ends the file.
    bytes[bytes.length - 1]! ^= 4;
    writeFileSync(damaged, bytes);
    const refused = () => report({ plan, weights: damaged, output });
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(/damaged\.sdq is damaged: the checksum of .+ does not match/);
    expect(existsSync(output)).toBe(false);
  });

  it('says in one sentence where it cannot write', () => {
    const output = join(folder, 'absent', 'report.html');
    expect(() => report({ plan, output })).toThrow(/^cannot write .*report\.html: its folder does not exist$/);
  });
});
