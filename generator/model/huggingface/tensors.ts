import { LayerWeights } from '../layer-weights.js';
import { rolesOf, shapeOf } from '../roles.js';
import { interleaveRotaryRows } from '../rope.js';
import type { Architecture, EndTensors, LayerTensors, LinearRole, NormTensors } from '../types.js';
import type { HuggingFaceModel } from './config.js';

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

interface NormSpec {
  readonly weight: TensorSpec;
  readonly bias: TensorSpec | null;
}

/** Where the file holds the tensors of one decoder layer; a norm is null if its weights are all 1. */
export interface LayerSpecs {
  readonly weights: ReadonlyMap<LinearRole, TensorSpec>;
  readonly biases: ReadonlyMap<LinearRole, TensorSpec>;
  readonly attnNorm: NormSpec | null;
  readonly mlpNorm: NormSpec | null;
  /** All of the above. */
  readonly all: readonly TensorSpec[];
}

/** Where the file holds the tensors outside the decoder layers; null for those that the model does not have. */
export interface EndSpecs {
  readonly embedding: TensorSpec;
  readonly positions: TensorSpec | null;
  readonly projectIn: TensorSpec | null;
  readonly projectOut: TensorSpec | null;
  readonly finalNorm: NormSpec | null;
  /** null if the head is tied */
  readonly head: TensorSpec | null;
  /** All of the above. */
  readonly all: readonly TensorSpec[];
}

/** Reads one tensor; throws InputError if it is missing or not as specified. */
export type TensorReader = (spec: TensorSpec) => Float32Array;

/** OPT's table of positions begins with this many rows that no position uses. */
const OPT_POSITION_OFFSET = 2;

/**
 * What precedes the names of a checkpoint's tensors, most usual first: files differ in whether they were saved from
 * the whole model or from its decoder.
 */
const PREFIXES: Readonly<Record<Architecture, readonly [string, ...string[]]>> = {
  llama: ['model.', ''],
  opt: ['model.decoder.', 'decoder.', ''],
};

/** Finds the prefix that the file uses; the most usual one if none fits, so that the message names that. */
export function findPrefix(architecture: Architecture, has: (name: string) => boolean): string {
  const prefixes = PREFIXES[architecture];
  return prefixes.find((prefix) => has(`${prefix}embed_tokens.weight`)) ?? prefixes[0];
}

export function layerSpecs(model: HuggingFaceModel, prefix: string, layer: number): LayerSpecs {
  const { config } = model;
  const collector = new SpecCollector(model, `${prefix}layers.${layer}.`);
  const weights = new Map<LinearRole, TensorSpec>();
  const biases = new Map<LinearRole, TensorSpec>();
  for (const role of rolesOf(config.architecture)) {
    const { rows, cols } = shapeOf(config, role);
    weights.set(role, collector.tensor(`${role}.weight`, rows, cols));
    const stored = role.startsWith('self_attn.') ? model.attentionBias : model.mlpBias;
    if (stored) biases.set(role, collector.tensor(`${role}.bias`, rows));
  }
  const llama = config.architecture === 'llama';
  return {
    weights,
    biases,
    attnNorm: collector.norm(llama ? 'input_layernorm' : 'self_attn_layer_norm'),
    mlpNorm: collector.norm(llama ? 'post_attention_layernorm' : 'final_layer_norm'),
    all: collector.all,
  };
}

export function endSpecs(model: HuggingFaceModel, prefix: string): EndSpecs {
  const { vocab, context, embedDim, dim, architecture, finalNorm, tiedHead } = model.config;
  const collector = new SpecCollector(model, prefix);
  const opt = architecture === 'opt';
  const projected = embedDim !== dim;
  return {
    embedding: collector.tensor('embed_tokens.weight', vocab, embedDim),
    positions: opt ? collector.tensor('embed_positions.weight', context + OPT_POSITION_OFFSET, dim) : null,
    projectIn: projected ? collector.tensor('project_in.weight', dim, embedDim) : null,
    projectOut: projected ? collector.tensor('project_out.weight', embedDim, dim) : null,
    finalNorm: finalNorm ? collector.norm(opt ? 'final_layer_norm' : 'norm') : null,
    head: tiedHead ? null : collector.outermost('lm_head.weight', vocab, embedDim),
    all: collector.all,
  };
}

