import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rolesOf } from '../generator/model/roles.js';
import type { Architecture, LinearRole } from '../generator/model/types.js';
import { allocateOsr, meanOfOsrConfig } from '../generator/plan/multi-osr.js';
import { layerStatistics, type ModelStatistics, parseStatistics } from '../generator/plan/statistics.js';
import { data, lacks } from './support/needs.js';
import { gaussian, uniform } from './support/random.js';
import { expectInputError } from './support/read-model.js';
import { sharedPath } from './support/shared.js';

/** Weights of one layer, with a mean that is not zero and a deviation of its own for each linear. */
function layerWeights(architecture: Architecture, seed: number): Map<LinearRole, Float32Array> {
  const next = gaussian(seed);
  return new Map(
    rolesOf(architecture).map((role, i) => {
      const count = role.startsWith('self') ? 300 : 1000 + 100 * i;
      return [role, Float32Array.from({ length: count }, () => 0.004 * i + 0.01 * (1 + i) * next())];
    }),
  );
}

function madeUpStatistics(layers: number, seed: number): ModelStatistics {
  const random = uniform(seed);
  return Object.fromEntries(
    Array.from({ length: layers }, (_, layer) => {
      const weights = layerWeights('opt', Math.floor(random() * 1e6));
      for (const values of weights.values()) {
        const factor = 0.5 + random();
        values.forEach((value, i) => {
          values[i] = value * factor;
        });
      }
      return [layer, layerStatistics('opt', weights)];
    }),
  );
}

describe('the statistics of a layer', () => {
  it.each(['opt', 'llama'] as const)('are those of their definitions: %s', (architecture) => {
    const weights = layerWeights(architecture, 1);
    const statistics = layerStatistics(architecture, weights);
    const deviation = (values: readonly number[]): number => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    };
    const mup = (values: readonly number[]): number => {
      const norm = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
      return (Math.max(...values.map(Math.abs)) * Math.sqrt(values.length)) / norm;
    };
    const all = [...weights.values()].flatMap((values) => [...values]);
    expect(statistics.block_std).toBeCloseTo(deviation(all), 12);
    expect(statistics.block_mup).toBeCloseTo(mup(all), 9);
    for (const [role, values] of weights) {
      const linear = statistics[role]!;
      expect(linear.std).toBeCloseTo(deviation([...values]), 12);
      expect(linear.mup).toBeCloseTo(mup([...values]), 9);
      expect(linear.ratio).toBeCloseTo(values.length / all.length, 12);
    }
  });

  it('have the members of the published files, in their order', () => {
    expect(Object.keys(layerStatistics('opt', layerWeights('opt', 2)))).toEqual([
      'block_std',
      'block_mup',
      'self_attn.k_proj',
      'self_attn.v_proj',
      'self_attn.q_proj',
      'self_attn.out_proj',
      'fc1',
      'fc2',
    ]);
    const llama = layerStatistics('llama', layerWeights('llama', 2));
    expect(Object.keys(llama)).toEqual(['block_std', 'block_mup', ...rolesOf('llama')]);
    expect(Object.keys(llama['mlp.up_proj']!)).toEqual(['std', 'mup', 'ratio']);
  });

  it('of weights that are all zero are zeros', () => {
    const weights = layerWeights('opt', 3);
    weights.get('fc1')!.fill(0);
    expect(layerStatistics('opt', weights).fc1).toMatchObject({ std: 0, mup: 0 });
  });

  it('need every linear, and finite weights', () => {
    const weights = layerWeights('opt', 4);
    weights.get('fc2')![5] = Number.NaN;
    expectInputError(() => layerStatistics('opt', weights), /fc2 has a weight/);
    weights.delete('fc2');
    expectInputError(() => layerStatistics('opt', weights), /no fc2/);
  });
});

