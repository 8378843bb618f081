import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModel } from '../generator/model/node/open-model.js';
import { LLAMA_CONFIG, OPT_CONFIG, writeCheckpoint } from './support/checkpoints.js';
import { expectRefusal, readAll } from './support/read-model.js';
import { assembleSafetensors } from './support/safetensors-writer.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();
let count = 0;
const newPath = (): string => join(directory, `model-${count++}`);

describe('malformed configs', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['architecture', { architectures: ['MistralForCausalLM'] }, /architectures names "MistralForCausalLM"/],
    ['architecture of the wrong type', { architectures: [7] }, /architectures names 7/],
    ['no architecture', { architectures: undefined, model_type: undefined }, /architectures is missing/],
    ['missing size', { hidden_size: undefined }, /hidden_size is missing/],
    ['size of the wrong type', { hidden_size: '12' }, /hidden_size must be an integer .* not "12"/],
    ['fractional size', { intermediate_size: 20.5 }, /intermediate_size must be an integer .* not 20.5/],
    ['no layers', { num_hidden_layers: 0 }, /num_hidden_layers must be an integer from 1/],
    ['negative vocabulary', { vocab_size: -23 }, /vocab_size must be an integer from 1/],
    ['absurd size', { hidden_size: 1e15 }, /hidden_size must be an integer/],
    ['absurd context', { max_position_embeddings: 2 ** 40 }, /max_position_embeddings must be an integer/],
    [
      'heads that do not divide',
      { num_attention_heads: 5, num_key_value_heads: 1, head_dim: undefined },
      /\(12\) is not a multiple of .* \(5\)/,
    ],
    ['kv heads that do not divide', { num_key_value_heads: 3 }, /num_key_value_heads \(3\) does not divide/],
    ['odd head', { head_dim: 7 }, /head_dim is 7, but rotary positions need an even number/],
    ['activation', { hidden_act: 'gelu' }, /hidden_act is "gelu"/],
    ['epsilon', { rms_norm_eps: -1 }, /rms_norm_eps must be a number/],
    ['tying of the wrong type', { tie_word_embeddings: 'yes' }, /tie_word_embeddings must be true or false/],
    ['bos outside the vocabulary', { bos_token_id: 23 }, /bos_token_id must be an integer from 0 to 22/],
    ['eos outside the vocabulary', { eos_token_id: [2, 99] }, /eos_token_id must hold token ids from 0 to 22, not 99/],
    ['eos of the wrong type', { eos_token_id: '</s>' }, /eos_token_id must hold token ids/],
    ['theta', { rope_theta: 0 }, /rope_theta must be a number/],
    ['rope scaling of the wrong type', { rope_scaling: [1] }, /rope_scaling must be an object/],
    [
      'unsupported rope scaling',
      { rope_scaling: { type: 'dynamic', factor: 2 } },
      /rope_scaling asks for "dynamic" scaling/,
    ],
    ['rope scaling without factor', { rope_scaling: { rope_type: 'linear' } }, /rope_scaling.factor is missing/],
    [
      'llama3 scaling with its factors exchanged',
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 1 } },
      /rope_scaling.high_freq_factor \(1\) must exceed low_freq_factor \(4\)/,
    ],
    ['partial rotation', { partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0.5/],
    ['quantized weights', { quantization_config: { bits: 4 } }, /quantization_config says/],
    ['OPT activation', { ...OPT_CONFIG, activation_function: 'gelu' }, /activation_function is "gelu"/],
    ['OPT heads', { ...OPT_CONFIG, num_attention_heads: 5 }, /\(12\) is not a multiple/],
    ['OPT norm order', { ...OPT_CONFIG, do_layer_norm_before: 1 }, /do_layer_norm_before must be true or false/],
    ['OPT projection', { ...OPT_CONFIG, word_embed_proj_dim: 0 }, /word_embed_proj_dim must be an integer/],
  ];

  test.each(cases)('%s', (_, change, message) => {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...LLAMA_CONFIG, ...change }));
    expectRefusal(path, message);
  });

  test.each([
    ['not JSON', '{"hidden_size": 12', /config.json is not valid JSON/],
    ['not an object', '[]', /config.json does not hold a JSON object/],
    ['empty', '', /config.json is not valid JSON/],
  ])('%s', (_, content, message) => {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    writeFileSync(join(path, 'config.json'), content);
    expectRefusal(path, message);
  });

  test('generation_config.json', () => {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    writeFileSync(join(path, 'generation_config.json'), JSON.stringify({ eos_token_id: 1.5 }));
    expectRefusal(path, /generation_config.json: eos_token_id must hold/);
  });
});

