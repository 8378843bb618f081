/**
 * MultiOSR: an over-sampling ratio for each layer and each linear (SDQ-LLM, arXiv 2510.03275, and its published code).
 */

import { InputError } from '../errors.js';
import type { LinearRole } from '../model/types.js';
import { type LayerStatistics, type LinearStatistics, type ModelStatistics, parseStatistics } from './statistics.js';

/** Ratios by layer and linear, in the layout of the published OSR files. */
export type OsrConfig = Readonly<Record<string, Readonly<Record<string, { readonly osr_proj: number }>>>>;

/** Ratios are multiples of a quarter; halves of that are rounded to the even multiple, as NumPy does. */
function roundToQuarter(value: number): number {
  const scaled = 4 * value;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) / 4;
}

/**
 * Allocates ratios whose mean is close to a target: weights with a small standard deviation get a higher one. First the
 * layers share the target, then the linears of each layer share the layer's. The rule sets no upper limit, and neither
 * does this function: whoever builds a plan from it applies the limits of the plan. No ratio is below 1.
 *
 * @param target mean over-sampling ratio, at least 1
 * @returns ratios in multiples of 1/4, layers and linears in the order of `statistics`
 * @throws InputError if the target is below 1, or the statistics are out of range (see parseStatistics)
 */
export function allocateOsr(statistics: ModelStatistics, target: number): OsrConfig {
  if (!Number.isFinite(target) || target < 1) {
    throw new InputError(`the mean over-sampling ratio must be a number of at least 1, not ${target}.`);
  }
  parseStatistics(statistics);
  const base = target > 2 ? 0.75 * target : 1;
  const layers = Object.entries(statistics);
  const ratios = allocateLayers(
    layers.map(([, { block_std }]) => block_std),
    target,
    base,
  );
  return Object.fromEntries(
    layers.map(([layer, content], i) => {
      const linears = allocateLinears(content, ratios[i]!, base);
      for (const [role, { osr_proj }] of Object.entries(linears)) {
        if (Number.isFinite(osr_proj)) continue;
        throw new InputError(
          `the statistics: $["${layer}"]["${role}"] is too far from the other linears to allocate by.`,
        );
      }
      return [layer, linears];
    }),
  );
}

/** Step 1: a layer's share above the base goes by block_std^−α; the second rounding restores the mean. */
function allocateLayers(deviations: readonly number[], target: number, base: number): number[] {
  const exponent = target > 4 ? 1.5 : 2;
  const scores = deviations.map((deviation) => deviation ** -exponent);
  const total = sum(scores);
  const rounded = scores.map((score) => roundToQuarter(base + (score / total) * (target - base) * scores.length));
  const mean = sum(rounded) / rounded.length;
  return rounded.map((ratio) => roundToQuarter((ratio * target) / mean));
}

/**
 * Step 2: what the layer has above the base goes by std^−α′, such that the mean weighted by parameters is the layer's.
 */
function allocateLinears(layer: LayerStatistics, ratio: number, base: number): Record<string, { osr_proj: number }> {
  const exponent = ratio >= 3.5 ? 0.1 : 1.5;
  const linears = linearEntries(layer).map(([role, linear]) => ({ role, ...linear, score: linear.std ** -exponent }));
  const above = Math.max(0, ratio - base * sum(linears.map((linear) => linear.ratio)));
  const gain = above / sum(linears.map((linear) => linear.ratio * linear.score));
  return Object.fromEntries(
    linears.map(({ role, score }) => [role, { osr_proj: roundToQuarter(base + gain * score) }]),
  );
}

/**
 * Mean ratio over the weights of a model, each layer counting the same.
 *
 * @param config ratios for every linear of `statistics`
 */
export function meanOfOsrConfig(statistics: ModelStatistics, config: OsrConfig): number {
  let weighted = 0;
  let weights = 0;
  for (const [layer, content] of Object.entries(statistics)) {
    for (const [role, { ratio }] of linearEntries(content)) {
      weighted += ratio * (config[layer]?.[role]?.osr_proj ?? Number.NaN);
      weights += ratio;
    }
  }
  return weighted / weights;
}

function linearEntries(layer: LayerStatistics): [LinearRole, LinearStatistics][] {
  return Object.entries(layer).filter((entry): entry is [LinearRole, LinearStatistics] => typeof entry[1] === 'object');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
