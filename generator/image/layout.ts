/** What the image of a plan holds beside its linears, in the order of the file. Source: docs/image.md, "Arrays". */

import { isHead } from '../model/roles.js';
import type { Plan } from '../plan/types.js';
import { linearBytes } from './symbols.js';

/** Element types of arrays. */
export const ARRAY_TYPES = {
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
} as const;

export type ArrayType = keyof typeof ARRAY_TYPES;

/** An array that an image holds by name. */
export type ImageArray = Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

export interface ArraySpec {
  readonly name: string;
  readonly type: ArrayType;
  /** Number of elements. */
  readonly count: number;
}

export type MatrixName = 'embedding' | 'positions' | 'projectIn' | 'projectOut' | 'head';

export interface MatrixSpec {
  readonly name: MatrixName;
  readonly rows: number;
  readonly cols: number;
}

/** The int8 matrices of a plan's model. */
export function matrixSpecs({ model, linears }: Plan): MatrixSpec[] {
  const { vocab, embedDim, dim, context } = model;
  const specs: MatrixSpec[] = [{ name: 'embedding', rows: vocab, cols: embedDim }];
  if (!model.rope) specs.push({ name: 'positions', rows: context, cols: dim });
  if (embedDim !== dim) {
    specs.push({ name: 'projectIn', rows: dim, cols: embedDim }, { name: 'projectOut', rows: embedDim, cols: dim });
  }
  if (!model.tiedHead && !linears.some(isHead)) specs.push({ name: 'head', rows: vocab, cols: embedDim });
  return specs;
}

/** The norms of a plan's model. */
export function normNames({ model }: Plan): string[] {
  const layers = Array.from({ length: model.layers }, (_, i) => [`layers.${i}.attnNorm`, `layers.${i}.mlpNorm`]);
  return [...(model.finalNorm ? ['finalNorm'] : []), ...layers.flat()];
}

/** Numbers of samples for which a plan's linears need a kernel (mode `fourier`). */
export function kernelSamples({ linears }: Plan): number[] {
  return [...new Set(linears.filter(({ frame }) => frame === 'fourier').map(({ samples }) => samples))];
}

/** Name, type and size of every array. */
export function arrayLayout(plan: Plan): ArraySpec[] {
  const { model, linears } = plan;
  const { block } = linears[0]!;
  const spec = (name: string, type: ArrayType, count: number): ArraySpec => ({ name, type, count });
  return [
    spec('tables.reciprocalRoot', 'int32', 768),
    spec('tables.exp2', 'int32', 1024),
    spec('tables.sigmoid', 'int32', 2048),
    spec('tables.sine', 'int32', 1025),
    spec('tables.ropeStep', 'uint32', model.rope ? model.headDim / 2 : 0),
    ...kernelSamples(plan).map((samples) => spec(`kernels.${samples}`, 'int16', samples * block)),
    ...matrixSpecs(plan).flatMap(({ name, rows, cols }) => [
      spec(`${name}.values`, 'int8', rows * cols),
      spec(`${name}.scales`, 'uint16', rows),
    ]),
    ...normNames(plan).flatMap((name) => [
      spec(`${name}.weight`, 'int16', model.dim),
      ...(model.architecture === 'opt' ? [spec(`${name}.bias`, 'int32', model.dim)] : []),
    ]),
    ...linears
      .filter((linear) => model.biases && !isHead(linear))
      .map(({ name, rows }) => spec(`${name}.bias`, 'int32', rows)),
  ];
}

/** Names of the integers that go with the arrays: exponents, shifts, fraction bits. */
export function numberNames(plan: Plan): string[] {
  return [
    ...matrixSpecs(plan).map(({ name }) => `${name}.exponent`),
    ...normNames(plan).flatMap((name) => [`${name}.shift`, `${name}.frac`]),
  ];
}

/** Bytes of an array. */
export function arrayBytes({ type, count }: ArraySpec): number {
  return count * ARRAY_TYPES[type].BYTES_PER_ELEMENT;
}

/** Bytes of each linear, in plan order: symbols, scales and means. */
export function linearLengths(plan: Plan): number[] {
  return plan.linears.map((linear) => {
    const { symbols, scales, means } = linearBytes(linear);
    return symbols + scales + means;
  });
}
