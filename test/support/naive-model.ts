import type { FakeTensor } from './safetensors-writer.js';

/**
 * LLaMA and OPT written down a second time, straight from the definitions, on the tensors as the checkpoint names and
 * orders them: plain loops over whole sequences, no code shared with the model under test.
 */

type Matrix = number[][];
type Tensors = ReadonlyMap<string, FakeTensor>;

interface NaiveConfig {
  readonly [field: string]: unknown;
}

/** Logits of every position. */
export function naiveLogits(config: NaiveConfig, tensors: Tensors, prefix: string, tokens: readonly number[]): Matrix {
  return config.model_type === 'llama'
    ? naiveLlama(config, tensors, prefix, tokens)
    : naiveOpt(config, tensors, prefix, tokens);
}

function naiveLlama(config: NaiveConfig, tensors: Tensors, prefix: string, tokens: readonly number[]): Matrix {
  const heads = config.num_attention_heads as number;
  const kvHeads = (config.num_key_value_heads as number | undefined) ?? heads;
  const headDim = (config.head_dim as number | undefined) ?? (config.hidden_size as number) / heads;
  const embedding = matrix(tensors, `${prefix}embed_tokens.weight`);
  const norm = (x: Matrix, name: string): Matrix => {
    const weight = vector(tensors, `${name}.weight`);
    return x.map((row) => {
      const rms = Math.sqrt(mean(row.map((v) => v * v)) + (config.rms_norm_eps as number));
      return row.map((v, i) => (v / rms) * weight[i]!);
    });
  };
  let x = tokens.map((token) => embedding[token]!);
  for (let n = 0; n < (config.num_hidden_layers as number); n++) {
    const at = `${prefix}layers.${n}.`;
    const h = norm(x, `${at}input_layernorm`);
    const q = rotateHalves(config, linear(tensors, `${at}self_attn.q_proj`, h), headDim);
    const k = rotateHalves(config, linear(tensors, `${at}self_attn.k_proj`, h), headDim);
    const v = linear(tensors, `${at}self_attn.v_proj`, h);
    x = plus(x, linear(tensors, `${at}self_attn.o_proj`, attention(q, k, v, heads, kvHeads, headDim)));
    const m = norm(x, `${at}post_attention_layernorm`);
    const gate = linear(tensors, `${at}mlp.gate_proj`, m);
    const up = linear(tensors, `${at}mlp.up_proj`, m);
    const inner = gate.map((row, t) => row.map((g, i) => g * (1 / (1 + Math.exp(-g))) * up[t]![i]!));
    x = plus(x, linear(tensors, `${at}mlp.down_proj`, inner));
  }
  const head = config.tie_word_embeddings === true ? embedding : matrix(tensors, 'lm_head.weight');
  return norm(x, `${prefix}norm`).map((row) => head.map((w) => dot(w, row)));
}

