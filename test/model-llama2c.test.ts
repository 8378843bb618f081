import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModel } from '../generator/model/node/open-model.js';
import { writeLlama2c } from './support/llama2c-writer.js';
import { data, lacks } from './support/needs.js';
import { expectRefusal, readAll } from './support/read-model.js';
import { sharedPath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();
let count = 0;
const newPath = (): string => join(directory, `model-${count++}`);

describe('llama2.c files', () => {
  const SIZES = { dim: 8, hidden: 12, layers: 2, heads: 4, kvHeads: 2, vocab: 11, context: 16 };

  test.each([true, false])('every tensor is where llama2.c puts it (tied head: %s)', (tied) => {
    const path = `${newPath()}.bin`;
    const expected = writeLlama2c(path, SIZES, tied);
    const source = openModel(path);
    expect(source.config).toMatchObject({ ...SIZES, headDim: 2, tiedHead: tied, bos: 1, eos: [1, 2], normEps: 1e-5 });
    expect(source.parameters).toBe(expected.parameters);
    const ends = source.loadEnds();
    expect(ends.embedding).toEqual(expected.embedding);
    expect(ends.finalNorm).toEqual({ weight: expected.finalNorm, bias: null });
    expect(ends.head).toEqual(expected.head);
    if (tied) expect(ends.head).toBe(ends.embedding);
    for (let layer = 0; layer < SIZES.layers; layer++) {
      const { weights, attnNorm, mlpNorm } = source.loadLayer(layer);
      expect(Object.fromEntries(weights)).toEqual(expected.layers[layer]!.weights);
      expect(attnNorm.weight).toEqual(expected.layers[layer]!.attnNorm);
      expect(mlpNorm.weight).toEqual(expected.layers[layer]!.mlpNorm);
    }
    source.close();
  });

  const words = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);
  test.each<[string, Buffer, RegExp]>([
    ['empty', Buffer.alloc(0), /is 0 bytes long, too short/],
    [
      'version 1',
      words(0x616b3432, 1, 8, 12, 2, 4, 2, 11, 16),
      /version 1 or later: write the legacy format with .*--version 0/,
    ],
    [
      'PyTorch',
      Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(100)]),
      /is a PyTorch checkpoint: give a directory/,
    ],
    ['GGUF', Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(100)]), /is a GGUF file/],
    ['no layers', words(8, 12, 0, 4, 2, 11, 16), /n_layers in the llama2.c header is 0/],
    ['negative dim', words(-8, 12, 2, 4, 2, 11, 16), /dim in the llama2.c header is -8/],
    ['no vocabulary', words(8, 12, 2, 4, 2, 0, 16), /vocab_size in the llama2.c header is 0/],
    ['absurd vocabulary', words(8, 12, 2, 4, 2, -(2 ** 31), 16), /vocab_size in the llama2.c header is -2147483648/],
    ['heads that do not divide', words(8, 12, 2, 3, 2, 11, 16), /dim \(8\) divided by n_heads \(3\)/],
    ['odd heads', words(12, 12, 2, 4, 2, 11, 16), /dim \(12\) divided by n_heads \(4\)/],
    ['kv heads that do not divide', words(8, 12, 2, 4, 3, 11, 16), /n_kv_heads \(3\) does not divide/],
    ['no weights', words(8, 12, 2, 4, 2, 11, 16), /is 28 bytes long, but its llama2.c header implies 4508/],
  ])('%s', (_, content, message) => {
    const path = `${newPath()}.bin`;
    writeFileSync(path, content);
    expectRefusal(path, message);
  });

  test('one byte too few, one too many, a weight that is not finite', () => {
    const path = `${newPath()}.bin`;
    writeLlama2c(path, SIZES, true);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, -1));
    expectRefusal(path, /but its llama2.c header implies/);
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
    expectRefusal(path, /but its llama2.c header implies/);
    whole.writeFloatLE(Number.NaN, 28 + 4 * 8 * 11);
    writeFileSync(path, whole);
    expectRefusal(path, /tensor layers.0.rms_att_weight holds NaN at index 0/);
  });

  test.skipIf(lacks(data('models/stories260K')))('stories260K', () => {
    const { config, parameters } = readAll(sharedPath('models/stories260K/stories260K.bin'));
    expect(config).toMatchObject({ dim: 64, hidden: 172, layers: 5, heads: 8, kvHeads: 4, vocab: 512, context: 512 });
    expect(parameters).toBe(260032);
  });
});
