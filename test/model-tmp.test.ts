import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openModel } from '../generator/model/node/open-model.js';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { FloatDecoder, generateGreedily } from '../generator/float/decoder.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import { tokenWindows } from '../generator/evaluate/windows.js';
test('x', () => {
  const m = openModel('../shared/models/stories260K/stories260K.bin');
  console.log(m.config, m.parameters);
  const tok = loadTokenizer('../shared/models/stories260K/stories260K.bin', '../shared/models/stories260K/tok512.bin');
  let t0 = Date.now();
  const d = new FloatDecoder(m);
  const ids = generateGreedily(d, [1], 200);
  console.log('gen', Date.now() - t0);
  const text = tok.decode(ids);
  const want = readFileSync('../shared/models/stories260K/greedy_200_tokens.txt', 'utf8');
  console.log(JSON.stringify(text.slice(-50)), JSON.stringify(want.slice(-50)), ids.length);
  for (const f of ['eval', 'calibration']) {
  t0 = Date.now();
  console.log(floatNll(m, tokenWindows(m.config, tok, readText(`../shared/text/tinystories_${f}.jsonl`))), Date.now() - t0);
  }
  expect(text).toBe(want);
});
