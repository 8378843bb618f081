import { InputError } from '../errors.js';
import { isJsonObject } from '../model/fields.js';
import { rolesOf } from '../model/roles.js';
import type { ModelConfig } from '../model/types.js';
import { MAX_OSR, MIN_OSR, type PlanOptions, planLinears, SAMPLE_GRANULE } from './build-plan.js';
import { leastLoss } from './least-loss.js';
import { meanOsr, planBytes } from './memory-size.js';
import { allocateOsr, type OsrConfig } from './multi-osr.js';
import type { ModelStatistics } from './statistics.js';
import type { PlanLinear } from './types.js';

/** Where the over-sampling ratios come from. */
export type OsrSource = { readonly kind: 'uniform' } | { readonly kind: 'multi'; readonly statistics: ModelStatistics };

/** Linears at a target mean OSR. */
export function linearsAt(config: ModelConfig, options: PlanOptions, source: OsrSource, target: number): PlanLinear[] {
  if (source.kind === 'uniform') return planLinears(config, options, () => target);
  return linearsOfConfig(config, options, allocateOsr(source.statistics, target), 'the allocation');
}

/** Linears at the ratios of an OSR file. @throws InputError naming the entry that is missing or out of range */
export function linearsOfConfig(config: ModelConfig, options: PlanOptions, osr: OsrConfig, name: string): PlanLinear[] {
  return planLinears(config, options, ({ layer, role }) => {
    const value = osr[layer]?.[role]?.osr_proj;
    if (typeof value !== 'number') throw new InputError(`${name} has no "osr_proj" for $["${layer}"]["${role}"]`);
    return value;
  });
}

/**
 * Linears at the largest mean OSR whose packed symbols and scales take at most `budget` bytes.
 * @throws InputError if not even OSR 1 fits
 */
export function linearsWithin(
  config: ModelConfig,
  options: PlanOptions,
  source: OsrSource,
  budget: number,
): PlanLinear[] {
  let best: PlanLinear[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  // Rounding makes the size of an allocation only roughly monotone in its target, so that every target is tried.
  for (let step = 0; step <= (MAX_OSR - MIN_OSR) * 100; step++) {
    const linears = linearsAt(config, options, source, MIN_OSR + step / 100);
    const bytes = planBytes({ linears });
    least = Math.min(least, bytes);
    if (bytes <= budget && (best === null || meanOsr({ linears }) > meanOsr({ linears: best }))) best = linears;
  }
  if (best) return best;
  throw new InputError(`--budget ${budget} bytes is too small: the linears take ${least} bytes at OSR 1`);
}

/** What an allocation must not exceed: the mean OSR over the weights, or the bytes of packed symbols and scales. */
export type AllocationLimit = { readonly osr: number } | { readonly bytes: number };

/**
 * Linears at the ratios whose losses sum to least within a limit; ratios go in steps of SAMPLE_GRANULE samples per block.
 *
 * @param loss what a linear, by its index in the plan, costs at a ratio
 * @throws InputError if not even OSR 1 fits
 */
export function linearsOfLeastLoss(
  config: ModelConfig,
  options: PlanOptions,
  loss: (linear: number, osr: number) => number,
  limit: AllocationLimit,
): PlanLinear[] {
  const least = planLinears(config, options, () => MIN_OSR);
  const { block } = least[0]!;
  const steps = ((MAX_OSR - MIN_OSR) * block) / SAMPLE_GRANULE;
  const plans = Array.from({ length: steps + 1 }, (_, step) =>
    planLinears(config, options, () => MIN_OSR + (step * SAMPLE_GRANULE) / block),
  );
  const cost = (linear: PlanLinear): number =>
    'bytes' in limit ? planBytes({ linears: [linear] }) : linear.rows * linear.cols * linear.samples;
  const budget =
    'bytes' in limit ? limit.bytes : least.reduce((sum, { rows, cols }) => sum + rows * cols, 0) * block * limit.osr;
  const choices = least.map((_, index) =>
    plans.map((plan) => ({ cost: cost(plan[index]!), loss: loss(index, plan[index]!.osr) })),
  );
  const chosen = leastLoss(choices, budget);
  if (chosen !== null) return chosen.map((step, index) => plans[step]![index]!);
  const name = 'bytes' in limit ? `--budget ${limit.bytes} bytes` : `--osr ${limit.osr}`;
  throw new InputError(`${name} is too small: the linears take ${planBytes({ linears: least })} bytes at OSR 1`);
}

/** The OSR of each linear in the layout of the published OSR files. */
export function osrConfigOf(linears: readonly PlanLinear[]): OsrConfig {
  const config: Record<string, Record<string, { osr_proj: number }>> = {};
  for (const { layer, role, osr } of linears) {
    config[layer] ??= {};
    config[layer][role] = { osr_proj: osr };
  }
  return config;
}

/** Whether statistics have every layer and linear of a model. */
export function matchesModel(config: ModelConfig, statistics: ModelStatistics): boolean {
  return Array.from({ length: config.layers }, (_, layer) => statistics[layer]).every(
    (layer) => layer !== undefined && rolesOf(config.architecture).every((role) => role in layer),
  );
}

/** Checks the content of an OSR file. @throws InputError naming the file and the JSON path */
export function parseOsrConfig(value: unknown, name: string): OsrConfig {
  if (!isJsonObject(value)) throw new InputError(`${name}: $ must be an object with one entry per layer`);
  for (const [layer, roles] of Object.entries(value)) {
    if (!isJsonObject(roles))
      throw new InputError(`${name}: $["${layer}"] must be an object with one entry per linear`);
    for (const [role, entry] of Object.entries(roles)) {
      const osr = isJsonObject(entry) ? entry.osr_proj : undefined;
      if (!(typeof osr === 'number' && osr >= MIN_OSR && osr <= MAX_OSR)) {
        throw new InputError(
          `${name}: $["${layer}"]["${role}"].osr_proj must be a number from ${MIN_OSR} to ${MAX_OSR}, not ${JSON.stringify(osr)}`,
        );
      }
    }
  }
  return value as OsrConfig;
}
