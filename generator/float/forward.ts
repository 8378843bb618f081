import { InputError } from '../errors.js';
import { shapeOf } from '../model/roles.js';
import type { EndTensors, LayerTensors, LinearRole, ModelConfig } from '../model/types.js';
import { attend, createCache, type KeyValueCache, rotate } from './attention.js';
import { matmul } from './matmul.js';
import { normalize } from './norm.js';

/**
 * Sees what goes into a linear: `input` is seq × cols of that linear, and is only valid during the call.
 * Roles that read the same vector (q, k and v; gate and up) are each reported, one after the other.
 */
export type LinearObserver = (role: LinearRole, input: Float32Array, seq: number) => void;

/**
 * Embeds tokens: the residual stream before the first layer.
 *
 * @param start position of the first token
 * @returns tokens.length × dim
 * @throws InputError if a token is not in the model's vocabulary, or a position not in its context
 */
export function embed(config: ModelConfig, ends: EndTensors, tokens: ArrayLike<number>, start = 0): Float32Array {
  const { dim, embedDim, vocab, context } = config;
  const seq = tokens.length;
  if (start + seq > context) {
    throw new InputError(`${start + seq} tokens exceed the context of ${context} tokens of model ${config.name}.`);
  }
  const rows = new Float32Array(seq * embedDim);
  for (let t = 0; t < seq; t++) {
    const token = tokens[t]!;
    if (!(Number.isInteger(token) && token >= 0 && token < vocab)) {
      throw new InputError(`Token ${token} is not in the vocabulary of ${vocab} tokens of model ${config.name}.`);
    }
    rows.set(ends.embedding.subarray(token * embedDim, (token + 1) * embedDim), t * embedDim);
  }
  let hidden = rows;
  if (ends.projectIn !== null) {
    hidden = new Float32Array(seq * dim);
    matmul(ends.projectIn, null, dim, embedDim, rows, seq, hidden);
  }
  if (ends.positions !== null) {
    for (let i = 0; i < hidden.length; i++) hidden[i] = hidden[i]! + ends.positions[start * dim + i]!;
  }
  return hidden;
}

/** A linear that a layer needs applied: `input` is seq × cols of that linear, and is only valid until it is answered. */
export interface LinearRequest {
  readonly role: LinearRole;
  readonly input: Float32Array;
}

/**
 * One decoder layer in float without its linears: it asks for each in the order of inference, and is answered with the
 * output, seq × rows.
 *
 * @param hidden seq × dim, the residual stream; updated in place
 * @param cache the layer's keys and values of earlier positions, to which these are appended; without it the tokens
 *   are a whole sequence from position 0
 */
export function* layerSteps(
  config: ModelConfig,
  norms: Pick<LayerTensors, 'attnNorm' | 'mlpNorm'>,
  hidden: Float32Array,
  seq: number,
  cache?: KeyValueCache,
): Generator<LinearRequest, void, Float32Array> {
  // A generator each: what one has held is let go when the other begins.
  yield* attentionPart(config, norms.attnNorm, hidden, seq, cache);
  yield* feedForwardPart(config, norms.mlpNorm, hidden, seq);
}

type Requests = Generator<LinearRequest, void, Float32Array>;

function* attentionPart(
  config: ModelConfig,
  norm: LayerTensors['attnNorm'],
  hidden: Float32Array,
  seq: number,
  cache?: KeyValueCache,
): Requests {
  const input = inputOfPart(config, norm, hidden, seq);
  const mixed = yield* attention(config, input, seq, cache ?? createCache(config, seq));
  const role = config.architecture === 'llama' ? 'self_attn.o_proj' : 'self_attn.out_proj';
  add(hidden, yield { role, input: mixed });
  if (!config.normBefore) normalize(config, norm, hidden, seq, hidden);
}

function* feedForwardPart(
  config: ModelConfig,
  norm: LayerTensors['mlpNorm'],
  hidden: Float32Array,
  seq: number,
): Requests {
  const isLlama = config.architecture === 'llama';
  // Makes the part's input itself, so that it does not outlive the linears that read it.
  const inner = yield* (isLlama ? gated : rectified)(config, norm, hidden, seq);
  add(hidden, yield { role: isLlama ? 'mlp.down_proj' : 'fc2', input: inner });
  if (!config.normBefore) normalize(config, norm, hidden, seq, hidden);
}

/** The residual stream, or with a norm before the part that norm of it. */
function inputOfPart(
  config: ModelConfig,
  norm: LayerTensors['attnNorm'],
  hidden: Float32Array,
  seq: number,
): Float32Array {
  if (!config.normBefore) return hidden;
  const input = new Float32Array(seq * config.dim);
  normalize(config, norm, hidden, seq, input);
  return input;
}

