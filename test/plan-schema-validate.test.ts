import { describe, expect, it } from 'vitest';
import { InputError } from '../generator/errors.js';
import { shapeConfig, shapeNames } from '../generator/model/shapes.js';
import type { ModelConfig } from '../generator/model/types.js';
import { parsePlan } from '../generator/plan/validate.js';
import { fabricatePlan, llamaConfig, optConfig } from './support/golden-models.js';

const rope = {
  theta: 10000,
  linearFactor: 1,
  llama3: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 64 },
};
const hadamard = fabricatePlan(llamaConfig({ rope }));
const fourier = fabricatePlan(optConfig(), { frame: 'fourier', alphabet: 'binary' });
const withHead = fabricatePlan(llamaConfig({ vocab: 320 }), { sdqHead: true });

type Key = string | number;

function messageOf(text: string): string | null {
  try {
    parsePlan(text, 'my-plan.json');
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).toMatch(/^my-plan\.json\b[^\n]+$/);
    return message;
  }
}

/** The plan with the value at a path replaced by `change` of it; undefined removes it. */
function changed(plan: unknown, path: readonly Key[], change: (value: unknown) => unknown): string {
  const copy = JSON.parse(JSON.stringify(plan));
  const parent = path.slice(0, -1).reduce((value, key) => value[key], copy);
  const last = path.at(-1)!;
  const value = change(parent[last]);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.stringify(copy);
}

