import { describe, expect, it } from 'vitest';
import { linearsOf } from '../generator/model/roles.js';
import type { ModelConfig } from '../generator/model/types.js';
import { linearsOfLeastLoss } from '../generator/plan/allocate.js';
import type { PlanOptions } from '../generator/plan/build-plan.js';
import { type Choice, leastLoss } from '../generator/plan/least-loss.js';
import { bitsPerWeight, meanOsr, planBytes } from '../generator/plan/memory-size.js';
import { expectedSnr } from '../generator/quantize/expected-snr.js';
import { expectedLoss, lossCurve } from '../generator/sensitivity/loss-curve.js';
import { uniform } from './support/random.js';

const total = (choices: readonly (readonly Choice[])[], chosen: readonly number[], field: keyof Choice): number =>
  chosen.reduce((sum, choice, item) => sum + choices[item]![choice]![field], 0);

/** The least loss of all sets of choices within the budget. */
function bruteForce(choices: readonly (readonly Choice[])[], budget: number): number {
  const [first, ...rest] = choices;
  if (first === undefined) return 0;
  return Math.min(
    ...first.map(({ cost, loss }) =>
      cost > budget ? Number.POSITIVE_INFINITY : loss + bruteForce(rest, budget - cost),
    ),
  );
}

/** Items whose loss falls exponentially with the choice, each at its own rate. */
function convexItems(random: () => number, count: number, costOf: (item: number) => number): Choice[][] {
  return Array.from({ length: count }, (_, item) => {
    const [share, decay, cost] = [random(), 0.3 + random(), costOf(item)];
    return Array.from({ length: 5 }, (_, step) => ({ cost: cost * (2 + step), loss: share * Math.exp(-decay * step) }));
  });
}

const budgets = (choices: readonly (readonly Choice[])[], count: number): number[] => {
  const least = choices.reduce((sum, options) => sum + options[0]!.cost, 0);
  const most = choices.reduce((sum, options) => sum + options.at(-1)!.cost, 0);
  return Array.from({ length: count + 1 }, (_, i) => least + ((most - least) * i) / count);
};

describe('the choices of least loss', () => {
  it.each([1, 2, 3, 4, 5])('are those of brute force where items are of one size (seed %i)', (seed) => {
    const choices = convexItems(uniform(seed), 5, () => 3);
    for (const budget of budgets(choices, 20)) {
      const chosen = leastLoss(choices, budget)!;
      expect(total(choices, chosen, 'cost')).toBeLessThanOrEqual(budget);
      expect(total(choices, chosen, 'loss')).toBeCloseTo(bruteForce(choices, budget), 12);
    }
  });

  it.each([6, 7, 8, 9])('are within one step of brute force where sizes differ (seed %i)', (seed) => {
    const random = uniform(seed);
    const choices = convexItems(random, 5, () => 1 + Math.floor(4 * random()));
    const step = Math.max(
      ...choices.flatMap((options) => options.slice(1).map(({ loss }, i) => options[i]!.loss - loss)),
    );
    for (const budget of budgets(choices, 20)) {
      const chosen = leastLoss(choices, budget)!;
      expect(total(choices, chosen, 'cost')).toBeLessThanOrEqual(budget + 1e-9);
      const best = bruteForce(choices, budget + 1e-9);
      const loss = total(choices, chosen, 'loss');
      expect(loss).toBeGreaterThanOrEqual(best - 1e-12);
      expect(loss).toBeLessThanOrEqual(best + step);
    }
  });

  it('pass over choices that are not on the convex hull, and over those that gain nothing', () => {
    const dented = [1, 0.99, 0.2, 0.2].map((loss, step) => ({ cost: 1 + step, loss }));
    const even = [1, 0.7, 0.4, 0.1].map((loss, step) => ({ cost: 1 + step, loss }));
    expect(leastLoss([dented, even], 4)).toEqual([2, 0]);
    expect(leastLoss([dented, even], 99)).toEqual([2, 3]);
  });

  it('spend what the next step is too large for', () => {
    const large = [10, 0].map((loss, step) => ({ cost: 1 + 10 * step, loss }));
    const small = [1, 0.5, 0.3].map((loss, step) => ({ cost: 1 + step, loss }));
    expect(leastLoss([large, small], 11)).toEqual([0, 2]);
    expect(leastLoss([large, small], 12)).toEqual([1, 0]);
  });

  it('are null where the cheapest are too dear', () => {
    expect(leastLoss([[{ cost: 2, loss: 1 }]], 1)).toBe(null);
  });
});

const CONFIG: ModelConfig = {
  architecture: 'opt',
  name: 'made up',
  dim: 64,
  hidden: 200,
  layers: 3,
  heads: 4,
  kvHeads: 4,
  headDim: 16,
  vocab: 300,
  context: 32,
  embedDim: 64,
  tiedHead: true,
  normBefore: true,
  finalNorm: true,
  normEps: 1e-5,
  biases: true,
  rope: null,
  bos: 2,
  eos: [2],
};
const OPTIONS: PlanOptions = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' };
/** Later linears matter more. */
const loss = (linear: number, osr: number): number => (1 + linear) * Math.exp(-1.5 * osr);
const lossOf = (linears: readonly { readonly osr: number }[]): number => expectedLoss(loss, linears);