describe('reading statistics', () => {
  const valid = (): Record<string, Record<string, unknown>> => JSON.parse(JSON.stringify(madeUpStatistics(3, 1)));

  it('accepts what was computed, and files without mup', () => {
    const statistics = valid();
    expect(parseStatistics(statistics)).toEqual(statistics);
    delete statistics['1']!.block_mup;
    statistics['1']!.fc1 = { std: 0.1, ratio: 0.3 };
    expect(parseStatistics(statistics)).toBe(statistics);
  });

  it.each<[string, (statistics: Record<string, Record<string, unknown>>) => unknown, string]>([
    ['an array', () => [], '$ must be an object'],
    ['null', () => null, '$ must be an object'],
    ['no layer', () => ({}), '$ must be an object with a member for each layer'],
    ['a gap', ({ 0: first, 2: third }) => ({ 0: first, 2: third }), '$["2"] must be layer "1"'],
    ['a layer that is text', (all) => ({ ...all, 1: 'x' }), '$["1"] must be an object'],
    ['no block_std', (all) => ({ ...all, 1: { ...all[1], block_std: undefined } }), '$["1"].block_std must be'],
    ['no linear', (all) => ({ ...all, 1: { block_std: 1 } }), '$["1"] must be an object with a member for each linear'],
    ['another linear', (all) => ({ ...all, 1: { ...all[1], fc3: {} } }), '$["1"]["fc3"] must be one of'],
    ['no std', (all) => ({ ...all, 2: { ...all[2], fc1: { ratio: 0.3 } } }), '$["2"]["fc1"].std must be a number'],
    [
      'std 0',
      (all) => ({ ...all, 2: { ...all[2], fc1: { std: 0, ratio: 0.3 } } }),
      '$["2"]["fc1"].std must be a number',
    ],
    [
      'text',
      (all) => ({ ...all, 2: { ...all[2], fc1: { std: '1', ratio: 0.3 } } }),
      '$["2"]["fc1"].std must be a number',
    ],
    [
      'ratio 2',
      (all) => ({ ...all, 2: { ...all[2], fc1: { std: 1, ratio: 2 } } }),
      '$["2"]["fc1"].ratio must be at most 1',
    ],
  ])('refuses %s, naming the place', (_, change, message) => {
    expectInputError(() => parseStatistics(change(valid()), 'stats.json'), /^stats\.json: /, message);
  });
});

describe('the allocation', () => {
  it.each([1, 1.5, 2, 2.25, 3, 4, 4.5, 6])('meets a target of %f closely, in quarters of at least 1', (target) => {
    const statistics = madeUpStatistics(12, 2);
    const config = allocateOsr(statistics, target);
    expect(Math.abs(meanOfOsrConfig(statistics, config) - target)).toBeLessThan(0.1);
    for (const layer of Object.values(config)) {
      for (const { osr_proj } of Object.values(layer)) {
        expect(Number.isInteger(4 * osr_proj)).toBe(true);
        expect(osr_proj).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it('gives more to smaller weights', () => {
    const statistics = madeUpStatistics(4, 3);
    for (const [layer, linears] of Object.entries(allocateOsr(statistics, 2))) {
      const ordered = Object.entries(linears).sort(
        ([a], [b]) => statistics[layer]![a as LinearRole]!.std - statistics[layer]![b as LinearRole]!.std,
      );
      const ratios = ordered.map(([, { osr_proj }]) => osr_proj);
      expect(ratios).toEqual([...ratios].sort((a, b) => b - a));
    }
  });

  it('rounds halves to the even quarter', () => {
    // One layer at the target; equal linears get the target itself, which lies between quarters.
    const linear = { std: 1, ratio: 0.5 };
    const statistics = { 0: { block_std: 1, fc1: linear, fc2: linear } };
    // 1.125 · 4 = 4.5 and 1.375 · 4 = 5.5: to 4 and to 6 quarters.
    expect(allocateOsr(statistics, 1.125)['0']!.fc1!.osr_proj).toBe(1);
    expect(allocateOsr(statistics, 1.375)['0']!.fc1!.osr_proj).toBe(1.5);
  });

  it.each([0.99, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a target of %f', (target) => {
    expectInputError(() => allocateOsr(madeUpStatistics(1, 4), target), /at least 1/);
  });

  it('refuses statistics that leave no finite ratio', () => {
    const linear = { std: 1, ratio: 0.5 };
    const statistics = { 0: { block_std: 1, fc1: { std: 1e-300, ratio: 0.5 }, fc2: linear } };
    expectInputError(() => allocateOsr(statistics, 2), /fc1.*too far/);
  });
});

const PUBLISHED = 'vectors/opt-125m';

describe.skipIf(lacks(data(PUBLISHED)))('the published allocation of opt-125m', () => {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(sharedPath(PUBLISHED), name), 'utf8'));

  it('is reproduced: 72 of 72 linears, in the same order', () => {
    const published = read('linear_osr_2.00.json') as Record<string, object>;
    const config = allocateOsr(parseStatistics(read('linear_info.json')), 2);
    expect(Object.values(published).flatMap((layer) => Object.keys(layer))).toHaveLength(72);
    expect(JSON.stringify(config)).toBe(JSON.stringify(published));
  });
});
