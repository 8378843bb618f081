import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import type { Tokenizer } from '../firmware/tokenizer/tokenizer.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import { countPredictions, tokenWindows } from '../generator/evaluate/windows.js';
import { FloatDecoder, generateGreedily } from '../generator/float/decoder.js';
import { embed, head, layerForward } from '../generator/float/forward.js';
import { matmul } from '../generator/float/matmul.js';
import { openModel } from '../generator/model/node/open-model.js';
import { rolesOf, shapeOf } from '../generator/model/roles.js';
import type { LinearRole, ModelSource } from '../generator/model/types.js';
import {
  type FakeCheckpoint,
  LLAMA_CONFIG,
  OPT_350M_CONFIG,
  OPT_CONFIG,
  writeCheckpoint,
} from './support/checkpoints.js';
import { naiveLogits } from './support/naive-model.js';
import { data, lacks } from './support/needs.js';
import { gaussian } from './support/random.js';
import { examplePath, sharedPath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

/** Logits of every position, running the model layer by layer. */
function layerwiseLogits(source: ModelSource, tokens: readonly number[]): Float32Array {
  const ends = source.loadEnds();
  const hidden = embed(source.config, ends, tokens);
  for (let layer = 0; layer < source.config.layers; layer++) {
    layerForward(source.config, source.loadLayer(layer), hidden, tokens.length);
  }
  return head(source.config, ends, hidden);
}

const LLAMA3_SCALING = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  // Short enough that the three frequencies of a head of 6 fall into the three cases.
  original_max_position_embeddings: 100,
};

const VARIETIES: Record<string, FakeCheckpoint> = {
  'LLaMA, grouped queries, untied head': { config: LLAMA_CONFIG },
  'LLaMA, tied head, no head_dim or kv heads given': {
    config: {
      ...LLAMA_CONFIG,
      tie_word_embeddings: true,
      head_dim: undefined,
      num_attention_heads: 2,
      num_key_value_heads: null,
    },
  },
  'LLaMA, llama3 frequency scaling, sharded bfloat16': {
    config: { ...LLAMA_CONFIG, rope_scaling: LLAMA3_SCALING },
    format: 'BF16',
    shards: 3,
  },
  'LLaMA, linear frequency scaling by the old key': {
    config: { ...LLAMA_CONFIG, rope_scaling: { type: 'linear', factor: 4 } },
  },
  'LLaMA, rope_parameters, no prefix': {
    config: { ...LLAMA_CONFIG, rope_theta: undefined, rope_parameters: { ...LLAMA3_SCALING, rope_theta: 500 } },
    prefix: '',
  },
  'LLaMA, biases in attention': { config: { ...LLAMA_CONFIG, attention_bias: true } },
  'LLaMA, biases everywhere': { config: { ...LLAMA_CONFIG, attention_bias: true, mlp_bias: true } },
  'OPT, half precision': { config: OPT_CONFIG, format: 'F16' },
  'OPT, "decoder." prefix, sharded': { config: OPT_CONFIG, prefix: 'decoder.', shards: 2 },
  'OPT, untied head, no biases': { config: { ...OPT_CONFIG, tie_word_embeddings: false, enable_bias: false } },
  'OPT, norms without weights': { config: { ...OPT_CONFIG, layer_norm_elementwise_affine: false } },
  'OPT as 350m: norms after, projections': { config: OPT_350M_CONFIG },
  'OPT as 350m, half precision, "decoder." prefix': { config: OPT_350M_CONFIG, format: 'F16', prefix: 'decoder.' },
};

describe('the float model against a second implementation', () => {
  const directory = tempDirectory();
  const tokens = [1, 5, 17, 3, 3, 22, 0, 9, 14];

  test.each(Object.keys(VARIETIES))('%s', (name) => {
    const checkpoint = VARIETIES[name]!;
    const path = join(directory, name.replaceAll(/[^a-zA-Z0-9]+/g, '-'));
    const tensors = writeCheckpoint(path, checkpoint);
    const source = openModel(path);
    const prefix = checkpoint.prefix ?? (checkpoint.config.model_type === 'llama' ? 'model.' : 'model.decoder.');
    const expected = naiveLogits(checkpoint.config, tensors, prefix, tokens);

    const logits = layerwiseLogits(source, tokens);
    const error = Math.max(...expected.flat().map((value, i) => Math.abs(value - logits[i]!)));
    expect(error).toBeLessThan(2e-5);

    // Token by token with cached keys and values it is the same model.
    const decoder = new FloatDecoder(source, 16);
    decoder.push(tokens.slice(0, 5));
    for (const token of tokens.slice(5, -1)) decoder.push([token]);
    const last = decoder.push(tokens.slice(-1));
    expect(Math.max(...expected.at(-1)!.map((value, i) => Math.abs(value - last[i]!)))).toBeLessThan(2e-5);
    source.close();
  });
});