function naiveOpt(config: NaiveConfig, tensors: Tensors, prefix: string, tokens: readonly number[]): Matrix {
  const heads = config.num_attention_heads as number;
  const headDim = (config.hidden_size as number) / heads;
  const before = config.do_layer_norm_before !== false;
  const embedding = matrix(tensors, `${prefix}embed_tokens.weight`);
  const positions = matrix(tensors, `${prefix}embed_positions.weight`);
  const norm = (x: Matrix, name: string): Matrix => {
    const weight = tensors.has(`${name}.weight`) ? vector(tensors, `${name}.weight`) : null;
    const bias = weight && vector(tensors, `${name}.bias`);
    return x.map((row) => {
      const centre = mean(row);
      const deviation = Math.sqrt(mean(row.map((v) => (v - centre) ** 2)) + 1e-5);
      return row.map((v, i) => ((v - centre) / deviation) * (weight?.[i] ?? 1) + (bias?.[i] ?? 0));
    });
  };
  const projected = tensors.has(`${prefix}project_in.weight`);
  let x = tokens.map((token) => embedding[token]!);
  if (projected) x = linear(tensors, `${prefix}project_in`, x);
  x = x.map((row, t) => row.map((v, i) => v + positions[t + 2]![i]!));
  for (let n = 0; n < (config.num_hidden_layers as number); n++) {
    const at = `${prefix}layers.${n}.`;
    const h = before ? norm(x, `${at}self_attn_layer_norm`) : x;
    const [q, k, v] = ['q', 'k', 'v'].map((p) => linear(tensors, `${at}self_attn.${p}_proj`, h)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    x = plus(x, linear(tensors, `${at}self_attn.out_proj`, attention(q, k, v, heads, heads, headDim)));
    if (!before) x = norm(x, `${at}self_attn_layer_norm`);
    const m = before ? norm(x, `${at}final_layer_norm`) : x;
    const inner = linear(tensors, `${at}fc1`, m).map((row) => row.map((a) => Math.max(0, a)));
    x = plus(x, linear(tensors, `${at}fc2`, inner));
    if (!before) x = norm(x, `${at}final_layer_norm`);
  }
  if (before && config._remove_final_layer_norm !== true) x = norm(x, `${prefix}final_layer_norm`);
  if (projected) x = linear(tensors, `${prefix}project_out`, x);
  const head = config.tie_word_embeddings === false ? matrix(tensors, 'lm_head.weight') : embedding;
  return x.map((row) => head.map((w) => dot(w, row)));
}

/** RoPE as Hugging Face writes it: x · cos + rotate_half(x) · sin, the halves of a head being its pairs. */
function rotateHalves(config: NaiveConfig, x: Matrix, headDim: number): Matrix {
  const parameters = (config.rope_parameters ?? config.rope_scaling ?? {}) as Record<string, number | string>;
  const theta = (parameters.rope_theta ?? config.rope_theta ?? 10000) as number;
  const kind = parameters.rope_type ?? parameters.type ?? 'default';
  const half = headDim / 2;
  const inverse = Array.from({ length: half }, (_, i) => {
    const frequency = 1 / theta ** ((2 * i) / headDim);
    const factor = parameters.factor as number;
    if (kind === 'linear') return frequency / factor;
    if (kind !== 'llama3') return frequency;
    const context = parameters.original_max_position_embeddings as number;
    const low = parameters.low_freq_factor as number;
    const high = parameters.high_freq_factor as number;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < context / high) return frequency;
    if (wavelength > context / low) return frequency / factor;
    const smooth = (context / wavelength - low) / (high - low);
    return (1 - smooth) * (frequency / factor) + smooth * frequency;
  });
  return x.map((row, position) =>
    row.map((value, index) => {
      const i = index % headDim;
      const angle = position * inverse[i % half]!;
      const partner = i < half ? -row[index + half]! : row[index - half]!;
      return value * Math.cos(angle) + partner * Math.sin(angle);
    }),
  );
}

function attention(q: Matrix, k: Matrix, v: Matrix, heads: number, kvHeads: number, headDim: number): Matrix {
  return q.map((row, t) => {
    const output: number[] = [];
    for (let head = 0; head < heads; head++) {
      const own = row.slice(head * headDim, (head + 1) * headDim);
      const from = Math.floor((head * kvHeads) / heads) * headDim;
      const slice = (m: Matrix, p: number): number[] => m[p]!.slice(from, from + headDim);
      const scores = Array.from({ length: t + 1 }, (_, p) => Math.exp(dot(own, slice(k, p)) / Math.sqrt(headDim)));
      const total = scores.reduce((a, b) => a + b, 0);
      for (let i = 0; i < headDim; i++) {
        output.push(scores.reduce((sum, score, p) => sum + (score / total) * slice(v, p)[i]!, 0));
      }
    }
    return output;
  });
}

function linear(tensors: Tensors, name: string, x: Matrix): Matrix {
  const weight = matrix(tensors, `${name}.weight`);
  const bias = tensors.has(`${name}.bias`) ? vector(tensors, `${name}.bias`) : null;
  return x.map((row) => weight.map((w, i) => dot(w, row) + (bias?.[i] ?? 0)));
}

function matrix(tensors: Tensors, name: string): Matrix {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the checkpoint has no ${name}`);
  const [rows, cols] = tensor.shape as [number, number];
  return Array.from({ length: rows }, (_, r) => Array.from(tensor.values.subarray(r * cols, (r + 1) * cols)));
}

function vector(tensors: Tensors, name: string): number[] {
  return Array.from(tensors.get(name)!.values);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function plus(a: Matrix, b: Matrix): Matrix {
  return a.map((row, t) => row.map((value, i) => value + b[t]![i]!));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
