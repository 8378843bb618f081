/** The JSON Schema of plan.json; `docs/plan.schema.json` is its published copy. */

import { FRAME_CHOICES } from '../sizing/framing.js';

const positive = { type: 'integer', minimum: 1 } as const;
const natural = { type: 'integer', minimum: 0 } as const;

function object(properties: Record<string, unknown>, optional: readonly string[] = []) {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((key) => !optional.includes(key)),
    additionalProperties: false,
  };
}

const nullable = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });

const rope = object({
  theta: { type: 'number', exclusiveMinimum: 0 },
  linearFactor: { type: 'number', exclusiveMinimum: 0 },
  llama3: nullable(
    object({
      factor: { type: 'number', exclusiveMinimum: 0 },
      lowFreqFactor: { type: 'number', exclusiveMinimum: 0 },
      highFreqFactor: { type: 'number', exclusiveMinimum: 0 },
      originalContext: positive,
    }),
  ),
});

const model = object({
  architecture: { enum: ['llama', 'opt'] },
  name: { type: 'string' },
  dim: positive,
  hidden: positive,
  layers: positive,
  heads: positive,
  kvHeads: positive,
  headDim: positive,
  vocab: positive,
  context: positive,
  embedDim: positive,
  tiedHead: { type: 'boolean' },
  normBefore: { type: 'boolean' },
  finalNorm: { type: 'boolean' },
  normEps: { type: 'number', minimum: 0 },
  biases: { type: 'boolean' },
  rope: nullable(rope),
  bos: natural,
  eos: { type: 'array', items: natural },
});

const linear = object({
  name: { type: 'string' },
  layer: natural,
  role: {
    enum: [
      'self_attn.q_proj',
      'self_attn.k_proj',
      'self_attn.v_proj',
      'self_attn.o_proj',
      'self_attn.out_proj',
      'mlp.gate_proj',
      'mlp.up_proj',
      'mlp.down_proj',
      'fc1',
      'fc2',
      'lm_head',
    ],
  },
  rows: positive,
  cols: positive,
  osr: { type: 'number', minimum: 1, maximum: 8 },
  block: { enum: [32, 64, 128, 256] },
  samples: { type: 'integer', minimum: 32, maximum: 2048 },
  tail: nullable(object({ cols: positive, size: positive, samples: positive })),
  alphabet: { enum: ['ternary', 'binary'] },
  frame: { enum: ['hadamard', 'fourier'] },
  signSeed: natural,
  packing: { enum: ['base3', 'bits'] },
  gainShifts: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 7 }, minItems: 1, maxItems: 8 },
});

const region = object({ base: natural, stride: positive, wordBytes: positive, words: natural });

const decoder = object({ values: positive, attention: positive, drain: positive, banks: { enum: [1, 2] } });

export const planSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'sdq-forge plan',
  ...object(
    {
      format: { const: 'sdq-plan/1' },
      generator: { type: 'string' },
      model,
      board: { type: 'string', minLength: 1 },
      placement: { enum: ['linear', 'decoder'] },
      signs: { type: 'array', items: { type: 'string', pattern: '^[0-9a-f]+$' }, minItems: 1, maxItems: 8 },
      linears: { type: 'array', items: linear, minItems: 1 },
      array: object({ lanes: positive, rows: positive, engine: { const: 'table' }, frame: { enum: FRAME_CHOICES } }, [
        'engine',
        'frame',
      ]),
      decoder,
      memory: object({ weights: region, scales: region, activations: region, blocks: region }),
    },
    ['decoder'],
  ),
} as const;
