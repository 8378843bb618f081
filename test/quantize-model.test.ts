import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLlama2cTokenizer } from '../firmware/tokenizer/llama2c.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { parseText } from '../generator/evaluate/text.js';
import { tokenWindows } from '../generator/evaluate/windows.js';
import { embed, head, layerForward } from '../generator/float/forward.js';
import { openModel } from '../generator/model/node/open-model.js';
import type { LayerTensors, ModelSource } from '../generator/model/types.js';
import type { Plan } from '../generator/plan/types.js';
import { dequantizeLinear, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import {
  type QuantizedModelLinear,
  type QuantizeModelOptions,
  quantizeModel,
} from '../generator/quantize/quantize-model.js';
import { fabricatePlan, llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';
import { data, lacks } from './support/needs.js';
import { randomModel, windows } from './support/random-model.js';
import { expectInputError } from './support/read-model.js';
import { sharedPath } from './support/shared.js';

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
    for (const { linear, ...found } of quantizeModel(source, plan)) {
      const weights = source.loadLayer(linear.layer).weights.get(linear.role)!;
      const alone = quantizeLinear(weights, linear, plan.signs, { search: 'refine' });
      expect(found).toEqual(alone);
    }
  });

  it('passes its options on', () => {
    const source = randomModel(config);
    const weights = source.loadLayer(0).weights.get('self_attn.q_proj')!;
    const [first] = quantizeModel(source, plan, { effort: 2 });
    expect(first).toMatchObject(quantizeLinear(weights, plan.linears[0]!, plan.signs, { search: 'refine', effort: 2 }));
    expect(first!.quantized).not.toEqual(quantizeModel(source, plan).next().value!.quantized);
  });

  it('with calibration comes closer to the float model', () => {
    const source = randomModel(config);
    const calibration = windows(config, 12);
    const test = windows(config, 4, 3);
    const without = logitError(source, quantizedLayers(source, plan, {}), test);
    const found = logitError(source, quantizedLayers(source, plan, { calibration }), test);
    expect(found).toBeLessThan(0.5 * without);
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
    // Once for each vector that linears read: in a LLaMA q, k and v share one, and gate and up.
    const perLayer = config.architecture === 'llama' ? [0, 3, 4, 6] : [0, 3, 4, 5];
    const linears = plan.linears.length / config.layers;
    expect(progress.filter((line) => line.startsWith('calibrating'))).toEqual(
      [0, linears].flatMap((before) => perLayer.map((index) => `calibrating ${before + index}`)),
    );
  });
});

describe.each([
  { name: 'a tied head', config: llamaConfig({ context: 64, vocab: 250 }) },
  { name: 'a head of its own behind a projection', config: optPostNormConfig({ context: 64, vocab: 300 }) },
])('quantizing $name in SDQ', ({ config }) => {
  const plan = fabricatePlan(config, { samples: (_, block) => 2 * block, gain: () => 0, sdqHead: true });
  const source = randomModel(config);
  const { vocab, embedDim } = config;
  const groups = plan.linears.slice(-3);
  const headOf = (results: readonly QuantizedModelLinear[]): Float32Array => {
    const head = new Float32Array(vocab * embedDim);
    results.slice(-3).reduce((first, { linear, quantized }) => {
      head.set(dequantizeLinear(quantized, linear, plan.signs), first);
      return first + linear.rows * linear.cols;
    }, 0);
    return head;
  };

  it('comes after the layers, its groups being rows of the matrix', () => {
    const results = [...quantizeModel(source, plan)];
    expect(results.map(({ linear }) => linear)).toEqual(plan.linears);
    expect(groups.map(({ role }) => role)).toEqual(['lm_head', 'lm_head', 'lm_head']);
    const { head } = source.loadEnds();
    const last = groups[2]!;
    const weights = head.slice(-last.rows * embedDim);
    const { linear: _, ...found } = results.at(-1)!;
    expect(found).toEqual(quantizeLinear(weights, last, plan.signs, { search: 'refine' }));
    const noise = headOf(results).reduce((sum, value, i) => sum + (value - head[i]!) ** 2, 0);
    const signal = head.reduce((sum, value) => sum + value ** 2, 0);
    expect(noise).toBeLessThan(0.04 * signal);
  });

  it('with calibration learns from what reaches the head', () => {
    const calibration = windows(config, 12);
    const progress: string[] = [];
    const results = [
      ...quantizeModel(source, plan, {
        calibration,
        onProgress: ({ activity, linear, done }) => progress.push(`${activity} ${linear.name} ${done}`),
      }),
    ];
    const first = plan.linears.length - 3;
    expect(progress.slice(-4)).toEqual([
      `calibrating lm_head.0 ${first}`,
      ...groups.map(({ name }, i) => `quantizing ${name} ${first + i}`),
    ]);
    // Logits of the quantized layers with either head, beside those of the float model.
    const layers = Array.from({ length: config.layers }, (_, layer) => {
      const own = results.filter(({ linear }) => linear.layer === layer);
      const weights = own.map(
        ({ linear, quantized }) => [linear.role, dequantizeLinear(quantized, linear, plan.signs)] as const,
      );
      return { ...source.loadLayer(layer), weights: new Map(weights) };
    });
    const error = (matrix: Float32Array): number => {
      const ends = source.loadEnds();
      let sum = 0;
      for (const text of windows(config, 4, 3)) {
        const run = (tensors: readonly LayerTensors[], output: Float32Array): Float32Array => {
          const hidden = embed(config, ends, text);
          for (const layer of tensors) layerForward(config, layer, hidden, text.length);
          return head(config, { ...ends, head: output }, hidden);
        };
        const float = run(
          layers.map((_, layer) => source.loadLayer(layer)),
          ends.head,
        );
        run(layers, matrix).forEach((logit, i) => {
          sum += (logit - float[i]!) ** 2;
        });
      }
      return sum;
    };
    const without = headOf([...quantizeModel(source, plan)]);
    expect(error(headOf(results))).toBeLessThan(0.9 * error(without));
  });

  it('continues where an earlier quantization ended', () => {
    const options = { effort: 2, calibration: windows(config, 3) };
    const whole = [...quantizeModel(source, plan, options)];
    for (const count of [plan.linears.length - 4, plan.linears.length - 2, plan.linears.length]) {
      const resumed = quantizeModel(source, plan, {
        ...options,
        finished: (index) => (index < count ? whole[index]! : null),
      });
      expect([...resumed]).toEqual(whole);
    }
  });
});

