import { InputError } from '../../errors.js';
import { Fields, isJsonObject, type JsonObject, show } from '../fields.js';
import type { Architecture, ModelConfig } from '../types.js';
import { parseRope } from './rope-config.js';

/** A model's config, and what else decides which tensors its files must hold. */
export interface HuggingFaceModel {
  readonly config: ModelConfig;
  /** The attention's linears have biases in the file. */
  readonly attentionBias: boolean;
  /** The feed-forward's linears have biases in the file. */
  readonly mlpBias: boolean;
  /** Norms have weights in the file; without them every weight is 1 and every bias 0. */
  readonly normAffine: boolean;
}

// Bounds that no real model comes near: past them a file is damaged or hostile, and products could overflow.
const WIDTH = { min: 1, max: 1 << 20 };
const COUNT = { min: 1, max: 1 << 24 };
const LAYERS = { min: 1, max: 10_000 };

const DEFAULT_EOS = 2;

/**
 * Reads the `config.json` of a LLaMA or OPT model. Fields that Hugging Face's classes default to a value of their own
 * (norm epsilon, tying, biases, bos and eos) have the same defaults here; sizes must be given.
 *
 * @param file what to call config.json in a message
 * @param json its content
 * @param name a name for the model
 * @param generation content of generation_config.json, if there is one: its eos_token_id adds to the model's
 * @throws InputError for an unsupported architecture or a field that is missing, of a wrong type or out of range
 */
export function parseHuggingFaceConfig(
  file: string,
  json: JsonObject,
  name: string,
  generation: { readonly file: string; readonly json: JsonObject } | null = null,
): HuggingFaceModel {
  const fields = new Fields(file, json);
  const architecture = parseArchitecture(fields);
  if (fields.has('quantization_config')) {
    throw fields.error('quantization_config', 'says that the weights are quantized already; give the float checkpoint');
  }
  const vocab = fields.integer('vocab_size', COUNT);
  const eos = new Set(parseTokens(fields, 'eos_token_id', vocab, [DEFAULT_EOS]));
  if (generation !== null) {
    for (const id of parseTokens(new Fields(generation.file, generation.json), 'eos_token_id', vocab, [])) eos.add(id);
  }
  const bos = fields.integer('bos_token_id', { min: 0, max: vocab - 1 }, architecture === 'opt' ? 2 : 1);
  const common = { name, vocab, bos, eos: [...eos] };
  return architecture === 'llama' ? parseLlama(fields, common) : parseOpt(fields, common);
}

type Common = Pick<ModelConfig, 'name' | 'vocab' | 'bos' | 'eos'>;

function parseLlama(fields: Fields, common: Common): HuggingFaceModel {
  const dim = fields.integer('hidden_size', WIDTH);
  const heads = fields.integer('num_attention_heads', WIDTH);
  const kvHeads = fields.integer('num_key_value_heads', WIDTH, heads);
  if (heads % kvHeads !== 0) {
    throw fields.error('num_key_value_heads', `(${kvHeads}) does not divide num_attention_heads (${heads})`);
  }
  if (!fields.has('head_dim')) requireDivisible(fields, dim, heads);
  const headDim = fields.integer('head_dim', WIDTH, dim / heads);
  if (headDim % 2 !== 0) throw fields.error('head_dim', `is ${headDim}, but rotary positions need an even number`);
  const activation = fields.string('hidden_act', 'silu');
  if (activation !== 'silu' && activation !== 'swish') {
    throw fields.error('hidden_act', `is ${show(activation)}; of LLaMA only "silu" is supported`);
  }
  const context = fields.integer('max_position_embeddings', COUNT);
  const attentionBias = fields.boolean('attention_bias', false);
  const mlpBias = fields.boolean('mlp_bias', false);
  return {
    config: {
      architecture: 'llama',
      name: common.name,
      dim,
      hidden: fields.integer('intermediate_size', WIDTH),
      layers: fields.integer('num_hidden_layers', LAYERS),
      heads,
      kvHeads,
      headDim,
      vocab: common.vocab,
      context,
      embedDim: dim,
      tiedHead: fields.boolean('tie_word_embeddings', false),
      normBefore: true,
      finalNorm: true,
      normEps: fields.number('rms_norm_eps', { min: 1e-12, max: 1 }, 1e-6),
      biases: attentionBias || mlpBias,
      rope: parseRope(fields),
      bos: common.bos,
      eos: common.eos,
    },
    attentionBias,
    mlpBias,
    normAffine: true,
  };
}

