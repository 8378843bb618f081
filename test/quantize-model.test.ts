import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLlama2cTokenizer } from '../firmware/tokenizer/llama2c.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { parseText } from '../generator/evaluate/text.js';
import { tokenWindows } from '../generator/evaluate/windows.js';
import { embed, head, layerForward } from '../generator/float/forward.js';
import { openModel } from '../generator/model/node/open-model.js';
import { linearsOf, rolesOf, shapeOf } from '../generator/model/roles.js';
import type { LayerTensors, LinearRole, ModelConfig, ModelSource, NormTensors } from '../generator/model/types.js';
import type { Plan } from '../generator/plan/types.js';
import { dequantizeLinear, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { type QuantizeModelOptions, quantizeModel } from '../generator/quantize/quantize-model.js';
import { fabricatePlan, llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';
import { data, lacks } from './support/needs.js';
import { gaussian, uniform } from './support/random.js';
import { expectInputError } from './support/read-model.js';
import { sharedPath } from './support/shared.js';

/** A model of random weights; counts how often each layer is loaded. */
function randomModel(config: ModelConfig, seed = 1): ModelSource & { readonly loads: number[] } {
  const next = gaussian(seed);
  const floats = (count: number, deviation: number, mean = 0): Float32Array =>
    Float32Array.from({ length: count }, () => mean + deviation * next());
  const { dim, embedDim, vocab, context, biases } = config;
  const norm = (): NormTensors => ({ weight: floats(dim, 0.2, 1), bias: biases ? floats(dim, 0.1) : null });
  const layers = Array.from({ length: config.layers }, (): LayerTensors => {
    const roles = rolesOf(config.architecture);
    const matrix = (role: LinearRole): Float32Array => {
      const { rows, cols } = shapeOf(config, role);
      return floats(rows * cols, 1 / Math.sqrt(cols));
    };
    return {
      weights: new Map(roles.map((role) => [role, matrix(role)])),
      biases: new Map(biases ? roles.map((role) => [role, floats(shapeOf(config, role).rows, 0.1)]) : []),
      attnNorm: norm(),
      mlpNorm: norm(),
    };
  });
  const embedding = floats(vocab * embedDim, 1);
  const ends = {
    embedding,
    positions: config.rope ? null : floats(context * dim, 0.3),
    projectIn: embedDim === dim ? null : floats(dim * embedDim, 0.2),
    projectOut: embedDim === dim ? null : floats(embedDim * dim, 0.2),
    finalNorm: config.finalNorm ? norm() : null,
    head: config.tiedHead ? embedding : floats(vocab * embedDim, 1),
  };
  const loads = layers.map(() => 0);
  return {
    config,
    linears: linearsOf(config),
    parameters: 0,
    loads,
    loadLayer(layer) {
      loads[layer] = loads[layer]! + 1;
      return layers[layer]!;
    },
    loadEnds: () => ends,
    close() {},
  };
}

function windows(config: ModelConfig, count: number, seed = 2): number[][] {
  const random = uniform(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: config.context }, () => Math.floor(random() * config.vocab)),
  );
}

/** The layers' weights that a quantization stands for. */
function quantizedLayers(source: ModelSource, plan: Plan, options: QuantizeModelOptions): LayerTensors[] {
  const layers = Array.from({ length: source.config.layers }, (_, layer) => {
    const tensors = source.loadLayer(layer);
    return { ...tensors, weights: new Map(tensors.weights) };
  });
  for (const { linear, quantized } of quantizeModel(source, plan, options)) {
    layers[linear.layer]!.weights.set(linear.role, dequantizeLinear(quantized, linear, plan.signs));
  }
  return layers;
}

/** Mean squared difference of the logits from those of the float model. */
function logitError(source: ModelSource, layers: readonly LayerTensors[], texts: readonly number[][]): number {
  const { config } = source;
  const ends = source.loadEnds();
  const logits = (tensors: (layer: number) => LayerTensors, text: readonly number[]): Float32Array => {
    const hidden = embed(config, ends, text);
    for (let layer = 0; layer < config.layers; layer++) layerForward(config, tensors(layer), hidden, text.length);
    return head(config, ends, hidden);
  };
  let sum = 0;
  for (const text of texts) {
    const expected = logits((layer) => source.loadLayer(layer), text);
    logits((layer) => layers[layer]!, text).forEach((logit, i) => {
      sum += (logit - expected[i]!) ** 2;
    });
  }
  return sum;
}

