import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeFloats, findNonFinite } from '../generator/model/float-formats.js';
import { openModel } from '../generator/model/node/open-model.js';
import { interleaveRotaryRows, ropeFrequencies } from '../generator/model/rope.js';
import { LLAMA_CONFIG, OPT_350M_CONFIG, OPT_CONFIG, writeCheckpoint } from './support/checkpoints.js';
import { readAll } from './support/read-model.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();
let count = 0;
const newPath = (): string => join(directory, `model-${count++}`);

describe('Hugging Face directories', () => {
  test('a LLaMA config', () => {
    const path = newPath();
    writeCheckpoint(path, {
      config: { ...LLAMA_CONFIG, rope_theta: 5e5, rope_scaling: { type: 'linear', factor: 2 }, eos_token_id: [2, 5] },
    });
    writeFileSync(join(path, 'generation_config.json'), JSON.stringify({ eos_token_id: [5, 7] }));
    const { config, parameters } = readAll(path);
    expect(config).toEqual({
      architecture: 'llama',
      name: path.split('/').at(-1),
      dim: 12,
      hidden: 20,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 6,
      vocab: 23,
      context: 64,
      embedDim: 12,
      tiedHead: false,
      normBefore: true,
      finalNorm: true,
      normEps: 1e-5,
      biases: false,
      rope: { theta: 5e5, linearFactor: 2, llama3: null },
      bos: 1,
      eos: [2, 5, 7],
    });
    const layer = 12 * 24 * 2 + 12 * 12 * 2 + 3 * 12 * 20 + 2 * 12;
    expect(parameters).toBe(2 * 23 * 12 + 2 * layer + 12);
  });

  test('what a LLaMA config may leave out', () => {
    const path = newPath();
    const { rope_theta, rms_norm_eps, bos_token_id, eos_token_id, hidden_act, ...config } = LLAMA_CONFIG;
    writeCheckpoint(path, { config: { ...config, architectures: undefined } });
    expect(readAll(path).config).toMatchObject({
      tiedHead: false,
      normEps: 1e-6,
      rope: { theta: 10000, linearFactor: 1, llama3: null },
      bos: 1,
      eos: [2],
    });
  });

  test('an OPT config as of opt-350m', () => {
    const path = newPath();
    const { bos_token_id, ...config } = OPT_350M_CONFIG;
    writeCheckpoint(path, { config });
    const { config: read, parameters } = readAll(path);
    expect(read).toMatchObject({
      architecture: 'opt',
      dim: 12,
      embedDim: 8,
      heads: 3,
      kvHeads: 3,
      headDim: 4,
      tiedHead: true,
      normBefore: false,
      finalNorm: false,
      normEps: 1e-5,
      biases: true,
      rope: null,
      bos: 2,
      eos: [2],
    });
    const layer = 4 * (12 * 12 + 12) + 2 * 12 * 20 + 20 + 12 + 4 * 12;
    expect(parameters).toBe(23 * 8 + 42 * 12 + 2 * 8 * 12 + 2 * layer);
  });

  test.each(['F32', 'F16', 'BF16'] as const)('values in %s, the rows of q and k interleaved', (format) => {
    const path = newPath();
    const tensors = writeCheckpoint(path, { config: LLAMA_CONFIG, format, shards: 2 });
    const source = openModel(path);
    const { weights } = source.loadLayer(1);
    const stored = (name: string): Float32Array => tensors.get(`model.layers.1.${name}.weight`)!.values;
    expect(weights.get('mlp.down_proj')).toEqual(stored('mlp.down_proj'));
    // A head of 6 rows: rows 0, 3, 1, 4, 2, 5 of the file.
    const key = stored('self_attn.k_proj');
    const row = (r: number): number[] => Array.from(key.subarray(r * 12, (r + 1) * 12));
    expect(Array.from(weights.get('self_attn.k_proj')!)).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11].flatMap(row));
    const ends = source.loadEnds();
    expect(ends.embedding).toEqual(tensors.get('model.embed_tokens.weight')!.values);
    expect(ends.head).toEqual(tensors.get('lm_head.weight')!.values);
    source.close();
  });

  test("OPT's positions begin after the two unused rows", () => {
    const path = newPath();
    const tensors = writeCheckpoint(path, { config: OPT_CONFIG });
    const source = openModel(path);
    const ends = source.loadEnds();
    expect(ends.positions).toEqual(tensors.get('model.decoder.embed_positions.weight')!.values.subarray(24));
    expect(ends.head).toBe(ends.embedding);
    source.close();
  });

  test('a tensor larger than what is read at once', () => {
    const path = newPath();
    const config = { ...LLAMA_CONFIG, vocab_size: 200_000, num_hidden_layers: 1, tie_word_embeddings: true };
    const tensors = writeCheckpoint(path, { config });
    const source = openModel(path);
    const bytes = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    expect(bytes(source.loadEnds().embedding).equals(bytes(tensors.get('model.embed_tokens.weight')!.values))).toBe(
      true,
    );
    source.close();
  });

  test('layers that do not exist, and reading after closing, are programming errors', () => {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    const source = openModel(path);
    expect(() => source.loadLayer(2)).toThrow(RangeError);
    source.close();
    source.close();
    expect(() => source.loadLayer(0)).toThrow(/closed/);
  });
});