function parseOpt(fields: Fields, common: Common): HuggingFaceModel {
  const dim = fields.integer('hidden_size', WIDTH);
  const heads = fields.integer('num_attention_heads', WIDTH);
  requireDivisible(fields, dim, heads);
  const activation = fields.string('activation_function', 'relu');
  if (activation !== 'relu') {
    throw fields.error('activation_function', `is ${show(activation)}; of OPT only "relu" is supported`);
  }
  const normBefore = fields.boolean('do_layer_norm_before', true);
  const biases = fields.boolean('enable_bias', true);
  return {
    config: {
      architecture: 'opt',
      name: common.name,
      dim,
      hidden: fields.integer('ffn_dim', WIDTH),
      layers: fields.integer('num_hidden_layers', LAYERS),
      heads,
      kvHeads: heads,
      headDim: dim / heads,
      vocab: common.vocab,
      context: fields.integer('max_position_embeddings', COUNT),
      embedDim: fields.integer('word_embed_proj_dim', WIDTH, dim),
      tiedHead: fields.boolean('tie_word_embeddings', true),
      normBefore,
      finalNorm: normBefore && !fields.boolean('_remove_final_layer_norm', false),
      normEps: 1e-5,
      biases,
      rope: null,
      bos: common.bos,
      eos: common.eos,
    },
    attentionBias: biases,
    mlpBias: biases,
    normAffine: fields.boolean('layer_norm_elementwise_affine', true),
  };
}

function parseArchitecture(fields: Fields): Architecture {
  const listed = fields.get('architectures');
  const named = Array.isArray(listed) && listed.length > 0 ? listed[0] : listed;
  const name = named ?? fields.get('model_type');
  switch (name) {
    case 'LlamaForCausalLM':
    case 'LlamaModel':
    case 'LLaMAForCausalLM':
    case 'llama':
      return 'llama';
    case 'OPTForCausalLM':
    case 'OPTModel':
    case 'opt':
      return 'opt';
    case undefined:
      throw fields.error('architectures', 'is missing');
    default:
      throw fields.error('architectures', `names ${show(name)}; LlamaForCausalLM and OPTForCausalLM are supported`);
  }
}

function requireDivisible(fields: Fields, dim: number, heads: number): void {
  if (dim % heads !== 0) {
    throw fields.error('hidden_size', `(${dim}) is not a multiple of num_attention_heads (${heads})`);
  }
}

/** A field that holds one token id or a list of them. */
function parseTokens(fields: Fields, name: string, vocab: number, fallback: readonly number[]): readonly number[] {
  const value = fields.get(name);
  if (value === undefined) return fallback.filter((id) => id < vocab);
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  return ids.map((id) => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= vocab) {
      throw fields.error(name, `must hold token ids from 0 to ${vocab - 1}, not ${show(id)}`);
    }
    return id;
  });
}

/** The tensor-to-file map of a `model.safetensors.index.json`. */
export function parseShardIndex(file: string, json: JsonObject): ReadonlyMap<string, string> {
  const map = json.weight_map;
  if (!isJsonObject(map)) throw new InputError(`${file}: weight_map is missing or not an object.`);
  const shards = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(map)) {
    // A plain file name only: an index from elsewhere must not be able to name files outside its directory.
    if (typeof shard !== 'string' || !/^[^/\\:\0]+\.safetensors$/.test(shard)) {
      throw new InputError(
        `${file}: weight_map gives ${show(shard)} for ${show(tensor)}, which is not the plain name of a .safetensors file.`,
      );
    }
    shards.set(tensor, shard);
  }
  return shards;
}
