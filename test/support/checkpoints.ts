import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gaussian } from './random.js';
import { encodeSafetensors, type FakeTensor, roundTo, type StoredFormat } from './safetensors-writer.js';

/** A small random Hugging Face checkpoint. */
export interface FakeCheckpoint {
  /** Content of config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly format?: StoredFormat;
  /** What precedes the names of the decoder's tensors. */
  readonly prefix?: string;
  /** Number of safetensors files; more than one brings an index. */
  readonly shards?: number;
  readonly seed?: number;
}

export const LLAMA_CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 6,
  hidden_act: 'silu',
  max_position_embeddings: 64,
  vocab_size: 23,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  bos_token_id: 1,
  eos_token_id: 2,
} as const;

/** OPT with the usual norms before each sub-layer. */
export const OPT_CONFIG = {
  architectures: ['OPTForCausalLM'],
  model_type: 'opt',
  hidden_size: 12,
  ffn_dim: 20,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  activation_function: 'relu',
  max_position_embeddings: 40,
  vocab_size: 23,
  bos_token_id: 2,
  eos_token_id: 2,
} as const;

/** As opt-350m: norms after each sub-layer, no final norm, an embedding narrower than the layers. */
export const OPT_350M_CONFIG = { ...OPT_CONFIG, do_layer_norm_before: false, word_embed_proj_dim: 8 } as const;

/** Writes a checkpoint into a directory, which it makes. Returns its tensors by their names in the file. */
export function writeCheckpoint(directory: string, checkpoint: FakeCheckpoint): ReadonlyMap<string, FakeTensor> {
  const { config, format = 'F32', shards = 1, seed = 1 } = checkpoint;
  const llama = config.model_type === 'llama';
  const prefix = checkpoint.prefix ?? (llama ? 'model.' : 'model.decoder.');
  const normal = gaussian(seed);
  const tensors = new Map<string, FakeTensor>();
  const add = (name: string, ...shape: number[]): void => {
    const count = shape.reduce((product, size) => product * size, 1);
    const isNorm = /norm\.weight$/.test(name);
    const values = Float32Array.from({ length: count }, () => roundTo((isNorm ? 1 : 0) + 0.4 * normal(), format));
    tensors.set(name, { shape, values });
  };
  (llama ? addLlama : addOpt)(config as Sizes, prefix, add);

  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  if (shards === 1) {
    writeFileSync(join(directory, 'model.safetensors'), encodeSafetensors(tensors, format));
    return tensors;
  }
  const weightMap: Record<string, string> = {};
  const names = [...tensors.keys()];
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`;
    const own = names.filter((_, i) => i % shards === shard);
    for (const name of own) weightMap[name] = file;
    const part = new Map(own.map((name) => [name, tensors.get(name)!]));
    writeFileSync(join(directory, file), encodeSafetensors(part, format));
  }
  writeFileSync(
    join(directory, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: weightMap }),
  );
  return tensors;
}

type Sizes = Readonly<Record<string, number> & { readonly attention_bias?: boolean; readonly mlp_bias?: boolean }> & {
  readonly tie_word_embeddings?: boolean;
  readonly enable_bias?: boolean;
  readonly do_layer_norm_before?: boolean;
  readonly layer_norm_elementwise_affine?: boolean;
};
type Add = (name: string, ...shape: number[]) => void;

function addLlama(c: Sizes, prefix: string, add: Add): void {
  const dim = c.hidden_size!;
  const heads = c.num_attention_heads!;
  const headDim = c.head_dim ?? dim / heads;
  const kv = (c.num_key_value_heads ?? heads) * headDim;
  const linear = (name: string, rows: number, cols: number, bias: boolean | undefined): void => {
    add(`${name}.weight`, rows, cols);
    if (bias) add(`${name}.bias`, rows);
  };
  add(`${prefix}embed_tokens.weight`, c.vocab_size!, dim);
  for (let n = 0; n < c.num_hidden_layers!; n++) {
    const at = `${prefix}layers.${n}.`;
    add(`${at}input_layernorm.weight`, dim);
    linear(`${at}self_attn.q_proj`, heads * headDim, dim, c.attention_bias);
    linear(`${at}self_attn.k_proj`, kv, dim, c.attention_bias);
    linear(`${at}self_attn.v_proj`, kv, dim, c.attention_bias);
    linear(`${at}self_attn.o_proj`, dim, heads * headDim, c.attention_bias);
    add(`${at}post_attention_layernorm.weight`, dim);
    linear(`${at}mlp.gate_proj`, c.intermediate_size!, dim, c.mlp_bias);
    linear(`${at}mlp.up_proj`, c.intermediate_size!, dim, c.mlp_bias);
    linear(`${at}mlp.down_proj`, dim, c.intermediate_size!, c.mlp_bias);
    // A buffer that older checkpoints carry and no reader needs.
    add(`${at}self_attn.rotary_emb.inv_freq`, headDim / 2);
  }
  add(`${prefix}norm.weight`, dim);
  if (!c.tie_word_embeddings) add('lm_head.weight', c.vocab_size!, dim);
}

function addOpt(c: Sizes, prefix: string, add: Add): void {
  const dim = c.hidden_size!;
  const embedDim = c.word_embed_proj_dim ?? dim;
  const norm = (name: string): void => {
    if (c.layer_norm_elementwise_affine === false) return;
    add(`${name}.weight`, dim);
    add(`${name}.bias`, dim);
  };
  const linear = (name: string, rows: number, cols: number): void => {
    add(`${name}.weight`, rows, cols);
    if (c.enable_bias !== false) add(`${name}.bias`, rows);
  };
  add(`${prefix}embed_tokens.weight`, c.vocab_size!, embedDim);
  add(`${prefix}embed_positions.weight`, c.max_position_embeddings! + 2, dim);
  if (embedDim !== dim) {
    add(`${prefix}project_out.weight`, embedDim, dim);
    add(`${prefix}project_in.weight`, dim, embedDim);
  }
  if (c.do_layer_norm_before !== false) norm(`${prefix}final_layer_norm`);
  for (let n = 0; n < c.num_hidden_layers!; n++) {
    const at = `${prefix}layers.${n}.`;
    for (const role of ['k_proj', 'v_proj', 'q_proj', 'out_proj']) linear(`${at}self_attn.${role}`, dim, dim);
    norm(`${at}self_attn_layer_norm`);
    linear(`${at}fc1`, c.ffn_dim!, dim);
    linear(`${at}fc2`, dim, c.ffn_dim!);
    norm(`${at}final_layer_norm`);
  }
  if (c.tie_word_embeddings === false) add('lm_head.weight', c.vocab_size!, embedDim);
}
