import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { loadBoard } from '../generator/boards/node/load.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { integerNll } from '../generator/evaluate/integer-nll.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import { tokenWindows } from '../generator/evaluate/windows.js';
import { cached } from '../generator/image/image.js';
import { openImage } from '../generator/image/node/open-image.js';
import { openModel } from '../generator/model/node/open-model.js';
import { buildPlan, planHead, planLinears } from '../generator/plan/build-plan.js';
import type { Alphabet } from '../generator/plan/types.js';
import { dequantizedModel } from '../generator/quantize/dequantized-model.js';
import { quantizeToImage } from '../generator/quantize/node/quantize-to-image.js';
import { data, lacks, type Need } from './support/needs.js';
import { examplePath, sharedPath } from './support/shared.js';

/** What integer arithmetic may cost against float arithmetic on the same quantized weights, in nats per token. */
const ALLOWED_LOSS = 0.01;
const DOCUMENTS = 5;

const folder = mkdtempSync(join(tmpdir(), 'sdq-nll-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
  readonly name: string;
  readonly model: string;
  readonly tokenizer?: string;
  readonly text: string;
  readonly osr: number;
  /** Of a head in SDQ. */
  readonly headOsr?: number;
  readonly alphabet: Alphabet;
  readonly needs?: readonly Need[];
}

const cases: Case[] = [
  {
    name: 'tiny-llama',
    model: examplePath('tiny-llama'),
    text: examplePath('text/eval.jsonl'),
    osr: 2,
    alphabet: 'ternary',
  },
  {
    name: 'tiny-opt',
    model: examplePath('tiny-opt'),
    text: examplePath('text/eval.jsonl'),
    osr: 3,
    headOsr: 4,
    alphabet: 'binary',
  },
  {
    name: 'stories260K',
    model: sharedPath('models/stories260K/stories260K.bin'),
    tokenizer: sharedPath('models/stories260K/tok512.bin'),
    text: sharedPath('text/tinystories_eval.jsonl'),
    osr: 2.5,
    alphabet: 'ternary',
    needs: [data('models/stories260K'), data('text')],
  },
];

describe('the integer decoder', () => {
  for (const { name, model, tokenizer, text, osr, headOsr, alphabet, needs = [] } of cases) {
    it.skipIf(lacks(...needs))(`stays within ${ALLOWED_LOSS} nats of float arithmetic on ${name}`, () => {
      const source = openModel(model);
      const options = { alphabet, frame: 'hadamard', block: null, placement: 'linear' } as const;
      const layers = planLinears(source.config, options, () => osr);
      const head = headOsr === undefined ? [] : planHead(source.config, layers[0]!, headOsr);
      const linears = [...layers, ...head];
      const path = join(folder, `${name}.sdq`);
      quantizeToImage(source, buildPlan(source.config, linears, loadBoard('sim'), 'linear'), path, {
        search: 'refine',
      });

      const image = openImage(path);
      const weights = cached(image);
      const integerModel = image.integerModel();
      const windows = tokenWindows(source.config, loadTokenizer(model, tokenizer), readText(text)).slice(0, DOCUMENTS);
      const float = floatNll(dequantizedModel(source, integerModel, weights), windows);
      const integer = integerNll(integerModel, weights, windows);
      source.close();
      console.log(`${name}: float arithmetic ${float.nll.toFixed(4)}, integers ${integer.nll.toFixed(4)}`);
      expect(integer.tokens).toBe(float.tokens);
      expect(Math.abs(integer.nll - float.nll)).toBeLessThanOrEqual(ALLOWED_LOSS);
    });
  }
});
