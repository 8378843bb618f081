import type { Int8Matrix, IntegerModel, IntegerNorm } from '../../sim/golden/parameters.js';
import { isHead } from '../model/roles.js';
import type { Plan } from '../plan/types.js';
import { type ImageArray, kernelSamples, type MatrixName, matrixSpecs } from './layout.js';

/** The integer model as named arrays and numbers: what an image holds beside its linears. */
export interface NamedArrays {
  readonly arrays: ReadonlyMap<string, ImageArray>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Everything of an integer model but the linears' symbols, scales and exponents. */
export function toNamedArrays(model: Omit<IntegerModel, 'exponents'>): NamedArrays {
  const arrays = new Map<string, ImageArray>();
  const numbers: Record<string, number> = {};
  const putNorm = (name: string, norm: IntegerNorm | null): void => {
    if (!norm) return;
    arrays.set(`${name}.weight`, norm.weight);
    if (norm.bias) arrays.set(`${name}.bias`, norm.bias);
    numbers[`${name}.shift`] = norm.shift;
    numbers[`${name}.frac`] = norm.frac;
  };
  for (const [name, table] of Object.entries(model.tables)) arrays.set(`tables.${name}`, table);
  for (const [samples, kernel] of model.kernels) arrays.set(`kernels.${samples}`, kernel);
  for (const name of ['embedding', 'positions', 'projectIn', 'projectOut', 'head'] as const) {
    const matrix = model[name];
    if (!matrix || (name === 'head' && matrix === model.embedding)) continue;
    arrays.set(`${name}.values`, matrix.values);
    arrays.set(`${name}.scales`, matrix.scales);
    numbers[`${name}.exponent`] = matrix.exponent;
  }
  putNorm('finalNorm', model.finalNorm);
  model.layers.forEach(({ attnNorm, mlpNorm }, i) => {
    putNorm(`layers.${i}.attnNorm`, attnNorm);
    putNorm(`layers.${i}.mlpNorm`, mlpNorm);
  });
  model.biases.forEach((bias, i) => {
    if (bias) arrays.set(`${model.plan.linears[i]!.name}.bias`, bias);
  });
  return { arrays, numbers };
}

/** The inverse of toNamedArrays for arrays and numbers as `arrayLayout` and `numberNames` list them for the plan. */
export function fromNamedArrays({ arrays, numbers }: NamedArrays, plan: Plan): Omit<IntegerModel, 'exponents'> {
  const { model: config, linears } = plan;
  const take = <T extends ImageArray>(name: string): T => arrays.get(name) as T;
  const matrices = new Map<MatrixName, Int8Matrix>();
  for (const { name, rows, cols } of matrixSpecs(plan)) {
    const [values, scales] = [take<Int8Array>(`${name}.values`), take<Uint16Array>(`${name}.scales`)];
    matrices.set(name, { rows, cols, values, scales, exponent: numbers[`${name}.exponent`]! });
  }
  const norm = (name: string): IntegerNorm => ({
    weight: take<Int16Array>(`${name}.weight`),
    bias: (arrays.get(`${name}.bias`) as Int32Array | undefined) ?? null,
    shift: numbers[`${name}.shift`]!,
    frac: numbers[`${name}.frac`]!,
  });
  const embedding = matrices.get('embedding')!;
  return {
    config,
    plan,
    tables: {
      reciprocalRoot: take<Int32Array>('tables.reciprocalRoot'),
      exp2: take<Int32Array>('tables.exp2'),
      sigmoid: take<Int32Array>('tables.sigmoid'),
      sine: take<Int32Array>('tables.sine'),
      ropeStep: take<Uint32Array>('tables.ropeStep'),
    },
    embedding,
    positions: matrices.get('positions') ?? null,
    projectIn: matrices.get('projectIn') ?? null,
    projectOut: matrices.get('projectOut') ?? null,
    head: linears.some(isHead) ? null : (matrices.get('head') ?? embedding),
    finalNorm: config.finalNorm ? norm('finalNorm') : null,
    layers: Array.from({ length: config.layers }, (_, i) => ({
      attnNorm: norm(`layers.${i}.attnNorm`),
      mlpNorm: norm(`layers.${i}.mlpNorm`),
    })),
    biases: linears.map(({ name }) => (arrays.get(`${name}.bias`) as Int32Array | undefined) ?? null),
    kernels: new Map(kernelSamples(plan).map((samples) => [samples, take<Int16Array>(`kernels.${samples}`)])),
  };
}