describe('a quantization that goes on from an earlier one', () => {
  const config = llamaConfig({ context: 32 });
  const plan = fabricatePlan(config, { samples: (_, block) => 2 * block, gain: () => 0 });
  const source = randomModel(config);

  it.each([undefined, windows(config, 3)])('gives the same, wherever that ended: calibration %#', (calibration) => {
    const options = { effort: 2, ...(calibration && { calibration }) };
    const whole = [...quantizeModel(source, plan, options)];
    // Within a group that shares its input, between groups, at the end of a layer, and at the end.
    for (const count of [1, 3, 5, 7, 14]) {
      const progress: string[] = [];
      const resumed = quantizeModel(source, plan, {
        ...options,
        finished: (index) => (index < count ? whole[index]! : null),
        onProgress: ({ activity, done }) => progress.push(`${activity} ${done}`),
      });
      expect([...resumed]).toEqual(whole);
      // A group's input is computed if one of its linears still needs it.
      const groups = [0, 3, 4, 6, 7, 10, 11, 13];
      const needed = groups.filter((_, i) => (groups[i + 1] ?? 14) > count);
      expect(progress.filter((line) => line.startsWith('calibrating'))).toEqual(
        calibration === undefined ? [] : needed.map((index) => `calibrating ${index}`),
      );
    }
  });
});

describe('a plan for another model', () => {
  const source = randomModel(llamaConfig());

  it.each([
    ['of another width', fabricatePlan(llamaConfig({ hidden: 112 })), /layers\.0\.mlp\.gate_proj differs/],
    ['with fewer layers', fabricatePlan(llamaConfig({ layers: 1 })), /it has 7 linears/],
    ['with a head of another size', fabricatePlan(llamaConfig({ vocab: 41 }), { sdqHead: true }), /lm_head\.0 differs/],
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
  it('costs less than 0.1 nats without calibration', () => {
    const model = sharedPath('models/stories260K');
    const source = openModel(`${model}/stories260K.bin`);
    const plan = fabricatePlan(source.config, { block: 64, samples: () => 192, gain: (segment) => segment });
    const tokenizer = parseLlama2cTokenizer('tok512.bin', readFileSync(`${model}/tok512.bin`));
    const text = parseText('eval.jsonl', readFileSync(sharedPath('text/tinystories_eval.jsonl')));
    const scored = tokenWindows(source.config, tokenizer, { ...text, documents: text.documents.slice(0, 6) });
    const layers = quantizedLayers(source, plan, {});
    const float = floatNll(source, scored).nll;
    const quantized = floatNll(source, scored, { transformLayer: (layer) => layers[layer]! }).nll;
    expect(quantized - float).toBeLessThan(0.1);
  });
});
