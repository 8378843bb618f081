/** Small made-up plans, models and quantized weights for tests. Everything follows from the options and a seed. */

import { headLinearsOf, isHead, linearsOf } from '../../generator/model/roles.js';
import type { LinearShape, ModelConfig } from '../../generator/model/types.js';
import { blockCount, symbolsPerRow } from '../../generator/plan/blocks.js';
import type { Alphabet, FrameMode, Placement, Plan, PlanLinear, PlanTail } from '../../generator/plan/types.js';
import { fourierKernel } from '../../generator/quantize/frame.js';
import { int8Matrix, integerBias, integerNorm } from '../../generator/quantize/integer-parameters.js';
import { drawSigns } from '../../generator/quantize/signs.js';
import type { QuantizedLinear } from '../../generator/quantize/types.js';
import { memoryMap } from '../../generator/sizing/memory.js';
import type { IntegerModel, IntegerNorm, LinearWeights } from '../../sim/golden/parameters.js';
import { buildTables } from '../../sim/golden/tables.js';
import { Random } from './golden-random.js';

/** A tiny LLaMA with grouped-query attention; `overrides` replaces fields. */
export function llamaConfig(overrides: Partial<ModelConfig> = {}): ModelConfig {
  return {
    architecture: 'llama',
    name: 'made-up-llama',
    dim: 64,
    hidden: 108,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    vocab: 40,
    context: 16,
    embedDim: 64,
    tiedHead: true,
    normBefore: true,
    finalNorm: true,
    normEps: 1e-5,
    biases: false,
    rope: { theta: 10000, linearFactor: 1, llama3: null },
    bos: 1,
    eos: [2],
    ...overrides,
  };
}

/** A tiny OPT with biases; `overrides` replaces fields. */
export function optConfig(overrides: Partial<ModelConfig> = {}): ModelConfig {
  return {
    ...llamaConfig(),
    architecture: 'opt',
    name: 'made-up-opt',
    kvHeads: 4,
    hidden: 140,
    biases: true,
    rope: null,
    bos: 2,
    ...overrides,
  };
}

/** OPT as in its 350m: the norm after the addition, a narrower embedding, no final norm; here with a head of its own. */
export function optPostNormConfig(overrides: Partial<ModelConfig> = {}): ModelConfig {
  return optConfig({
    name: 'made-up-opt-post-norm',
    embedDim: 48,
    tiedHead: false,
    normBefore: false,
    finalNorm: false,
    ...overrides,
  });
}

export interface PlanFabric {
  readonly alphabet?: Alphabet;
  readonly frame?: FrameMode;
  readonly block?: number;
  readonly placement?: Placement;
  /** Symbols per full block of a linear; default: 2.5 · block, more or less by role, so that linears differ. */
  readonly samples?: (shape: LinearShape, block: number) => number;
  /** Gain shift of segment k (mode `hadamard`); default: 0, 0, 1, 2, … */
  readonly gain?: (segment: number) => number;
  readonly lanes?: number;
  readonly arrayRows?: number;
  /** Numbers per cycle of the device's frame unit; default: the host frames. */
  readonly frameUnit?: number;
  readonly signSeed?: number;
  /** The head in SDQ. */
  readonly sdqHead?: boolean;
}

/** A valid plan for a model of any shape. */
export function fabricatePlan(config: ModelConfig, fabric: PlanFabric = {}): Plan {
  const { alphabet = 'ternary', frame = 'hadamard', block = 32, signSeed = 1 } = fabric;
  const samplesOf = fabric.samples ?? defaultSamples;
  const gain = fabric.gain ?? ((segment: number) => Math.max(0, segment - 1));
  const shapes = [...linearsOf(config), ...(fabric.sdqHead ? headLinearsOf(config) : [])];
  const linears = shapes.map((shape): PlanLinear => {
    const samples = samplesOf(shape, block);
    const segments = Math.ceil(samples / block);
    return {
      ...shape,
      osr: samples / block,
      block,
      samples,
      tail: frame === 'hadamard' ? fabricateTail(shape.cols, block, samples) : null,
      alphabet,
      frame,
      signSeed,
      packing: alphabet === 'ternary' ? 'base3' : 'bits',
      gainShifts: Array.from({ length: segments }, (_, k) => (frame === 'hadamard' ? gain(k) : 0)),
    };
  });
  const patterns = frame === 'hadamard' ? Math.max(...linears.map(({ gainShifts }) => gainShifts.length)) : 1;
  const array = {
    lanes: fabric.lanes ?? 8,
    rows: fabric.arrayRows ?? (alphabet === 'ternary' ? 10 : 8),
    ...(fabric.frameUnit !== undefined && { frame: fabric.frameUnit }),
  };
  return {
    format: 'sdq-plan/1',
    generator: 'sdq-forge test',
    model: config,
    board: 'sim',
    placement: fabric.placement ?? 'linear',
    signs: drawSigns(signSeed, patterns, block),
    linears,
    array,
    memory: memoryMap(linears, array),
  };
}