/** A generator of steps that gives seq × something in the end; what it does not return is let go with it. */
type Steps = Generator<LinearRequest, Float32Array, Float32Array>;

/** @returns the heads' outputs, seq × (heads · headDim) */
function* attention(config: ModelConfig, input: Float32Array, seq: number, cache: KeyValueCache): Steps {
  const { heads, kvHeads, headDim } = config;
  const queries = yield { role: 'self_attn.q_proj', input };
  const keys = yield { role: 'self_attn.k_proj', input };
  const values = yield { role: 'self_attn.v_proj', input };
  if (config.rope !== null) {
    rotate(config, queries, heads, seq, cache.length);
    rotate(config, keys, kvHeads, seq, cache.length);
  }
  cache.keys.set(keys, cache.length * kvHeads * headDim);
  cache.values.set(values, cache.length * kvHeads * headDim);
  cache.length += seq;
  const mixed = new Float32Array(seq * heads * headDim);
  attend(config, queries, seq, cache, mixed);
  return mixed;
}

/** Applies a layer's linear, with its bias, to the input that was asked for. @returns seq × rows */
export function applyLinear(
  config: ModelConfig,
  tensors: Pick<LayerTensors, 'weights' | 'biases'>,
  { role, input }: LinearRequest,
): Float32Array {
  const { rows, cols } = shapeOf(config, role);
  const seq = input.length / cols;
  const output = new Float32Array(seq * rows);
  matmul(tensors.weights.get(role)!, tensors.biases.get(role) ?? null, rows, cols, input, seq, output);
  return output;
}

/**
 * One decoder layer in float: attention and feed-forward, each with its norm and residual addition.
 *
 * @param hidden seq × dim, the residual stream; updated in place
 * @param observe is called with the input of each linear, in the order of inference
 * @param cache see layerSteps
 */
export function layerForward(
  config: ModelConfig,
  tensors: LayerTensors,
  hidden: Float32Array,
  seq: number,
  observe?: LinearObserver,
  cache?: KeyValueCache,
): void {
  const steps = layerSteps(config, tensors, hidden, seq, cache);
  for (let step = steps.next(); !step.done; ) {
    observe?.(step.value.role, step.value.input, seq);
    step = steps.next(applyLinear(config, tensors, step.value));
  }
}

/**
 * What the head reads: the final norm, and the projection to the embedding's width.
 *
 * @param hidden seq × dim, after the last layer
 * @returns seq × embedDim; `hidden` itself where there is neither
 */
export function headInput(config: ModelConfig, ends: EndTensors, hidden: Float32Array): Float32Array {
  const { dim, embedDim } = config;
  const seq = hidden.length / dim;
  let states = hidden;
  if (ends.finalNorm !== null) {
    states = new Float32Array(seq * dim);
    normalize(config, ends.finalNorm, hidden, seq, states);
  }
  if (ends.projectOut !== null) {
    const projected = new Float32Array(seq * embedDim);
    matmul(ends.projectOut, null, embedDim, dim, states, seq, projected);
    states = projected;
  }
  return states;
}

/**
 * Final norm and head.
 *
 * @param hidden seq × dim, after the last layer
 * @returns seq × vocab logits
 */
export function head(config: ModelConfig, ends: EndTensors, hidden: Float32Array): Float32Array {
  const { dim, embedDim, vocab } = config;
  const seq = hidden.length / dim;
  const logits = new Float32Array(seq * vocab);
  matmul(ends.head, null, vocab, embedDim, headInput(config, ends, hidden), seq, logits);
  return logits;
}

/** @returns SiLU of the gate times the other branch */
function* gated(config: ModelConfig, norm: LayerTensors['mlpNorm'], hidden: Float32Array, seq: number): Steps {
  const input = inputOfPart(config, norm, hidden, seq);
  const gate = yield { role: 'mlp.gate_proj', input };
  const up = yield { role: 'mlp.up_proj', input };
  for (let i = 0; i < gate.length; i++) gate[i] = (gate[i]! / (1 + Math.exp(-gate[i]!))) * up[i]!;
  return gate;
}

/** @returns what is positive of the first linear's outputs */
function* rectified(config: ModelConfig, norm: LayerTensors['mlpNorm'], hidden: Float32Array, seq: number): Steps {
  const input = inputOfPart(config, norm, hidden, seq);
  const inner = yield { role: 'fc1', input };
  for (let i = 0; i < inner.length; i++) inner[i] = Math.max(0, inner[i]!);
  return inner;
}

function add(sum: Float32Array, term: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + term[i]!;
}
