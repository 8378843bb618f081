import { describe, expect, it } from 'vitest';
import { IntegerDecoder } from '../sim/golden/decoder.js';
import { goldenLinear, runDecoder, runGolden } from '../sim/golden/run.js';
import {
  type FabricatedModel,
  fabricateModel,
  fabricatePlan,
  llamaConfig,
  optConfig,
  optPostNormConfig,
  type PlanFabric,
} from './support/golden-models.js';
import { Random } from './support/golden-random.js';
import { expectIntegers } from './support/golden-reference.js';
import { ReferenceDecoder } from './support/golden-reference-decoder.js';

const FABRICS: readonly (PlanFabric & { name: string })[] = [
  { name: 'ternary hadamard' },
  { name: 'binary hadamard', alphabet: 'binary' },
  { name: 'ternary fourier', frame: 'fourier' },
  { name: 'binary fourier', frame: 'fourier', alphabet: 'binary' },
];

const CONFIGS = [
  llamaConfig(),
  llamaConfig({
    name: 'llama with scaled RoPE and an untied head',
    tiedHead: false,
    kvHeads: 4,
    rope: {
      theta: 5000,
      linearFactor: 2,
      llama3: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 64 },
    },
  }),
  optConfig(),
  optPostNormConfig(),
];

/** The head in groups of rows, the last of them smaller. */
const HEAD_CONFIGS = [
  llamaConfig({ name: 'llama with a tied head in SDQ', vocab: 250 }),
  optConfig({ name: 'opt with a head of its own in SDQ', vocab: 300, tiedHead: false }),
  optPostNormConfig({ name: 'opt with projections and a head in SDQ', vocab: 300 }),
];

const CASES = [
  ...CONFIGS.flatMap((config) => FABRICS.map((fabric) => ({ config, fabric }))),
  ...HEAD_CONFIGS.flatMap((config) =>
    FABRICS.filter(({ alphabet }) => alphabet !== 'binary').map((fabric) => ({
      config,
      fabric: { ...fabric, sdqHead: true },
    })),
  ),
];

function fabricate({ config, fabric }: (typeof CASES)[number], seed: number): FabricatedModel {
  return fabricateModel(fabricatePlan(config, fabric), seed);
}

describe.each(CASES)('$config.name, $fabric.name', (shape) => {
  const { model, linears, weights } = fabricate(shape, 3);

  it('computes the logits that docs/numerics.md defines', () => {
    const random = new Random(21);
    const golden = new IntegerDecoder(model);
    const reference = new ReferenceDecoder(model, linears);
    const seen: number[] = [];
    for (let position = 0; position < 3; position++) {
      const token = random.integer(0, model.config.vocab - 1);
      const logits = runGolden(golden.step(token), weights);
      expectIntegers(logits, reference.step(token));
      seen.push(...logits);
    }
    // The comparison means something only if the logits are neither constant nor saturated.
    expect(new Set(seen).size).toBeGreaterThan(seen.length / 2);
    expect(seen.every((logit) => Math.abs(logit) < 2 ** 30)).toBe(true);
  });
});

describe('the integer decoder', () => {
  const { model, weights } = fabricateModel(fabricatePlan(llamaConfig()));

  it('calls the linears in plan order, framing once what reads the same vector', () => {
    const decoder = new IntegerDecoder(model);
    const step = decoder.step(3);
    const calls = [];
    for (let state = step.next(); !state.done; state = step.next(goldenLinear(state.value, weights))) {
      calls.push(state.value);
    }
    expect(calls.map(({ index }) => index)).toEqual(model.plan.linears.map((_, index) => index));
    expect(calls.every(({ linear, index }) => linear === model.plan.linears[index])).toBe(true);
    expect(calls.every(({ position }) => position === 0)).toBe(true);
    for (const layer of [0, 7]) {
      expect(calls[layer]!.vector).toBe(calls[layer + 1]!.vector);
      expect(calls[layer]!.vector).toBe(calls[layer + 2]!.vector);
      expect(calls[layer + 3]!.vector).not.toBe(calls[layer + 2]!.vector);
      expect(calls[layer + 4]!.vector).toBe(calls[layer + 5]!.vector);
    }
  });

  it('ends with the groups of a head in SDQ, which share a framing', () => {
    const plan = fabricatePlan(llamaConfig({ vocab: 250 }), { sdqHead: true });
    const made = fabricateModel(plan);
    const calls = [];
    const step = new IntegerDecoder(made.model).step(3);
    let state = step.next();
    for (; !state.done; state = step.next(goldenLinear(state.value, made.weights))) calls.push(state.value);
    expect(calls.map(({ index }) => index)).toEqual(plan.linears.map((_, index) => index));
    expect(calls.slice(-3).map(({ linear }) => [linear.name, linear.rows])).toEqual([
      ['lm_head.0', 108],
      ['lm_head.1', 108],
      ['lm_head.2', 34],
    ]);
    expect(new Set(calls.slice(-3).map(({ vector }) => vector)).size).toBe(1);
    expect(calls.at(-4)!.vector).not.toBe(calls.at(-1)!.vector);
    expect(state.value).toHaveLength(250);
  });

  it('gives the same logits when linears answer later, and after a reset', async () => {
    const decoder = new IntegerDecoder(model);
    const first = [3, 1, 4].map((token) => runGolden(decoder.step(token), weights));
    expect(decoder.position).toBe(3);
    decoder.reset();
    expect(decoder.position).toBe(0);
    for (const [i, token] of [3, 1, 4].entries()) {
      expect(await runDecoder(decoder.step(token), async (call) => goldenLinear(call, weights))).toEqual(first[i]);
    }
  });

  it('refuses tokens outside the vocabulary and positions beyond the context', () => {
    const decoder = new IntegerDecoder(model);
    expect(() => runGolden(decoder.step(model.config.vocab), weights)).toThrow('outside the vocabulary');
    expect(() => runGolden(decoder.step(-1), weights)).toThrow('outside the vocabulary');
    for (let position = 0; position < model.config.context; position++) runGolden(decoder.step(0), weights);
    expect(() => runGolden(decoder.step(0), weights)).toThrow('the context of 16 tokens is full');
  });
});
