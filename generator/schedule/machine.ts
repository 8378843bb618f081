/** The decoder on the device: its widths, its memories and where everything lies in them. Source: docs/decoder.md. */

import { fixedPoint } from '../../sim/golden/integer.js';
import { normEpsilon } from '../../sim/golden/ops.js';
import { InputError } from '../errors.js';
import { isHead } from '../model/roles.js';
import type { LinearRole, ModelConfig } from '../model/types.js';
import type { Plan, PlanDecoder, PlanLinear } from '../plan/types.js';
import { bitLength, ceilDiv, indexWidth, isPowerOfTwo, log2Exact } from '../sizing/integers.js';

/** What a builder chooses. */
export type MachineWidths = PlanDecoder;

/** First words of vectors in the vector RAM (words of W elements of 32 bits). */
export interface VectorMap {
  /** Residual stream. */
  readonly x: number;
  /** Output of a norm. */
  readonly y: number;
  readonly q: number;
  readonly k: number;
  readonly v: number;
  /** Output of attention; the embedding before a projection, and what a projection after the last layer gives. */
  readonly mixed: number;
  /** gate, then its product with up; output of fc1. */
  readonly inner: number;
  readonly words: number;
}

/** An int8 matrix in the parameter memory: rows of values, padded to words, and an array of scales. */
export interface MatrixPlace {
  readonly values: number;
  readonly scales: number;
  readonly rows: number;
  readonly cols: number;
}

/** Byte addresses in the parameter memory, all multiples of its word (4 · W bytes). Those of a layer are for layer 0. */
export interface ParameterMap {
  readonly embedding: MatrixPlace;
  readonly positions: MatrixPlace | null;
  readonly projectIn: MatrixPlace | null;
  readonly projectOut: MatrixPlace | null;
  /** The embedding's place if the head is tied; null if the array runs the head. */
  readonly head: MatrixPlace | null;
  readonly finalNorm: number | null;
  readonly attnNorm: number;
  readonly mlpNorm: number;
  /** Biases of the linears of a layer, in plan order; empty if there are none. */
  readonly biases: ReadonlyMap<LinearRole, number>;
  /** From one layer to the next. */
  readonly layerStride: number;
  readonly bytes: number;
}

export interface Machine {
  readonly config: ModelConfig;
  readonly widths: MachineWidths;
  /** Columns of a block of a framed vector. */
  readonly block: number;
  /** Linears of a layer, in plan order. */
  readonly layerLinears: readonly PlanLinear[];
  readonly vectors: VectorMap;
  readonly parameters: ParameterMap;
  /** LayerNorm. */
  readonly centered: boolean;
  /** round(eps · dim · 2^40) */
  readonly epsilon: number;
  /** round(2^32 / dim) */
  readonly dimReciprocal: number;
  /** log2(e) / √headDim */
  readonly scoreScale: { readonly mantissa: number; readonly shift: number };
}

/** Bytes of a word of the parameter memory: W elements of 32 bits. */
export const parameterWord = ({ values }: Pick<MachineWidths, 'values'>): number => 4 * values;

