import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Tokenizer } from '../firmware/tokenizer/tokenizer.js';
import { floatNll, logSoftmaxAt } from '../generator/evaluate/float-nll.js';
import { runLayers } from '../generator/evaluate/layerwise.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import { countPredictions, tokenWindows } from '../generator/evaluate/windows.js';
import { openModel } from '../generator/model/node/open-model.js';
import { rolesOf } from '../generator/model/roles.js';
import type { LayerTensors } from '../generator/model/types.js';
import { LLAMA_CONFIG, OPT_350M_CONFIG, writeCheckpoint } from './support/checkpoints.js';
import { naiveLogits } from './support/naive-model.js';
import { expectInputError } from './support/read-model.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();

/** Gives each character's code, less that of "a", as its token. */
const letters: Tokenizer = {
  vocabSize: 26,
  encode: (text) => Array.from(text, (c) => c.charCodeAt(0) - 97),
  decode: (ids) => String.fromCharCode(...ids.map((id) => id + 97)),
  stream: () => ({ push: (id) => String.fromCharCode(id + 97), end: () => '' }),
};

function write(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('reading a text', () => {
  test('.jsonl: a document per line', () => {
    const path = write('a.jsonl', '{"text": "ab"}\r\n\n{"text": "", "id": 7}\n{"text": "ü\\n"}');
    expect(readText(path)).toEqual({ documents: ['ab', '', 'ü\n'], long: 'cut' });
  });

  test('.txt: one document, as it is', () => {
    expect(readText(write('a.txt', ' ab\n\ncd\n'))).toEqual({ documents: [' ab\n\ncd\n'], long: 'split' });
  });

  test.each<[string, string, string | Uint8Array, RegExp]>([
    ['a line that is not JSON', 'b.jsonl', '{"text": "a"}\n{text}\n', /b.jsonl: line 2 is not valid JSON/],
    ['a line without a text', 'c.jsonl', '{"txt": "a"}', /c.jsonl: line 1 is not an object with a string "text"/],
    ['a text that is no string', 'd.jsonl', '{"text": 7}', /d.jsonl: line 1 is not an object/],
    ['a line that is no object', 'e.jsonl', '["a"]', /e.jsonl: line 1 is not an object/],
    ['an empty .jsonl', 'f.jsonl', '\n\n', /f.jsonl is empty/],
    ['an empty .txt', 'f.txt', '', /f.txt is empty/],
    ['bytes that are not UTF-8', 'g.txt', Uint8Array.of(0x61, 0xff), /g.txt is not UTF-8/],
    ['another kind of file', 'h.csv', 'a', /h.csv: a text must be a .jsonl or a .txt file/],
  ])('%s', (_, name, content, message) => {
    const path = write(name, content);
    expectInputError(() => readText(path), message, path);
  });

  test('a file that is not there', () => {
    expectInputError(() => readText(join(directory, 'gone.txt')), /gone.txt: no such file or directory/);
  });
});

describe('token windows', () => {
  const path = join(directory, 'windows');
  writeCheckpoint(path, { config: { ...LLAMA_CONFIG, max_position_embeddings: 4, bos_token_id: 0 } });
  const { config } = openModel(path);

  test('documents are cut to the context, bos included; those without a prediction are left out', () => {
    const text = { documents: ['b', '', 'bcdefg', 'bcd'], long: 'cut' } as const;
    const windows = tokenWindows(config, letters, text);
    expect(windows).toEqual([
      [0, 1],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    expect(countPredictions(windows)).toBe(1 + 3 + 3);
  });

  test('one document is split into windows, of which the first begins with bos', () => {
    const text = (document: string) => ({ documents: [document], long: 'split' }) as const;
    expect(tokenWindows(config, letters, text('bcdefghi'))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(tokenWindows(config, letters, text('bcdefghij'))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
  });

  test('refuses tokens that the model does not know, and texts with nothing to predict', () => {
    const alien = { documents: ['az'], long: 'cut' } as const;
    expectInputError(() => tokenWindows(config, letters, alien), /gives token 25, but model windows has 23 tokens/);
    const empty = { documents: [''], long: 'cut' } as const;
    expectInputError(() => tokenWindows(config, letters, empty), /The text has no token to predict/);
  });
});

describe('negative log-likelihood', () => {
  const windows = [
    [1, 5, 17, 3],
    [2, 22],
    [1, 0, 9, 14, 3, 3, 8],
  ];

  test.each([
    ['llama', LLAMA_CONFIG, 'model.'],
    ['opt-350m', OPT_350M_CONFIG, 'model.decoder.'],
  ])('%s: the mean over all predictions, whatever the grouping', (name, config, prefix) => {
    const path = join(directory, `nll-${name}`);
    const tensors = writeCheckpoint(path, { config });
    const source = openModel(path);
    let sum = 0;
    for (const window of windows) {
      const logits = naiveLogits(config, tensors, prefix, window);
      window.slice(1).forEach((token, t) => {
        const row = logits[t]!;
        sum += Math.log(row.reduce((total, value) => total + Math.exp(value), 0)) - row[token]!;
      });
    }
    const done: number[] = [];
    const result = floatNll(source, windows, { onProgress: (share) => done.push(share) });
    expect(result.tokens).toBe(10);
    expect(result.nll).toBeCloseTo(sum / 10, 5);
    expect(done).toEqual([1 / 3, 2 / 3, 1]);
    // A group per window.
    expect(floatNll(source, windows, { stateBytes: 1 })).toEqual(result);
  });

  test('scores replaced weights', () => {
    const path = join(directory, 'replaced');
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    const source = openModel(path);
    const silence = (_: number, { weights, ...rest }: LayerTensors): LayerTensors => ({
      ...rest,
      weights: new Map([...weights].map(([role, values]) => [role, new Float32Array(values.length)])),
    });
    const plain = floatNll(source, windows).nll;
    expect(floatNll(source, windows, { transformLayer: silence }).nll).not.toBeCloseTo(plain, 3);
    // A head of zeros makes every token equally likely.
    const uniform = floatNll(source, windows, {
      transformEnds: (ends) => ({ ...ends, head: new Float32Array(ends.head.length) }),
    });
    expect(uniform.nll).toBeCloseTo(Math.log(23), 12);
  });

  test('shows the inputs of the linears, layer by layer', () => {
    const path = join(directory, 'observed');
    writeCheckpoint(path, { config: LLAMA_CONFIG });
    const source = openModel(path);
    const seen: string[] = [];
    runLayers(source, source.loadEnds(), windows, {
      observe: (layer, role, _, seq) => seen.push(`${layer} ${role} ${seq}`),
    });
    const expected = [0, 1].flatMap((layer) =>
      windows.flatMap((window) => rolesOf('llama').map((role) => `${layer} ${role} ${window.length}`)),
    );
    expect(seen).toEqual(expected);
  });

  test('large logits do not overflow', () => {
    expect(logSoftmaxAt([1e4, 0], 0)).toBe(0);
    expect(logSoftmaxAt([1e4, 0], 1)).toBe(-1e4);
    expect(logSoftmaxAt([-1e4, -1e4], 1)).toBeCloseTo(-Math.log(2), 12);
  });
});