describe('the allocation of least loss', () => {
  it.each([
    ['ternary', 'hadamard'],
    ['binary', 'hadamard'],
    ['ternary', 'fourier'],
  ] as const)('never exceeds a budget, and uses it: %s %s', (alphabet, frame) => {
    let before = Number.POSITIVE_INFINITY;
    const options = { ...OPTIONS, alphabet, frame };
    const weights = 3 * 64 * (4 * 64 + 2 * 200);
    for (let bytes = 0.3 * weights; bytes < 2.2 * weights; bytes += weights / 10) {
      const linears = linearsOfLeastLoss(CONFIG, options, loss, { bytes: Math.floor(bytes) });
      expect(planBytes({ linears })).toBeLessThanOrEqual(bytes);
      // A granule of the largest linear is the most that may be left over, unless everything is at the greatest OSR.
      const left = Math.floor(bytes) - planBytes({ linears });
      if (meanOsr({ linears }) < 8) expect(left).toBeLessThan(64 * 10);
      expect(lossOf(linears)).toBeLessThanOrEqual(before);
      before = lossOf(linears);
    }
  });

  it.each([1, 1.3, 2, 2.5, 3, 7.9, 8])('comes close to a mean of %f from below, between 1 and 8', (osr) => {
    const linears = linearsOfLeastLoss(CONFIG, OPTIONS, loss, { osr });
    const mean = meanOsr({ linears });
    expect(mean).toBeLessThanOrEqual(osr);
    expect(mean).toBeGreaterThan(osr - 0.02);
    for (const linear of linears) {
      expect(linear.osr).toBeGreaterThanOrEqual(1);
      expect(linear.osr).toBeLessThanOrEqual(8);
      expect(linear.samples % 8).toBe(0);
    }
  });

  it('gives more to what matters more, among linears of one shape', () => {
    const linears = linearsOfLeastLoss(CONFIG, OPTIONS, loss, { osr: 2.5 });
    const queries = linears.filter(({ role }) => role === 'self_attn.q_proj').map(({ osr }) => osr);
    expect(queries).toEqual([...queries].sort((a, b) => a - b));
    expect(queries[2]).toBeGreaterThan(queries[0]!);
  });

  it('loses less than equal ratios do at equal size', () => {
    const linears = linearsOfLeastLoss(CONFIG, OPTIONS, loss, { osr: 2 });
    expect(lossOf(linears)).toBeLessThan(lossOf(linears.map(() => ({ osr: 2 }))));
    expect(bitsPerWeight({ linears })).toBeLessThan(3.6);
  });

  it('is refused where OSR 1 does not fit', () => {
    const wanted = /--budget 1000 bytes is too small: the linears take \d+ bytes at OSR 1/;
    expect(() => linearsOfLeastLoss(CONFIG, OPTIONS, loss, { bytes: 1000 })).toThrow(wanted);
  });
});

describe('the curve of losses', () => {
  const measured = {
    osrs: [1.5, 2, 3],
    losses: [
      [0.3, 0.1, 0.02],
      [0.1, 0.1, 0.02],
    ],
  };
  const curve = lossCurve(measured, OPTIONS);
  const noise = (osr: number): number => 10 ** (-expectedSnr({ ...OPTIONS, osr }) / 10);

  it('meets the sums at the measured ratios, and the mean share of each linear', () => {
    expect(curve(0, 1.5) + curve(1, 1.5)).toBeCloseTo(0.4, 12);
    expect(curve(0, 2) + curve(1, 2)).toBeCloseTo(0.2, 12);
    expect(curve(0, 3) + curve(1, 3)).toBeCloseTo(0.04, 12);
    expect(curve(0, 2) / curve(1, 2)).toBeCloseTo((0.75 + 0.5 + 0.5) / (0.25 + 0.5 + 0.5), 12);
  });

  it('is a power of the noise between them, and proportional to it beyond', () => {
    const sum = (osr: number): number => curve(0, osr) + curve(1, osr);
    const power = (from: number, to: number): number =>
      Math.log(sum(to) / sum(from)) / Math.log(noise(to) / noise(from));
    expect(power(1, 1.5)).toBeCloseTo(1, 12);
    expect(power(3, 4)).toBeCloseTo(1, 12);
    expect(power(2.25, 2.875)).toBeCloseTo(power(2, 3), 12);
  });

  it.each(['ternary', 'binary'] as const)('falls even if the measurement does not: %s', (alphabet) => {
    for (const frame of ['hadamard', 'fourier'] as const) {
      const noisy = lossCurve({ osrs: [1, 2, 8], losses: [[0.1, 0.2, 0.3]] }, { frame, alphabet });
      for (let osr = 1; osr < 8; osr += 0.125) expect(noisy(0, osr + 0.125)).toBeLessThan(noisy(0, osr));
    }
  });

  it('of nothing is nothing, and of one ratio is that of the noise', () => {
    expect(lossCurve({ osrs: [1, 2], losses: [[0, 0]] }, OPTIONS)(0, 1.5)).toBe(0);
    const one = lossCurve({ osrs: [8], losses: [[0.1]] }, OPTIONS);
    expect(one(0, 8)).toBeCloseTo(0.1, 12);
    expect(one(0, 2) / one(0, 8)).toBeCloseTo(noise(2) / noise(8), 6);
  });

  it('leaves linears that differ little at the end of a segment', () => {
    const losses = linearsOf(CONFIG).map(({ rows, cols }, i) => [rows * cols * (1 + 0.02 * i)]);
    const alike = lossCurve({ osrs: [2], losses }, OPTIONS);
    const linears = linearsOfLeastLoss(CONFIG, OPTIONS, alike, { osr: 2 });
    expect(linears.every(({ osr }) => osr === 2)).toBe(true);
  });
});
