/**
 * Peak memory and time of quantizing one decoder layer in the shape of LLaMA-7B (4096 / 11008), calibrated, from a
 * safetensors file on disk as a user would; and what that makes for 32 layers.
 */

import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModel } from '../generator/model/node/open-model.js';
import { planLinears } from '../generator/plan/build-plan.js';
import { RowPool } from '../generator/quantize/node/row-pool.js';
import { quantizeModel } from '../generator/quantize/quantize-model.js';
import { drawSigns } from '../generator/quantize/signs.js';

const DIM = 4096;
const HIDDEN = 11008;
const VOCAB = 256;
const LAYERS = 32;

/**
 * @param effort of the search, 1 … 9
 * @param windows calibration windows
 * @param length tokens of a window
 */
export async function main(effort = 5, windows = 4, length = 512): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sdq-bench-'));
  const pool = new RowPool(availableParallelism());
  try {
    writeModel(folder);
    const source = openModel(folder);
    const linears = planLinears(
      source.config,
      { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' },
      () => 2,
    );
    const signs = drawSigns(1, 2, linears[0]!.block);
    const calibration = Array.from({ length: windows }, (_, w) =>
      Array.from({ length }, (_, t) => (97 * t + 31 * w + t * t) % VOCAB),
    );
    const options = { effort, quantizeRows: pool.quantizeRows, ...(windows > 0 && { calibration }) };
    const started = Date.now();
    let since = started;
    for (const { linear, snrDb } of quantizeModel(source, { linears, signs }, options)) {
      const seconds = (Date.now() - since) / 1000;
      since = Date.now();
      const size = `${linear.rows} × ${linear.cols}`;
      console.log(`${linear.name}: ${size}, ${snrDb.toFixed(2)} dB, ${seconds.toFixed(0)} s, ${peakText()} so far`);
    }
    const seconds = (Date.now() - started) / 1000;
    console.log(`one layer at effort ${effort}, ${windows * length} calibration tokens: ${seconds.toFixed(0)} s`);
    console.log(`${LAYERS} layers: ${((LAYERS * seconds) / 3600).toFixed(1)} h; peak memory ${peakText()}`);
    source.close();
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true });
  }
}

/** The most memory that the process had so far. */
const peakText = (): string => `${(process.resourceUsage().maxRSS / 1024 ** 2).toFixed(2)} GiB`;

/** Writes config.json and model.safetensors with random BF16 weights, tensor after tensor. */
function writeModel(folder: string): void {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: DIM,
    intermediate_size: HIDDEN,
    num_hidden_layers: 1,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    vocab_size: VOCAB,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const layer = 'model.layers.0';
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ['model.embed_tokens.weight', [VOCAB, DIM]],
    ...['q', 'k', 'v', 'o'].map((name) => [`${layer}.self_attn.${name}_proj.weight`, [DIM, DIM]] as const),
    [`${layer}.mlp.gate_proj.weight`, [HIDDEN, DIM]],
    [`${layer}.mlp.up_proj.weight`, [HIDDEN, DIM]],
    [`${layer}.mlp.down_proj.weight`, [DIM, HIDDEN]],
    [`${layer}.input_layernorm.weight`, [DIM]],
    [`${layer}.post_attention_layernorm.weight`, [DIM]],
    ['model.norm.weight', [DIM]],
  ];
  let offset = 0;
  const entries = shapes.map(([name, shape]) => {
    const bytes = 2 * shape.reduce((product, size) => product * size, 1);
    const entry = { dtype: 'BF16', shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
    return [name, entry] as const;
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(join(folder, 'model.safetensors'), 'w');
  writeSync(file, length);
  writeSync(file, header);
  for (const [name, shape] of shapes) {
    const count = shape.reduce((product, size) => product * size, 1);
    writeSync(file, name.endsWith('norm.weight') ? constant(count) : random(count));
  }
  closeSync(file);
}

/** Ones as BF16. */
function constant(count: number): Uint8Array {
  return new Uint8Array(new Uint16Array(count).fill(0x3f80).buffer);
}

/** Numbers whose distribution is about normal, of deviation 0.02, as BF16. */
function random(count: number): Uint8Array {
  const values = new Uint16Array(count);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  let state = count >>> 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = 0; k < 4; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      sum += state / 2 ** 32 - 0.5;
    }
    float[0] = 0.035 * sum;
    values[i] = bits[0]! >>> 16;
  }
  return new Uint8Array(values.buffer);
}