const pathText = (path: readonly Key[]): string =>
  `$${path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;

/** Paths of all values; of lists, the last entry only. */
function pathsOf(value: unknown, path: readonly Key[] = []): (readonly Key[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys: Key[] = Array.isArray(value) ? (value.length > 0 ? [value.length - 1] : []) : Object.keys(value);
  const inner = keys.flatMap((key) => pathsOf((value as Record<Key, unknown>)[key], [...path, key]));
  return path.length > 0 ? [path, ...inner] : inner;
}

describe('a valid plan', () => {
  it('is returned as it is', () => {
    for (const plan of [hadamard, fourier]) expect(parsePlan(JSON.stringify(plan), 'plan.json')).toEqual(plan);
  });
});

describe('every field of a plan', () => {
  const paths = [hadamard, fourier].flatMap((plan) =>
    pathsOf(plan).map((path) => ({ plan, path, text: pathText(path) })),
  );

  it('is required, and the message names its parent and itself', () => {
    for (const { plan, path } of paths) {
      const key = path.at(-1)!;
      if (typeof key === 'number') continue;
      const message = messageOf(changed(plan, path, () => undefined));
      expect(message).toBe(`my-plan.json: ${pathText(path.slice(0, -1))} lacks the field "${key}"`);
    }
  });

  it('has a type, and the message names its path', () => {
    for (const { plan, path, text } of paths) {
      const wrong = (value: unknown): unknown => (typeof value === 'object' ? 'nonsense' : { a: 1 });
      const message = messageOf(changed(plan, path, wrong));
      expect(message, text).toContain(`my-plan.json: ${text} must `);
      expect(message, text).toContain(', not ');
    }
  });

  it('has no unknown neighbours', () => {
    for (const { plan, path } of paths) {
      const at = path.length === 1 ? [] : path.slice(0, -1);
      if (typeof path.at(-1) === 'number') continue;
      const message = messageOf(changed(plan, [...at, 'surprise'], () => 1));
      expect(message).toBe(`my-plan.json: ${pathText(at)} has a field "surprise" that no plan has`);
    }
  });
});

describe('a number out of range', () => {
  const natural = ['bos', 'eos.0'].map((key) => `model.${key}`).concat('linears.3.layer', 'linears.3.signSeed');
  const positive = [
    ...['dim', 'hidden', 'layers', 'heads', 'kvHeads', 'headDim', 'vocab', 'context', 'embedDim'].map(
      (key) => `model.${key}`,
    ),
    ...['rows', 'cols', 'tail.cols', 'tail.size', 'tail.samples'].map((key) => `linears.6.${key}`),
    'model.rope.llama3.originalContext',
    'array.lanes',
    'array.rows',
    'memory.scales.stride',
    'memory.scales.wordBytes',
  ];
  const cases: [path: string, value: unknown][] = [
    ...natural.flatMap((path): [string, unknown][] => [
      [path, -1],
      [path, 0.5],
    ]),
    ...positive.flatMap((path): [string, unknown][] => [
      [path, 0],
      [path, 1.5],
    ]),
    ['model.normEps', -1e-9],
    ['model.rope.theta', 0],
    ['model.rope.linearFactor', -1],
    ['model.rope.llama3.factor', 0],
    ['linears.2.osr', 0.99],
    ['linears.2.osr', 8.01],
    ['linears.2.block', 48],
    ['linears.2.samples', 31],
    ['linears.2.samples', 2049],
    ['linears.2.gainShifts.1', 8],
    ['linears.2.gainShifts.1', -1],
    ['memory.weights.base', -1],
    ['memory.blocks.words', -1],
    ['format', 'sdq-plan/2'],
    ['model.architecture', 'gpt'],
    ['board', ''],
    ['placement', 'host'],
    ['signs.0', 'xyz'],
    ['signs.0', '0A'],
    ['linears.0.role', 'mlp'],
    ['linears.0.alphabet', 'quaternary'],
    ['linears.0.frame', 'wavelet'],
    ['linears.0.packing', 'base5'],
  ];

  it.each(cases)('%s = %j is refused by its path', (dotted, value) => {
    const path = dotted.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    const message = messageOf(changed(hadamard, path, () => value));
    expect(message).toContain(`my-plan.json: ${pathText(path)} must `);
    expect(message).toContain(JSON.stringify(value).replaceAll('"', ''));
  });

  it.each([
    ['signs', []],
    ['signs', new Array(9).fill('00')],
    ['linears', []],
  ])('%s with the wrong number of entries is refused', (key, value) => {
    expect(messageOf(changed(hadamard, [key], () => value))).toContain(`my-plan.json: $.${key} must NOT have`);
  });
});

describe('fields that contradict each other', () => {
  type Case = [name: string, plan: unknown, path: Key[], change: (value: never) => unknown, message: string];
  const cases: Case[] = [
    ['a linear is missing', hadamard, ['linears'], (all: unknown[]) => all.slice(1), '$.linears has 13 entries, but'],
    [
      'another depth',
      hadamard,
      ['model', 'layers'],
      () => 3,
      '$.linears has 14 entries, but a model of this shape has 21',
    ],
    [
      'another width',
      hadamard,
      ['model', 'hidden'],
      () => 109,
      '$.linears[4].rows must be 109 for a model of this shape',
    ],
    [
      'another name',
      hadamard,
      ['linears', 1, 'name'],
      () => 'x',
      '$.linears[1].name must be layers.0.self_attn.k_proj',
    ],
    ['another layer', hadamard, ['linears', 1, 'layer'], () => 1, '$.linears[1].layer must be 0'],
    ['another role', hadamard, ['linears', 1, 'role'], () => 'fc1', '$.linears[1].role must be self_attn.k_proj'],
    ['other rows', hadamard, ['linears', 1, 'rows'], () => 33, '$.linears[1].rows must be 32'],
    ['other columns', hadamard, ['linears', 1, 'cols'], () => 33, '$.linears[1].cols must be 64'],
    ['another block', hadamard, ['linears', 1, 'block'], () => 64, '$.linears[1].block differs'],
    ['another alphabet', hadamard, ['linears', 1, 'alphabet'], () => 'binary', '$.linears[1].alphabet differs'],
    ['another frame', hadamard, ['linears', 1, 'frame'], () => 'fourier', '$.linears[1].frame differs'],
    ['another seed', hadamard, ['linears', 1, 'signSeed'], () => 2, '$.linears[1].signSeed differs'],
    ['another packing', hadamard, ['linears', 0, 'packing'], () => 'bits', '$.linears[0].packing must be base3'],
    ['binary in base 3', fourier, ['linears', 0, 'packing'], () => 'base3', '$.linears[0].packing must be bits'],
    ['another ratio', hadamard, ['linears', 1, 'osr'], () => 2.5, '$.linears[1].osr must be samples / block = 2'],
    [
      'too many gains',
      hadamard,
      ['linears', 1, 'gainShifts'],
      () => [0, 0, 0],
      '$.linears[1].gainShifts must have one',
    ],
    [
      'too few signs',
      hadamard,
      ['signs'],
      (signs: string[]) => signs.slice(0, 2),
      '$.linears[0].samples asks for 3 sign',
    ],
    ['short signs', hadamard, ['signs', 0], () => 'abc', '$.linears[0].block asks for sign patterns of 8 hex digits'],
    ['no tail', hadamard, ['linears', 6, 'tail'], () => null, '$.linears[6].tail must describe the last 12 columns'],
    ['another tail', hadamard, ['linears', 6, 'tail', 'cols'], () => 11, '$.linears[6].tail.cols must be 12, not 11'],
    [
      'a small tail',
      hadamard,
      ['linears', 6, 'tail', 'size'],
      () => 8,
      '$.linears[6].tail.size must be the least power',
    ],
    [
      'a large tail',
      hadamard,
      ['linears', 6, 'tail', 'size'],
      () => 32,
      '$.linears[6].tail.size must be the least power',
    ],
    ['a crooked tail', hadamard, ['linears', 6, 'tail', 'size'], () => 14, '$.linears[6].tail.size must be the least'],
    [
      'a long tail',
      hadamard,
      ['linears', 6, 'tail', 'samples'],
      () => 49,
      '$.linears[6].tail.samples must need no more',
    ],
    [
      'a tail without need',
      hadamard,
      ['linears', 0, 'tail'],
      () => ({ cols: 1, size: 1, samples: 1 }),
      '$.linears[0].tail must be null',
    ],
    [
      'a tail in mode fourier',
      fourier,
      ['linears', 5, 'tail'],
      () => ({ cols: 12, size: 16, samples: 20 }),
      '$.linears[5].tail must be null',
    ],
    [
      'half a head',
      withHead,
      ['linears'],
      (all: unknown[]) => all.slice(0, -1),
      '$.linears has 16 entries, but a model',
    ],
    ['a head before layers', withHead, ['linears', 0, 'role'], () => 'lm_head', '$.linears[0].role must be self_attn'],
    ['another group', withHead, ['linears', 15, 'rows'], () => 107, '$.linears[15].rows must be 108 for a model of'],
    [
      'a larger vocabulary',
      withHead,
      ['model', 'vocab'],
      () => 325,
      '$.linears has 17 entries, but a model of this shape has 18',
    ],
    [
      'an absurd vocabulary',
      withHead,
      ['model', 'vocab'],
      () => 2 ** 24,
      '$.linears has 17 entries, but a model of this shape has 155359',
    ],
    ['rows beside bytes', hadamard, ['array', 'rows'], () => 12, '$.array.rows must be a multiple of 5'],
    ['absurd rows', hadamard, ['array', 'rows'], () => 115, '$.array.rows must not exceed the 108 rows of the largest'],
    ['odd lanes', hadamard, ['array', 'lanes'], () => 12, '$.array.lanes must be one of 8, 16, 32, not 12'],
    [
      'absurd depth',
      hadamard,
      ['model', 'layers'],
      () => 1e15,
      '$.linears has 14 entries, but a model of this shape has',
    ],
    [
      'absurd width',
      hadamard,
      ['model', 'hidden'],
      () => 1e300,
      '$.linears[4].rows must be 1e+300 for a model of this',
    ],
    ['keys and values', hadamard, ['model', 'kvHeads'], () => 3, '$.model.kvHeads must divide the 4 heads, not be 3'],
    ['more keys', hadamard, ['model', 'kvHeads'], () => 8, '$.model.kvHeads must divide the 4 heads, not be 8'],
    [
      'odd heads',
      hadamard,
      ['model', 'headDim'],
      () => 15,
      '$.model.headDim must be even for rotary positions, not 15',
    ],
    [
      'gains in mode fourier',
      fourier,
      ['linears', 1, 'gainShifts', 1],
      () => 1,
      '$.linears[1].gainShifts must be 0 in',
    ],
    ...Object.entries(hadamard.memory).flatMap(([name, region]) =>
      Object.entries(region as object).map(
        ([field, right]): Case => [
          `${name}.${field}`,
          hadamard,
          ['memory', name, field],
          (value: number) => value + 1,
          `$.memory.${name}.${field} must be ${right} for these linears and this array, not ${(right as number) + 1}`,
        ],
      ),
    ),
  ];

  it.each(cases)('are refused: %s', (_, plan, path, change, message) => {
    expect(messageOf(changed(plan, path, change as (value: unknown) => unknown))).toContain(`my-plan.json: ${message}`);
  });
});

describe('a limit of docs/numerics.md', () => {
  const cases: [path: string, most: number, message: string][] = [
    ['dim', 16384, '$.model.dim must be at most 16384, not 16385'],
    ['embedDim', 16384, '$.model.embedDim must be at most 16384, not 16385'],
    ['headDim', 256, '$.model.headDim must be at most 256, not 257'],
    ['context', 2 ** 20, '$.model.context must be at most 1048576, not 1048577'],
    ['vocab', 2 ** 24, '$.model.vocab must be at most 16777216, not 16777217'],
  ];

  it.each(cases)('is that of %s', (key, most, message) => {
    expect(messageOf(changed(hadamard, ['model', key], () => most + 1))).toBe(`my-plan.json: ${message}`);
    expect(messageOf(changed(hadamard, ['model', key], () => most)) ?? '').not.toContain('at most');
  });

  it('is that of the epsilon of norms', () => {
    const message = '$.model.normEps must be less than 32 for vectors of 64 values, not 32';
    expect(messageOf(changed(hadamard, ['model', 'normEps'], () => 32))).toBe(`my-plan.json: ${message}`);
    expect(messageOf(changed(hadamard, ['model', 'normEps'], () => 31.9))).toBeNull();
  });

  it('is that of the accumulators', () => {
    const config = (hidden: number): ModelConfig => llamaConfig({ layers: 1, hidden });
    const most = { block: 256, samples: () => 2048 };
    const steep = (k: number): number => (k < 7 ? 0 : 7);
    // 9/8 · 2^15 · 255 · 256^1.5 · (7 · 2^7 + 1) for a block: 2^52 at 130.5 blocks.
    const plan = (blocks: number): string =>
      JSON.stringify(fabricatePlan(config(256 * blocks), { ...most, gain: steep }));
    expect(messageOf(plan(130))).toBeNull();
    expect(messageOf(plan(131))).toContain('$.linears[6].cols must be fewer than 33536');
    const fourier = JSON.stringify(fabricatePlan(config(2 ** 20), { ...most, frame: 'fourier' }));
    expect(messageOf(fourier)).toBeNull();
    const absurd = JSON.stringify(fabricatePlan(config(2 ** 40), { ...most, frame: 'fourier' }));
    expect(messageOf(absurd)).toContain('$.linears[6].cols must be fewer than 1099511627776');
  });

  it('holds for every published shape', () => {
    for (const name of shapeNames()) {
      for (const fabric of [{ gain: (k: number) => Math.min(k, 2) }, { frame: 'fourier' as const }]) {
        const plan = fabricatePlan(shapeConfig(name), { ...fabric, block: 128, samples: () => 1024 });
        expect(messageOf(JSON.stringify(plan)), name).toBeNull();
      }
    }
  });
});

describe('a file that is no plan', () => {
  it.each([
    ['', 'is not JSON'],
    ['{"format": ', 'is not JSON'],
    ['null', '$ must be object, not null'],
    ['[]', '$ must be object, not []'],
    ['{}', '$ lacks the field "format"'],
  ])('%j is refused', (text, message) => {
    expect(messageOf(text)).toContain(message);
  });
});