describe.each([
  { name: 'a LLaMA', config: llamaConfig({ context: 64 }) },
  { name: 'an OPT', config: optConfig({ context: 64 }) },
  { name: 'an OPT with norms after the additions', config: optPostNormConfig({ context: 64 }) },
])('quantizing $name', ({ config }) => {
  const plan = fabricatePlan(config, { samples: (_, block) => 2 * block, gain: () => 0 });

  it('goes through the plan in order and reads each layer once', () => {
    const source = randomModel(config);
    const progress: string[] = [];
    const results = [
      ...quantizeModel(source, plan, {
        onProgress: ({ activity, linear, done, total }) => progress.push(`${activity} ${linear.name} ${done}/${total}`),
      }),
    ];
    expect(results.map(({ linear }) => linear)).toEqual(plan.linears);
    expect(source.loads).toEqual([1, 1]);
    const total = plan.linears.length;
    expect(progress).toEqual(plan.linears.map(({ name }, i) => `quantizing ${name} ${i}/${total}`));
  });

  it('without calibration quantizes each linear by itself', () => {
    const source = randomModel(config);
    for (const { linear, quantized, snrDb } of quantizeModel(source, plan)) {
      const weights = source.loadLayer(linear.layer).weights.get(linear.role)!;
      const alone = quantizeLinear(weights, linear, plan.signs, { search: 'greedy' });
      expect({ quantized, snrDb }).toEqual(alone);
    }
  });

  it('with calibration comes closer to the float model', () => {
    const source = randomModel(config);
    const calibration = windows(config, 12);
    const test = windows(config, 4, 3);
    const without = logitError(source, quantizedLayers(source, plan, {}), test);
    const found = logitError(source, quantizedLayers(source, plan, { calibration }), test);
    expect(found).toBeLessThan(without);
  });

  it('reports calibration, and leaves the source’s tensors alone', () => {
    const source = randomModel(config);
    const before = source.loadLayer(0).weights.get('self_attn.q_proj')!.slice();
    const progress: string[] = [];
    const run = quantizeModel(source, plan, {
      calibration: windows(config, 1),
      onProgress: ({ activity, done }) => progress.push(`${activity} ${done}`),
    });
    expect(Array.from(run)).toHaveLength(plan.linears.length);
    expect(source.loadLayer(0).weights.get('self_attn.q_proj')).toEqual(before);
    expect(progress.filter((line) => line.startsWith('calibrating'))).toEqual([
      'calibrating 0',
      `calibrating ${plan.linears.length / 2}`,
    ]);
  });
});

describe('a plan for another model', () => {
  const source = randomModel(llamaConfig());

  it.each([
    ['of another width', fabricatePlan(llamaConfig({ hidden: 112 })), /layers\.0\.mlp\.gate_proj differs/],
    ['with fewer layers', fabricatePlan(llamaConfig({ layers: 1 })), /it has 7 linears/],
    ['of another architecture', fabricatePlan(optConfig()), /layers\.0\.self_attn\.k_proj differs/],
  ])('%s is refused before the first linear', (_, plan, message) => {
    expectInputError(() => quantizeModel(source, plan).next(), message);
  });
});

describe('a search that does not fit the frame', () => {
  it('is refused before anything is read', () => {
    const source = randomModel(llamaConfig());
    const run = quantizeModel(source, fabricatePlan(source.config), {
      search: 'sigma-delta',
      calibration: windows(source.config, 1),
    });
    expectInputError(() => run.next(), /layers\.0\.self_attn\.q_proj.*sigma-delta/);
    expect(source.loads).toEqual([0, 0]);
  });
});

describe.skipIf(lacks(data('models/stories260K'), data('text')))('quantizing stories260K at OSR 3', () => {
  it('costs less than 0.15 nats without calibration', () => {
    const model = sharedPath('models/stories260K');
    const source = openModel(`${model}/stories260K.bin`);
    const plan = fabricatePlan(source.config, { block: 64, samples: () => 192, gain: (segment) => segment });
    const tokenizer = parseLlama2cTokenizer('tok512.bin', readFileSync(`${model}/tok512.bin`));
    const text = parseText('eval.jsonl', readFileSync(sharedPath('text/tinystories_eval.jsonl')));
    const scored = tokenWindows(source.config, tokenizer, { ...text, documents: text.documents.slice(0, 6) });
    const layers = quantizedLayers(source, plan, {});
    const float = floatNll(source, scored).nll;
    const quantized = floatNll(source, scored, { transformLayer: (layer) => layers[layer]! }).nll;
    expect(quantized - float).toBeLessThan(0.15);
  });
});