/** Values of an int8 matrix that the dot unit takes per cycle: they divide a word, and the unit. */
export function matrixLanes({ values, attention }: MachineWidths): number {
  let [a, b] = [attention, 4 * values];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** Widths of the buses between the decoder's units: each of the widest that it joins. */
export interface BusWidths {
  /** Elements of a vector. */
  readonly length: number;
  /** Words of the parameter memory, and what their addresses are computed from. */
  readonly parameters: number;
  /** Rows of an int8 matrix. */
  readonly rows: number;
  readonly token: number;
  /** A row of the embedding or of positions. */
  readonly row: number;
  readonly vector: number;
  readonly head: number;
  readonly layer: number;
  readonly position: number;
}

export function busWidths(machine: Machine, { linears }: Pick<Plan, 'linears'>): BusWidths {
  const { config, widths, vectors, parameters } = machine;
  const { dim, hidden, embedDim, vocab, context, heads, layers } = config;
  const most = Math.max(dim, hidden, embedDim, ...linears.map(({ rows }) => rows));
  const length = Math.max(bitLength(most), log2Exact(4 * widths.values) + 1);
  const position = indexWidth(context);
  // The vector unit looks for a row's scale in a word of 2 · W.
  const token = Math.max(indexWidth(vocab), log2Exact(widths.values) + 1);
  const row = Math.max(token, position);
  return {
    length,
    parameters: Math.max(indexWidth(parameters.bytes / parameterWord(widths)), row + 1, length + 1),
    rows: bitLength(Math.max(vocab, dim)),
    token,
    row,
    vector: indexWidth(vectors.words),
    head: indexWidth(heads),
    layer: indexWidth(layers),
    position,
  };
}

/** Bits of the exponent of a cached key or value, 0 … 24. */
const CACHE_EXPONENT_BITS = 5;

/** Words of a norm's header: shift and shift of a norm after, one signed byte each. */
const NORM_HEADER_WORDS = 1;

/** Byte address of a norm's biases. Its weights follow the header. */
export function normBias(norm: number, { config, widths }: Pick<Machine, 'config' | 'widths'>): number {
  const word = parameterWord(widths);
  return norm + word * (NORM_HEADER_WORDS + ceilDiv(2 * config.dim, word));
}

/** Byte address of a norm's weights. */
export const normWeights = (norm: number, widths: MachineWidths): number =>
  norm + NORM_HEADER_WORDS * parameterWord(widths);

/** Bytes from one row of an int8 matrix to the next. */
export function matrixStride({ cols }: Pick<MatrixPlace, 'cols'>, widths: MachineWidths): number {
  const word = parameterWord(widths);
  return word * ceilDiv(cols, word);
}

/** What a machine depends on of a plan. */
export type MachinePlan = Pick<Plan, 'model' | 'linears'>;

/**
 * The machine for a plan.
 *
 * @throws InputError if the device cannot run it, saying why
 */
export function machineOf(plan: MachinePlan, widths: MachineWidths): Machine {
  const { model: config } = plan;
  check(plan, widths);
  const layerLinears = plan.linears.filter(({ layer }) => layer === 0);
  return {
    config,
    widths,
    block: plan.linears[0]!.block,
    layerLinears,
    vectors: vectorMap(config, widths),
    parameters: parameterMap(config, layerLinears, plan.linears.some(isHead), widths),
    centered: config.architecture === 'opt',
    epsilon: normEpsilon(config.normEps, config.dim),
    dimReciprocal: Math.floor((4294967296 + config.dim / 2) / config.dim),
    scoreScale: fixedPoint(Math.LOG2E / Math.sqrt(config.headDim)),
  };
}

/** The machine of a plan in placement `decoder`. @throws InputError as `machineOf`, or if the plan is of another placement */
export function planMachine(plan: MachinePlan & Pick<Plan, 'decoder'>): Machine {
  if (plan.decoder === undefined) throw new InputError('the plan is not one of placement decoder');
  return machineOf(plan, plan.decoder);
}

function check({ model: config, linears }: MachinePlan, { values, attention, drain }: MachineWidths): void {
  const refuse = (why: string): never => {
    throw new InputError(`the decoder cannot be put on the device: ${why}`);
  };
  if (!isPowerOfTwo(values) || !isPowerOfTwo(drain) || drain > values) {
    refuse(`a vector unit of ${values} elements and ${drain} results per cycle`);
  }
  if (config.rope && values < 2) refuse('rotary pairs want a vector unit of two elements or more');
  if (attention % values !== 0) refuse(`${attention} multipliers for attention are no multiple of ${values}`);
  if (config.headDim % attention !== 0) {
    refuse(`${attention} multipliers for attention do not divide heads of ${config.headDim}`);
  }
  const fourier = linears.find(({ frame }) => frame !== 'hadamard');
  if (fourier) refuse(`${fourier.name} has frame ${fourier.frame}; the device frames mode hadamard only`);
  if (linears.some(({ block }) => block !== linears[0]!.block || block % values !== 0)) {
    refuse(`blocks must be equal, and multiples of ${values}`);
  }
}

function vectorMap(config: ModelConfig, { values }: MachineWidths): VectorMap {
  let words = 0;
  const place = (elements: number): number => {
    const first = words;
    words += ceilDiv(elements, values);
    return first;
  };
  const { dim, embedDim, heads, kvHeads, headDim, hidden } = config;
  const x = place(dim);
  const y = place(dim);
  const q = place(heads * headDim);
  const k = place(kvHeads * headDim);
  const v = place(kvHeads * headDim);
  const mixed = place(Math.max(heads * headDim, embedDim));
  // Attention is over when the feed-forward part begins, so q, k and v lend their words.
  const inner = q;
  words = Math.max(words, inner + ceilDiv(hidden, values));
  return { x, y, q, k, v, mixed, inner, words };
}

function parameterMap(
  config: ModelConfig,
  layerLinears: readonly PlanLinear[],
  headOnArray: boolean,
  widths: MachineWidths,
): ParameterMap {
  const word = parameterWord(widths);
  let bytes = 0;
  const place = (size: number): number => {
    const first = bytes;
    bytes += word * ceilDiv(size, word);
    return first;
  };
  const matrix = (rows: number, cols: number): MatrixPlace => ({
    values: place(rows * matrixStride({ cols }, widths)),
    scales: place(2 * rows),
    rows,
    cols,
  });
  const { dim, embedDim, vocab, context } = config;
  const norm = (): number => {
    const first = place(NORM_HEADER_WORDS * word);
    place(2 * dim);
    if (config.architecture === 'opt') place(4 * dim);
    return first;
  };
  const projects = embedDim !== dim;
  const attnNorm = norm();
  const mlpNorm = norm();
  const biases = new Map(config.biases ? layerLinears.map(({ role, rows }) => [role, place(4 * rows)]) : []);
  const layerStride = bytes;
  bytes *= config.layers;
  const finalNorm = config.finalNorm ? norm() : null;
  const embedding = matrix(vocab, embedDim);
  return {
    attnNorm,
    mlpNorm,
    biases,
    layerStride,
    finalNorm,
    embedding,
    positions: config.rope ? null : matrix(context, dim),
    projectIn: projects ? matrix(dim, embedDim) : null,
    projectOut: projects ? matrix(embedDim, dim) : null,
    head: headOnArray ? null : config.tiedHead ? embedding : matrix(vocab, embedDim),
    bytes,
  };
}

/** Bits of the memories that a machine has besides the engine's. */
export function memoryBits({ config, widths, vectors, parameters }: Machine): Readonly<Record<string, number>> {
  const { layers, kvHeads, context, headDim, heads, dim, embedDim } = config;
  const places = layers * kvHeads * context;
  return {
    vectors: 32 * widths.values * vectors.words,
    parameters: 8 * parameters.bytes,
    keys: 16 * places * headDim,
    values: 8 * places * headDim,
    // A key's, a value's and the largest of the values so far.
    exponents: 3 * CACHE_EXPONENT_BITS * places,
    scores: 2 * 32 * context,
    query: 16 * Math.max(heads * headDim, dim, embedDim),
  };
}
