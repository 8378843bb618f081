import { describe, expect, it } from 'vitest';
import { loadBoard } from '../generator/boards/node/load.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import type { Alphabet, FrameMode, PlanLinear } from '../generator/plan/types.js';
import { parsePlan } from '../generator/plan/validate.js';
import { quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricateLinear, llamaConfig } from './support/golden-models.js';
import { gaussian } from './support/random.js';

const config = llamaConfig();

function planned(alphabet: Alphabet, frame: FrameMode, osr: number): PlanLinear[] {
  return planLinears(config, { alphabet, frame, block: 64, placement: 'linear' }, () => osr);
}

function gainsFor(alphabet: Alphabet, frame: FrameMode, osr: number): readonly number[] {
  return planned(alphabet, frame, osr)[0]!.gainShifts;
}

describe('the gains that the planner chooses', () => {
  it.each([
    [1, [0]],
    [1.5, [0, 0]],
    [2, [0, 0]],
    [2.125, [0, 1, 1]],
    [2.5, [0, 1, 1]],
    [2.625, [0, 1, 2]],
    [3, [0, 1, 2]],
    [4, [0, 1, 2, 3]],
    [8, [0, 1, 2, 3, 4, 5, 6, 7]],
  ])('at OSR %f, ternary, are %j', (osr, expected) => {
    expect(gainsFor('ternary', 'hadamard', osr)).toEqual(expected);
  });

  it.each([
    [1, [0]],
    [2, [0, 0]],
    [3, [0, 0, 0]],
    [3.5, [0, 1, 1, 1]],
    [4, [0, 1, 1, 1]],
    [5, [0, 1, 2, 2, 2]],
    [8, [0, 1, 2, 3, 4, 5, 5, 5]],
  ])('at OSR %f, binary, are %j', (osr, expected) => {
    expect(gainsFor('binary', 'hadamard', osr)).toEqual(expected);
  });

  it('are none in mode fourier', () => {
    for (const osr of [1, 2.5, 4]) expect(new Set(gainsFor('ternary', 'fourier', osr))).toEqual(new Set([0]));
  });

  it.each(['ternary', 'binary'] as const)('make valid plans at any ratio, %s', (alphabet) => {
    for (const osr of [1, 2.3, 2.6, 5.5, 8]) {
      const plan = buildPlan(config, planned(alphabet, 'hadamard', osr), loadBoard('sim'), 'linear');
      expect(parsePlan(JSON.stringify(plan), 'plan.json')).toEqual(plan);
    }
  });

  it.each([
    ['ternary', 1.5, [0, 1]],
    ['ternary', 2, [0, 1]],
    ['ternary', 2.5, [0, 0, 0]],
    ['ternary', 2.5, [0, 1, 2]],
    ['ternary', 3, [0, 0, 0]],
    ['ternary', 3, [0, 1, 1]],
    ['binary', 2, [0, 1]],
    ['binary', 3, [0, 1, 1]],
    ['binary', 4, [0, 0, 0, 0]],
    ['binary', 4, [0, 1, 2, 3]],
  ] as const)('%s, at OSR %f, give less error than %j on Gaussian weights', (alphabet, osr, others) => {
    const weights = Float32Array.from({ length: 16 * 512 }, gaussian(3));
    const snr = (gainShifts: readonly number[]): number => {
      const shape = { rows: 16, cols: 512, block: 128, samples: 128 * osr };
      const linear = fabricateLinear({ ...shape, alphabet, gainShifts });
      return quantizeLinear(weights, linear, drawSigns(1, 4, 128), { search: 'refine' }).snrDb;
    };
    const chosen = snr(gainsFor(alphabet, 'hadamard', osr));
    expect(chosen).toBeGreaterThan(snr(others));
  });
});