describe('malformed safetensors files', () => {
  type Entry = { dtype: unknown; shape: unknown; data_offsets: unknown };
  type Header = Record<string, Entry>;

  const EMBEDDING = 'model.embed_tokens.weight';
  const NEXT = 'model.layers.0.input_layernorm.weight';
  const entry =
    (change: Partial<Entry>, name = EMBEDDING) =>
    (header: Header): void => {
      header[name] = { ...header[name]!, ...change };
    };

  const cases: [string, (header: Header) => unknown, RegExp][] = [
    [
      'missing tensor',
      (header) => rename(header, 'lm_head.weight', 'lm_head.other'),
      /tensor lm_head.weight, which config.json calls for/,
    ],
    ['missing embedding', (header) => rename(header, EMBEDDING, 'x'), /tensor model.embed_tokens.weight, which/],
    [
      'other shape',
      entry({ shape: [12, 23] }),
      /embed_tokens.weight has shape \[12, 23\], but config.json implies \[23, 12\]/,
    ],
    ['other rank', entry({ shape: [276] }), /has shape \[276\], but/],
    [
      'dtype of the same size',
      entry({ dtype: 'I32' }),
      /embed_tokens.weight has dtype I32; F32, F16 and BF16 are supported/,
    ],
    ['unknown dtype', entry({ dtype: 'Q4' }), /has dtype Q4; F32/],
    ['dtype of another size', entry({ dtype: 'F16' }), /F16 of shape \[23,12\] does not fill data_offsets \[0,1104\]/],
    ['dtype not a string', entry({ dtype: 32 }), /dtype is 32, not a string/],
    ['shape not a list', entry({ shape: '23x12' }), /shape is "23x12", not a list/],
    ['negative shape', entry({ shape: [-23, -12] }), /shape is \[-23,-12\], not a list of non-negative integers/],
    ['shape that overflows', entry({ shape: [2 ** 40, 2 ** 40] }), /is too large/],
    ['negative offset', entry({ data_offsets: [-8, 1096] }), /data_offsets is \[-8,1096\], not two/],
    ['fractional offset', entry({ data_offsets: [0.5, 1104.5] }), /not two non-negative integers/],
    ['one offset', entry({ data_offsets: [0] }), /not two non-negative integers/],
    ['offsets exchanged', entry({ data_offsets: [1104, 0] }), /end before they begin/],
    [
      'offset past the end',
      entry({ data_offsets: [0, 2 ** 33], shape: [2 ** 31], dtype: 'F32' }),
      /reach past the end of the file/,
    ],
    ['overlap', entry({ data_offsets: [1100, 1148] }, NEXT), /tensor model.layers.0.input_layernorm.weight overlaps/],
    ['gap', (header) => delete header[NEXT], /is preceded by bytes of no tensor/],
    [
      'not an object',
      (header) => Object.assign(header, { [EMBEDDING]: 7 }),
      /embed_tokens.weight is not described by an object/,
    ],
  ];

  const rename = (header: Header, from: string, to: string): void => {
    header[to] = header[from]!;
    delete header[from];
  };

  /** Replaces the header of a valid checkpoint's file. */
  function rewrite(path: string, change: (json: string) => string): void {
    const file = join(path, 'model.safetensors');
    const bytes = readFileSync(file);
    const end = 8 + Number(bytes.readBigUInt64LE());
    writeFileSync(file, assembleSafetensors(change(bytes.toString('utf8', 8, end)), bytes.subarray(end)));
  }

  function checkpoint(): string {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    return path;
  }

  test.each(cases)('%s', (_, change, message) => {
    const path = checkpoint();
    rewrite(path, (json) => {
      const header = JSON.parse(json);
      change(header);
      return JSON.stringify(header);
    });
    expectRefusal(path, message);
  });

  test.each<[string, (json: string) => string, RegExp]>([
    ['not JSON', () => '{"a": ', /header is not valid JSON/],
    ['not an object', () => '[1, 2]', /header does not hold a JSON object/],
    [
      'a tensor twice',
      (json) =>
        json.replace(`"${NEXT}"`, `"${EMBEDDING}": {"dtype":"F32","shape":[0],"data_offsets":[0,0]}, "${NEXT}"`),
      /tensor model.embed_tokens.weight appears twice/,
    ],
  ])('header: %s', (_, change, message) => {
    const path = checkpoint();
    rewrite(path, change);
    expectRefusal(path, message);
  });

  const bytes = (...values: number[]): Buffer => Buffer.from(values);
  test.each<[string, Buffer, RegExp]>([
    ['empty', bytes(), /is 0 bytes long/],
    ['too short', bytes(1, 2, 3), /is 3 bytes long/],
    ['header beyond the file', bytes(100, 0, 0, 0, 0, 0, 0, 0, 0x7b), /ends within its header of 100 bytes/],
    ['header beyond 100 MB', bytes(0, 0, 0, 0x10, 0, 0, 0, 0), /the header's length is given as 268435456 bytes/],
    ['header of 2^64 − 1', bytes(255, 255, 255, 255, 255, 255, 255, 255), /18446744073709551615/],
    ['header not UTF-8', bytes(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), /not UTF-8/],
  ])('%s', (_, content, message) => {
    const path = checkpoint();
    writeFileSync(join(path, 'model.safetensors'), content);
    expectRefusal(path, message);
  });

  test('truncated, and with bytes after the end', () => {
    const path = checkpoint();
    const file = join(path, 'model.safetensors');
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.concat([whole, Buffer.alloc(3)]));
    expectRefusal(path, /has 3 bytes after its last tensor/);
    truncateSync(file, whole.length - 4);
    expectRefusal(path, /reach past the end of the file: it is truncated/);
  });

  test.each([
    ['F32', 4, [0, 0, 0xc0, 0x7f], 'NaN'],
    ['F16', 2, [0, 0x7c], 'Infinity'],
    ['BF16', 2, [0x80, 0xff], '-Infinity'],
  ] as const)('a weight that is not finite, in %s', (format, size, bits, shown) => {
    const path = newPath();
    writeCheckpoint(path, { config: { ...LLAMA_CONFIG, tie_word_embeddings: true }, format });
    const file = join(path, 'model.safetensors');
    const content = readFileSync(file);
    content.set(bits, content.length - 5 * size);
    writeFileSync(file, content);
    expectRefusal(path, new RegExp(`tensor model.norm.weight holds ${shown === 'NaN' ? 'NaN' : shown} at index 7`));
    // Found when the tensor is read, not before.
    openModel(path).close();
  });
});