describe('rotary positions', () => {
  test('frequencies with and without scaling', () => {
    const path = newPath();
    writeCheckpoint(path, { config: { ...LLAMA_CONFIG, rope_theta: 100 } });
    const { config } = readAll(path);
    const plain = [1, 100 ** (-1 / 3), 100 ** (-2 / 3)];
    expect(Array.from(ropeFrequencies(config))).toEqual(plain.map((value) => expect.closeTo(value, 12)));
    const rope = (change: object) => ropeFrequencies({ ...config, rope: { ...config.rope!, ...change } });
    expect(rope({ linearFactor: 4 })[1]).toBeCloseTo(plain[1]! / 4, 12);
    // 4 / 2π, 0.86 / 2π · 10 and 0.19 / 2π · 10 turns in 10 positions: above, between and below the bounds 0.5 and 1.5.
    const llama3 = { factor: 8, lowFreqFactor: 0.5, highFreqFactor: 1.5, originalContext: 10 };
    const [fast, middle, slow] = rope({ llama3 });
    expect(fast).toBe(1);
    expect(slow).toBeCloseTo(plain[2]! / 8, 12);
    expect(middle).toBeLessThan(plain[1]!);
    expect(middle).toBeLessThan(plain[1]! / 2);
    expect(() => ropeFrequencies({ ...config, rope: null })).toThrow(RangeError);
  });

  test('interleaving puts the halves of each head side by side', () => {
    const values = Float32Array.from({ length: 16 }, (_, i) => i);
    interleaveRotaryRows(values, 2, 4, 2);
    expect(Array.from(values)).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
  });
});

describe('stored number formats', () => {
  const decode = (format: 'F16' | 'BF16', bits: number[]): number[] => {
    const output = new Float32Array(bits.length);
    decodeFloats(format, new Uint8Array(Uint16Array.from(bits).buffer), output);
    return Array.from(output);
  };

  test('half precision', () => {
    const bits = [0x0000, 0x8000, 0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00];
    expect(decode('F16', bits)).toEqual([
      0,
      -0,
      1,
      -2,
      0.333251953125,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  test('bfloat16', () => {
    expect(decode('BF16', [0x0000, 0x8000, 0x3f80, 0xc049, 0x7f80])).toEqual([
      0,
      -0,
      1,
      -3.140625,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test('the first value that is not finite', () => {
    expect(findNonFinite(Float32Array.of(1, -3.4e38, 1e-45))).toBe(-1);
    expect(findNonFinite(Float32Array.of(1, Number.NEGATIVE_INFINITY, Number.NaN))).toBe(1);
    expect(findNonFinite(Float32Array.of(0, 1, Number.NaN))).toBe(2);
  });
});
