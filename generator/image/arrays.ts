import type { Int8Matrix, IntegerLayer, IntegerModel, IntegerNorm } from '../../sim/golden/parameters.js';
import type { Tables } from '../../sim/golden/tables.js';
import type { Plan } from '../plan/types.js';

/** An array that an image holds by name. */
export type ImageArray = Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** The integer model as named arrays and numbers: what an image holds beside its linears. */
export interface NamedArrays {
  readonly arrays: Map<string, ImageArray>;
  readonly numbers: Record<string, number>;
}

const TABLES = ['reciprocalRoot', 'exp2', 'sigmoid', 'sine', 'ropeStep'] as const;

/** Everything of an integer model but the linears' symbols, scales and exponents. */
export function toNamedArrays(model: Omit<IntegerModel, 'exponents'>): NamedArrays {
  const arrays = new Map<string, ImageArray>();
  const numbers: Record<string, number> = {};
  const putMatrix = (name: string, matrix: Int8Matrix | null): void => {
    if (!matrix) return;
    arrays.set(`${name}.values`, matrix.values);
    arrays.set(`${name}.scales`, matrix.scales);
    numbers[`${name}.exponent`] = matrix.exponent;
  };
  const putNorm = (name: string, norm: IntegerNorm | null): void => {
    if (!norm) return;
    arrays.set(`${name}.weight`, norm.weight);
    if (norm.bias) arrays.set(`${name}.bias`, norm.bias);
    numbers[`${name}.shift`] = norm.shift;
    numbers[`${name}.frac`] = norm.frac;
  };
  for (const table of TABLES) arrays.set(`tables.${table}`, model.tables[table]);
  for (const [samples, kernel] of model.kernels) arrays.set(`kernels.${samples}`, kernel);
  putMatrix('embedding', model.embedding);
  putMatrix('positions', model.positions);
  putMatrix('projectIn', model.projectIn);
  putMatrix('projectOut', model.projectOut);
  if (model.head !== model.embedding) putMatrix('head', model.head);
  putNorm('finalNorm', model.finalNorm);
  model.layers.forEach((layer, i) => {
    putNorm(`layers.${i}.attnNorm`, layer.attnNorm);
    putNorm(`layers.${i}.mlpNorm`, layer.mlpNorm);
  });
  model.biases.forEach((bias, i) => {
    if (bias) arrays.set(`${model.plan.linears[i]!.name}.bias`, bias);
  });
  return { arrays, numbers };
}

/** Reads named arrays: `array` and `number` throw if there is none of that name and type. */
export interface NamedArrayReader {
  has(name: string): boolean;
  array<T extends ImageArray>(name: string, type: new (length: number) => T, count: number): T;
  number(name: string): number;
}

/** The inverse of toNamedArrays; shapes follow from the plan. */
export function fromNamedArrays(reader: NamedArrayReader, plan: Plan): Omit<IntegerModel, 'exponents'> {
  const { model: config } = plan;
  const matrix = (name: string, rows: number, cols: number): Int8Matrix => ({
    rows,
    cols,
    values: reader.array(`${name}.values`, Int8Array, rows * cols),
    scales: reader.array(`${name}.scales`, Uint16Array, rows),
    exponent: reader.number(`${name}.exponent`),
  });
  const optionalMatrix = (name: string, rows: number, cols: number): Int8Matrix | null =>
    reader.has(`${name}.values`) ? matrix(name, rows, cols) : null;
  const norm = (name: string): IntegerNorm => ({
    weight: reader.array(`${name}.weight`, Int16Array, config.dim),
    bias: reader.has(`${name}.bias`) ? reader.array(`${name}.bias`, Int32Array, config.dim) : null,
    shift: reader.number(`${name}.shift`),
    frac: reader.number(`${name}.frac`),
  });
  const embedding = matrix('embedding', config.vocab, config.embedDim);
  const samples = plan.linears.filter((linear) => linear.frame === 'fourier').map((linear) => linear.samples);
  return {
    config,
    plan,
    tables: readTables(reader, config.rope ? config.headDim / 2 : 0),
    embedding,
    positions: optionalMatrix('positions', config.context, config.dim),
    projectIn: optionalMatrix('projectIn', config.dim, config.embedDim),
    projectOut: optionalMatrix('projectOut', config.embedDim, config.dim),
    head: config.tiedHead ? embedding : matrix('head', config.vocab, config.embedDim),
    finalNorm: config.finalNorm ? norm('finalNorm') : null,
    layers: Array.from(
      { length: config.layers },
      (_, i): IntegerLayer => ({ attnNorm: norm(`layers.${i}.attnNorm`), mlpNorm: norm(`layers.${i}.mlpNorm`) }),
    ),
    biases: plan.linears.map(({ name, rows }) =>
      reader.has(`${name}.bias`) ? reader.array(`${name}.bias`, Int32Array, rows) : null,
    ),
    kernels: new Map(
      [...new Set(samples)].map((count) => [
        count,
        reader.array(`kernels.${count}`, Int16Array, count * plan.linears[0]!.block),
      ]),
    ),
  };
}

function readTables(reader: NamedArrayReader, pairs: number): Tables {
  return {
    reciprocalRoot: reader.array('tables.reciprocalRoot', Int32Array, 768),
    exp2: reader.array('tables.exp2', Int32Array, 1024),
    sigmoid: reader.array('tables.sigmoid', Int32Array, 2048),
    sine: reader.array('tables.sine', Int32Array, 1025),
    ropeStep: reader.array('tables.ropeStep', Uint32Array, pairs),
  };
}