describe('shards and files', () => {
  const INDEX = 'model.safetensors.index.json';
  function sharded(): string {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG, shards: 2 });
    return path;
  }
  const rewriteIndex = (path: string, shard: unknown): void => {
    const file = join(path, INDEX);
    const json = JSON.parse(readFileSync(file, 'utf8'));
    json.weight_map['lm_head.weight'] = shard;
    writeFileSync(file, JSON.stringify(json));
  };

  test('missing shard', () => {
    const path = sharded();
    rmSync(join(path, 'model-00002-of-00002.safetensors'));
    expectRefusal(path, /shard model-00002-of-00002.safetensors is not in the directory/);
  });

  test.each([
    '../model-00001-of-00002.safetensors',
    '/etc/passwd',
    '/tmp/x.safetensors',
    'a/../../x.safetensors',
    '..\\x.safetensors',
    'C:x.safetensors',
    '',
    7,
  ])('shard name %j', (shard) => {
    const path = sharded();
    rewriteIndex(path, shard);
    expectRefusal(path, /weight_map gives .* for "lm_head.weight", which is not the plain name/);
  });

  test('tensor in another shard than the index says', () => {
    const path = sharded();
    const json = JSON.parse(readFileSync(join(path, INDEX), 'utf8'));
    const other = json.weight_map['lm_head.weight'].includes('00001') ? 2 : 1;
    rewriteIndex(path, `model-0000${other}-of-00002.safetensors`);
    expectRefusal(path, /weight_map places lm_head.weight in .* which lacks it/);
  });

  test('index without a map', () => {
    const path = sharded();
    writeFileSync(join(path, INDEX), '{}');
    expectRefusal(path, /weight_map is missing/);
  });

  test('shards without an index, no weights, PyTorch weights', () => {
    const path = sharded();
    rmSync(join(path, INDEX));
    expectRefusal(path, /has 2 safetensors files but no model.safetensors.index.json/);
    for (const shard of [1, 2]) rmSync(join(path, `model-0000${shard}-of-00002.safetensors`));
    expectRefusal(path, /has no safetensors file/);
    writeFileSync(join(path, 'pytorch_model.bin'), 'PK');
    expectRefusal(path, /has pytorch_model.bin but no safetensors file: convert it with python -c ".*save_pretrained/);
    expectRefusal(join(path, 'pytorch_model.bin'), /is a PyTorch checkpoint: convert it/);
  });

  test('one safetensors file of another name', () => {
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    writeFileSync(join(path, 'weights.safetensors'), readFileSync(join(path, 'model.safetensors')));
    rmSync(join(path, 'model.safetensors'));
    expect(readAll(path).config.dim).toBe(12);
  });

  test('paths that are no model', () => {
    expectRefusal(join(directory, 'nowhere'), /no such file or directory/);
    const path = newPath();
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    expectRefusal(join(path, 'model.safetensors'), /give the directory that holds it/);
    rmSync(join(path, 'config.json'));
    expectRefusal(path, /config.json: no such file/);
  });
});