/** Makes the specs of tensors whose names begin alike, and remembers them all. */
class SpecCollector {
  readonly all: TensorSpec[] = [];
  readonly #model: HuggingFaceModel;
  readonly #prefix: string;

  constructor(model: HuggingFaceModel, prefix: string) {
    this.#model = model;
    this.#prefix = prefix;
  }

  tensor(name: string, ...shape: readonly number[]): TensorSpec {
    return this.outermost(this.#prefix + name, ...shape);
  }

  /** A tensor whose name has no prefix. */
  outermost(name: string, ...shape: readonly number[]): TensorSpec {
    const spec = { name, shape };
    this.all.push(spec);
    return spec;
  }

  norm(name: string): NormSpec | null {
    if (!this.#model.normAffine) return null;
    const { architecture, dim } = this.#model.config;
    return {
      weight: this.tensor(`${name}.weight`, dim),
      bias: architecture === 'opt' ? this.tensor(`${name}.bias`, dim) : null,
    };
  }
}

/** Reads a decoder layer, q and k rows put into interleaved order; its matrices when they are asked for. */
export function readLayer(model: HuggingFaceModel, specs: LayerSpecs, read: TensorReader): LayerTensors {
  const { config } = model;
  const rotate = (role: LinearRole, values: Float32Array, cols: number): Float32Array => {
    if (config.rope === null) return values;
    if (role === 'self_attn.q_proj') interleaveRotaryRows(values, config.heads, config.headDim, cols);
    if (role === 'self_attn.k_proj') interleaveRotaryRows(values, config.kvHeads, config.headDim, cols);
    return values;
  };
  const roles = [...specs.weights.keys()];
  const values = roles.reduce((sum, role) => sum + shapeOf(config, role).rows * shapeOf(config, role).cols, 0);
  const weights = new LayerWeights(roles, values, (role) =>
    rotate(role, read(specs.weights.get(role)!), shapeOf(config, role).cols),
  );
  const biases = new Map<LinearRole, Float32Array>();
  for (const role of config.biases ? roles : []) {
    const { rows } = shapeOf(config, role);
    // Where only the attention's or only the feed-forward's linears have biases, the others' are zero.
    const bias = specs.biases.get(role);
    biases.set(role, bias === undefined ? new Float32Array(rows) : rotate(role, read(bias), 1));
  }
  return {
    weights,
    biases,
    attnNorm: readNorm(model, specs.attnNorm, read),
    mlpNorm: readNorm(model, specs.mlpNorm, read),
  };
}

/** Reads the tensors outside the decoder layers, the unused rows of OPT's positions dropped. */
export function readEnds(model: HuggingFaceModel, specs: EndSpecs, read: TensorReader): EndTensors {
  const { config } = model;
  const embedding = read(specs.embedding);
  return {
    embedding,
    positions: specs.positions && read(specs.positions).subarray(OPT_POSITION_OFFSET * config.dim),
    projectIn: specs.projectIn && read(specs.projectIn),
    projectOut: specs.projectOut && read(specs.projectOut),
    finalNorm: config.finalNorm ? readNorm(model, specs.finalNorm, read) : null,
    head: specs.head === null ? embedding : read(specs.head),
  };
}

function readNorm({ config }: HuggingFaceModel, spec: NormSpec | null, read: TensorReader): NormTensors {
  if (spec !== null) return { weight: read(spec.weight), bias: spec.bias && read(spec.bias) };
  // Only OPT has norms without weights of their own, and those are LayerNorms, whose bias is then zero.
  return { weight: new Float32Array(config.dim).fill(1), bias: new Float32Array(config.dim) };
}