describe('the float model', () => {
  const directory = tempDirectory();
  const path = join(directory, 'llama');
  writeCheckpoint(path, { config: LLAMA_CONFIG });
  const source = openModel(path);
  const { config } = source;

  test('shows an observer the input of each linear, in the order of inference', () => {
    const tokens = [1, 2, 3, 4, 5];
    const hidden = embed(config, source.loadEnds(), tokens);
    const seen: LinearRole[] = [];
    layerForward(config, source.loadLayer(0), hidden, tokens.length, (role, input, seq) => {
      seen.push(role);
      expect(seq).toBe(5);
      expect(input.length).toBe(5 * shapeOf(config, role).cols);
    });
    expect(seen).toEqual(rolesOf('llama'));
  });

  test('refuses tokens outside the vocabulary and sequences beyond the context', () => {
    const ends = source.loadEnds();
    expect(() => embed(config, ends, [1, 23])).toThrow(/Token 23 .* 23 tokens/);
    expect(() => embed(config, ends, [-1])).toThrow(/Token -1/);
    expect(() => embed(config, ends, [1.5])).toThrow(/Token 1.5/);
    expect(() => embed(config, ends, new Array(65).fill(1))).toThrow(/65 tokens exceed the context of 64/);
  });

  test('generates the likeliest token each time, up to the limit and the capacity', () => {
    const decoder = new FloatDecoder(source, 8);
    const generated = generateGreedily(decoder, [1, 7], 100);
    expect(generated.length).toBeLessThanOrEqual(7);
    const all = [1, 7, ...generated];
    generated.forEach((token, i) => {
      const logits = layerwiseLogits(source, all.slice(0, i + 2)).slice(-config.vocab);
      expect(logits[token]).toBeCloseTo(Math.max(...logits), 5);
    });
  });
});

test.each([
  [1, 1, 1],
  [3, 5, 4],
  [4, 7, 9],
  [5, 2, 3],
  [2, 16, 8],
])('matmul of %i×%i by %i tokens equals the plain sum', (rows, cols, seq) => {
  const normal = gaussian(rows * 100 + seq);
  const make = (length: number): Float32Array => Float32Array.from({ length }, normal);
  const weights = make(rows * cols);
  const bias = make(rows);
  const input = make(seq * cols);
  const output = new Float32Array(seq * rows);
  matmul(weights, bias, rows, cols, input, seq, output);
  for (let t = 0; t < seq; t++) {
    for (let r = 0; r < rows; r++) {
      let sum = bias[r]!;
      for (let c = 0; c < cols; c++) sum += weights[r * cols + c]! * input[t * cols + c]!;
      expect(output[t * rows + r]).toBeCloseTo(sum, 5);
    }
  }
});

describe.skipIf(lacks(data('models/stories260K'), data('text')))('stories260K', () => {
  const folder = sharedPath('models/stories260K');
  let source: ModelSource;
  let tokenizer: Tokenizer;
  beforeAll(() => {
    const path = join(folder, 'stories260K.bin');
    source = openModel(path);
    tokenizer = loadTokenizer(path, join(folder, 'tok512.bin'));
  });

  test('greedy generation gives the text that llama2.c gives', () => {
    const tokens = generateGreedily(new FloatDecoder(source), [source.config.bos], 200);
    expect(tokens).toHaveLength(200);
    expect(tokenizer.decode(tokens)).toBe(readFileSync(join(folder, 'greedy_200_tokens.txt'), 'utf8'));
  });

  test.each([
    ['tinystories_eval', 6830, 1.22752],
    ['tinystories_calibration', 8815, 1.25106],
  ])('negative log-likelihood of %s', (name, tokens, nll) => {
    const windows = tokenWindows(source.config, tokenizer, readText(sharedPath(`text/${name}.jsonl`)));
    const result = floatNll(source, windows);
    expect(result.tokens).toBe(tokens);
    expect(Math.abs(result.nll - nll)).toBeLessThan(5e-5);
  });
});

interface Reference {
  readonly promptTokens: readonly number[];
  readonly promptTopLogits: readonly { readonly id: number; readonly logit: number }[];
  readonly greedyTokens: readonly number[];
  readonly greedyText: string;
  readonly evalNll: number;
  readonly evalTokens: number;
  readonly evalDocumentNlls: readonly number[];
}

describe.each(['tiny-llama', 'tiny-opt'])('%s', (name) => {
  const directory = examplePath(name);
  const reference: Reference = JSON.parse(readFileSync(join(directory, 'reference.json'), 'utf8'));
  const source = openModel(directory);
  const tokenizer = loadTokenizer(directory);

  test('logits after the prompt', () => {
    const logits = new FloatDecoder(source).push(reference.promptTokens);
    for (const { id, logit } of reference.promptTopLogits) expect(logits[id]).toBeCloseTo(logit, 4);
  });

  test('greedy generation', () => {
    const { promptTokens, greedyTokens, greedyText } = reference;
    const tokens = generateGreedily(new FloatDecoder(source), promptTokens, greedyTokens.length);
    expect(tokens).toEqual(greedyTokens);
    const stream = tokenizer.stream(promptTokens);
    expect(tokens.map((token) => stream.push(token)).join('') + stream.end()).toBe(greedyText);
  });

  test('negative log-likelihood', () => {
    const windows = tokenWindows(source.config, tokenizer, readText(examplePath('text/eval.jsonl')));
    expect(windows).toHaveLength(reference.evalDocumentNlls.length);
    expect(countPredictions(windows)).toBe(reference.evalTokens);
    const total = windows.reduce((sum, window, i) => sum + reference.evalDocumentNlls[i]! * (window.length - 1), 0);
    expect(total / reference.evalTokens).toBeCloseTo(reference.evalNll, 5);
    for (const [i, window] of windows.slice(0, 6).entries()) {
      expect(floatNll(source, [window]).nll).toBeCloseTo(reference.evalDocumentNlls[i]!, 5);
    }
  });
});