function defaultSamples({ role }: LinearShape, block: number): number {
  if (role.endsWith('k_proj')) return 2 * block;
  return (role.endsWith('v_proj') || role === 'mlp.up_proj' ? 3 : 2.5) * block;
}

function fabricateTail(cols: number, block: number, samples: number): PlanTail | null {
  const rest = cols % block;
  if (rest === 0) return null;
  let size = 1;
  while (size < rest) size *= 2;
  return { cols: rest, size, samples: Math.ceil((samples * rest) / block) };
}

/** One linear outside a model: for tests of single operations. `role` and `name` are arbitrary. */
export function fabricateLinear(
  fields: Pick<PlanLinear, 'rows' | 'cols' | 'block' | 'samples'> & Partial<PlanLinear>,
): PlanLinear {
  const { block, samples, cols } = fields;
  const alphabet = fields.alphabet ?? 'ternary';
  const frame = fields.frame ?? 'hadamard';
  return {
    name: 'layers.0.fc1',
    layer: 0,
    role: 'fc1',
    osr: samples / block,
    tail: frame === 'hadamard' ? fabricateTail(cols, block, samples) : null,
    alphabet,
    frame,
    signSeed: 1,
    packing: alphabet === 'ternary' ? 'base3' : 'bits',
    gainShifts: new Array<number>(Math.ceil(samples / block)).fill(0),
    ...fields,
  };
}

/** Random symbols and scales, of about the size that makes outputs as large as inputs. A few blocks have scale 0. */
export function fabricateLinearWeights(linear: PlanLinear, random: Random): QuantizedLinear {
  const ternary = linear.alphabet === 'ternary';
  const scales = Uint8Array.from({ length: linear.rows * blockCount(linear) }, () =>
    random.integer(0, 15) === 0 ? 0 : random.integer(40, 255),
  );
  // A weight is about 128 · √(samples · 2/3) · 2^E, and should be 1/√cols.
  const size = 128 * Math.sqrt((linear.samples * 2) / 3) * 2 ** Math.max(...linear.gainShifts);
  return {
    symbols: Int8Array.from({ length: linear.rows * symbolsPerRow(linear) }, () =>
      ternary ? random.integer(-1, 1) : random.sign(),
    ),
    scales,
    means: linear.frame === 'fourier' ? Int8Array.from(scales, () => random.integer(-12, 12)) : null,
    exponent: -Math.round(Math.log2(size * Math.sqrt(linear.cols))),
  };
}

/** A model's integers, with its linears' symbols and scales. */
export interface FabricatedModel {
  readonly model: IntegerModel;
  readonly linears: readonly QuantizedLinear[];
  readonly weights: LinearWeights;
}

/** A model of random parameters for a plan. */
export function fabricateModel(plan: Plan, seed = 1): FabricatedModel {
  const random = new Random(seed);
  const { model: config } = plan;
  const { dim, embedDim, vocab, context } = config;
  const floats = (count: number, deviation: number, mean = 0): Float32Array =>
    Float32Array.from({ length: count }, () => mean + deviation * random.gaussian());
  const matrix = (rows: number, cols: number, deviation: number) =>
    int8Matrix(floats(rows * cols, deviation), rows, cols);
  const norm = (): IntegerNorm => {
    const bias = config.architecture === 'opt' ? floats(dim, 0.2) : null;
    return integerNorm({ weight: floats(dim, 0.2, 1), bias }, dim);
  };
  const projects = embedDim !== dim;
  const embedding = matrix(vocab, embedDim, 0.7);
  const linears = plan.linears.map((linear) => fabricateLinearWeights(linear, random));
  const model: IntegerModel = {
    config,
    plan,
    tables: buildTables(config),
    embedding,
    positions: config.rope ? null : matrix(context, dim, 0.3),
    projectIn: projects ? matrix(dim, embedDim, 1 / Math.sqrt(embedDim)) : null,
    projectOut: projects ? matrix(embedDim, dim, 1 / Math.sqrt(dim)) : null,
    head: plan.linears.some(isHead) ? null : config.tiedHead ? embedding : matrix(vocab, embedDim, 0.7),
    finalNorm: config.finalNorm ? norm() : null,
    layers: Array.from({ length: config.layers }, () => ({ attnNorm: norm(), mlpNorm: norm() })),
    biases: plan.linears.map(({ role, rows }) => {
      const residual = role === 'self_attn.out_proj' || role === 'fc2';
      return config.biases && role !== 'lm_head' ? integerBias(floats(rows, 0.2), residual ? 16 : 20) : null;
    }),
    exponents: linears.map(({ exponent }) => exponent),
    kernels: new Map(
      plan.linears
        .filter(({ frame }) => frame === 'fourier')
        .map(({ block, samples }) => [samples, fourierKernel(block, samples)]),
    ),
  };
  return { model, linears, weights: { linear: (index) => linears[index]! } };
}
