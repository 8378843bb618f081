/** Statistics of a model's weights, in the layout that SDQ-LLM's authors publish: layer → linear → numbers. */

import { InputError } from '../errors.js';
import { rolesOf } from '../model/roles.js';
import type { Architecture, LinearRole, ModelSource } from '../model/types.js';

/** Statistics of one linear's weights. */
export interface LinearStatistics {
  /** Sample standard deviation (n − 1). */
  readonly std: number;
  /** Largest magnitude × √count / Frobenius norm; the allocation does not need it, so a file may lack it. */
  readonly mup?: number;
  /** Share of the layer's weights, 0 … 1. */
  readonly ratio: number;
}

export type LayerStatistics = {
  /** Sample standard deviation over all weights of the layer together. */
  readonly block_std: number;
  /** `mup` over all weights of the layer together. */
  readonly block_mup?: number;
} & { readonly [role in LinearRole]?: LinearStatistics };

/** Layers by number: "0", "1", … */
export type ModelStatistics = Readonly<Record<string, LayerStatistics>>;

const ROLES: ReadonlySet<string> = new Set([...rolesOf('llama'), ...rolesOf('opt')]);

/** The order of the linears in the published files: that in which the reference implementation declares its modules. */
function publishedOrder(architecture: Architecture): readonly LinearRole[] {
  return architecture === 'llama'
    ? rolesOf('llama')
    : ['self_attn.k_proj', 'self_attn.v_proj', 'self_attn.q_proj', 'self_attn.out_proj', 'fc1', 'fc2'];
}

/** Sums from which the statistics of a set of values follow, and of unions of sets. */
interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly deviations: number;
  readonly largest: number;
}

function momentsOf(values: Float32Array): Moments {
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    largest = Math.max(largest, Math.abs(values[i]!));
  }
  const mean = values.length === 0 ? 0 : sum / values.length;
  let deviations = 0;
  for (let i = 0; i < values.length; i++) deviations += (values[i]! - mean) ** 2;
  return { count: values.length, mean, deviations, largest };
}

function union(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  if (count === 0) return a;
  const distance = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (distance * b.count) / count,
    deviations: a.deviations + b.deviations + (distance ** 2 * a.count * b.count) / count,
    largest: Math.max(a.largest, b.largest),
  };
}

function standardDeviation({ count, deviations }: Moments): number {
  return count > 1 ? Math.sqrt(deviations / (count - 1)) : 0;
}

function peakToRms({ count, mean, deviations, largest }: Moments): number {
  const energy = deviations + count * mean ** 2;
  return energy === 0 ? 0 : (largest * Math.sqrt(count)) / Math.sqrt(energy);
}

/**
 * Statistics of one layer, computed in double precision.
 *
 * @param weights the layer's linears
 * @throws InputError if a linear of the architecture is missing, or one has a weight that is not finite
 */
export function layerStatistics(
  architecture: Architecture,
  weights: ReadonlyMap<LinearRole, Float32Array>,
): LayerStatistics {
  const moments = publishedOrder(architecture).map((role) => {
    const values = weights.get(role);
    if (values === undefined) throw new InputError(`the layer has no ${role}.`);
    const found = momentsOf(values);
    if (!Number.isFinite(found.deviations)) throw new InputError(`${role} has a weight that is not a finite number.`);
    return [role, found] as const;
  });
  const whole = moments.map(([, found]) => found).reduce(union);
  const linears = moments.map(([role, found]) => {
    const statistics: LinearStatistics = {
      std: standardDeviation(found),
      mup: peakToRms(found),
      ratio: found.count / whole.count,
    };
    return [role, statistics] as const;
  });
  return { block_std: standardDeviation(whole), block_mup: peakToRms(whole), ...Object.fromEntries(linears) };
}

/**
 * Statistics of a model; one layer is in memory at a time.
 *
 * @param onLayer is called when a layer is done
 * @throws InputError naming the layer and the linear with a weight that is not finite
 */
export function modelStatistics(source: ModelSource, onLayer?: (layer: number) => void): ModelStatistics {
  const { architecture, layers } = source.config;
  const statistics: Record<string, LayerStatistics> = {};
  for (let layer = 0; layer < layers; layer++) {
    try {
      statistics[layer] = layerStatistics(architecture, source.loadLayer(layer).weights);
    } catch (error) {
      throw error instanceof InputError ? new InputError(`layer ${layer}: ${error.message}`) : error;
    }
    onLayer?.(layer);
  }
  return statistics;
}

/**
 * Reads statistics from parsed JSON.
 *
 * @param name what to call the file in messages
 * @throws InputError naming the JSON path of the first value that is missing or not what it must be
 */
export function parseStatistics(value: unknown, name = 'the statistics'): ModelStatistics {
  const fail = (path: string, expected: string): never => {
    throw new InputError(`${name}: ${path} must be ${expected}.`);
  };
  const members = (object: unknown, path: string): [string, unknown][] => {
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return fail(path, 'an object');
    return Object.entries(object);
  };
  const positive = (number: unknown, path: string): void => {
    if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) fail(path, 'a number greater than 0');
  };
  const layers = members(value, '$');
  if (layers.length === 0) fail('$', 'an object with a member for each layer');
  layers.forEach(([layer, content], i) => {
    const path = `$["${layer}"]`;
    if (layer !== String(i)) fail(path, `layer "${i}": layers are numbered from 0 without gaps`);
    const linears = members(content, path).filter(([role]) => !role.startsWith('block_'));
    positive((content as Partial<LayerStatistics>).block_std, `${path}.block_std`);
    if (linears.length === 0) fail(path, 'an object with a member for each linear');
    for (const [role, statistics] of linears) {
      const linearPath = `${path}["${role}"]`;
      if (!ROLES.has(role)) fail(linearPath, `one of the linears ${[...ROLES].join(', ')}`);
      const { std, ratio } = Object.fromEntries(members(statistics, linearPath));
      positive(std, `${linearPath}.std`);
      positive(ratio, `${linearPath}.ratio`);
      if ((ratio as number) > 1) fail(`${linearPath}.ratio`, 'at most 1');
    }
  });
  return value as ModelStatistics;
}
