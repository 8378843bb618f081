import { describe, expect, it } from 'vitest';
import { toNamedArrays } from '../generator/image/arrays.js';
import { directoryBytes, HEADER_BYTES } from '../generator/image/format.js';
import { arrayBytes, arrayLayout, linearLengths, numberNames } from '../generator/image/layout.js';
import { shapeConfig, shapeNames } from '../generator/model/shapes.js';
import { canonicalPlan } from '../generator/plan/hash.js';
import type { Plan } from '../generator/plan/types.js';
import { imageBytes } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';

/** Most bytes beside the linears, the plan and the arrays. */
const LARGEST_HEADER = 4096;

const SMALL = { dim: 32, embedDim: 32, hidden: 32, heads: 2, kvHeads: 2, headDim: 16 };

/** The shapes of examples/. */
const TINY_LLAMA = { dim: 128, embedDim: 128, hidden: 344, layers: 4, headDim: 32, vocab: 640, context: 256 };
const OPT_HEADS = { heads: 3, kvHeads: 3, headDim: 32 };
const TINY_OPT = { dim: 96, embedDim: 96, hidden: 384, layers: 5, ...OPT_HEADS, vocab: 600, context: 256 };

/** Bytes of symbols, scales and means, counted row by row and block by block. */
function linearsSize({ linears }: Plan): number {
  let bytes = 0;
  for (const { rows, cols, block, tail, samples, alphabet, frame } of linears) {
    for (let start = 0; start < cols; start += block) {
      const count = tail && start + block > cols ? tail.samples : samples;
      bytes += rows * (Math.ceil(count / (alphabet === 'ternary' ? 5 : 8)) + (frame === 'fourier' ? 2 : 1));
    }
  }
  return bytes;
}

describe('an image is as large as its linears, its arrays, its plan and a header', () => {
  const plans = {
    'tiny-llama': fabricatePlan(llamaConfig(TINY_LLAMA), { block: 128 }),
    'tiny-opt': fabricatePlan(optConfig(TINY_OPT), { block: 64 }),
    'llama, 80 layers': fabricatePlan(llamaConfig({ ...SMALL, layers: 80, tiedHead: false })),
    'opt, 64 layers': fabricatePlan(optConfig({ ...SMALL, layers: 64 }), { alphabet: 'binary' }),
    'opt, norm after, fourier': fabricatePlan(optPostNormConfig(), { frame: 'fourier' }),
    'opt, head in SDQ': fabricatePlan(optPostNormConfig({ vocab: 300 }), { sdqHead: true }),
  };

  it.each(Object.entries(plans))('%s', (_, plan) => {
    const fabricated = fabricateModel(plan);
    let arrays = 0;
    for (const array of toNamedArrays(fabricated.model).arrays.values()) arrays += array.byteLength;
    const planSize = Buffer.byteLength(canonicalPlan(plan));
    const rest = imageBytes(fabricated).length - linearsSize(plan) - arrays - planSize;
    expect(rest).toBe(60 + 6 * plan.linears.length + 2 * numberNames(plan).length + 4);
    expect(rest).toBeLessThanOrEqual(LARGEST_HEADER);
  });
});

describe('the header of a published shape', () => {
  it.each(shapeNames())('%s has at most 4 KiB', (name) => {
    for (const [frame, alphabet] of [
      ['hadamard', 'ternary'],
      ['fourier', 'binary'],
    ] as const) {
      const plan = fabricatePlan(shapeConfig(name), { frame, alphabet, block: 128, sdqHead: true });
      expect(HEADER_BYTES + directoryBytes(plan)).toBeLessThanOrEqual(LARGEST_HEADER);
      expect(linearLengths(plan).reduce((sum, length) => sum + length, 0)).toBe(linearsSize(plan));
    }
  });

  it('is measured', () => {
    const configs = [llamaConfig(TINY_LLAMA), optConfig(TINY_OPT)].concat(
      ['opt-125m', 'opt-66b', 'llama-7b', 'llama-70b'].map(shapeConfig),
    );
    const bytes = configs.map((config) => HEADER_BYTES + directoryBytes(fabricatePlan(config)));
    expect(bytes).toEqual([270, 292, 600, 2888, 1672, 4072]);
  });
});

describe('the layout of arrays', () => {
  it('follows from the model', () => {
    const names = (plan: Plan): string[] => arrayLayout(plan).map(({ name }) => name);
    const llama = names(fabricatePlan(llamaConfig({ layers: 1 })));
    const opt = names(fabricatePlan(optPostNormConfig({ layers: 1 })));
    expect(llama.filter((name) => !opt.includes(name))).toEqual(['finalNorm.weight']);
    expect(opt.filter((name) => !llama.includes(name))).toEqual([
      ...['positions', 'projectIn', 'projectOut', 'head'].flatMap((name) => [`${name}.values`, `${name}.scales`]),
      ...['layers.0.attnNorm.bias', 'layers.0.mlpNorm.bias'],
      ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((role) => `layers.0.self_attn.${role}.bias`),
      ...['layers.0.fc1.bias', 'layers.0.fc2.bias'],
    ]);
    expect(names(fabricatePlan(optConfig({ biases: false }))).filter((name) => name.endsWith('fc1.bias'))).toEqual([]);
    expect(names(fabricatePlan(llamaConfig({ biases: true, layers: 1 })))).toContain('layers.0.mlp.down_proj.bias');
    const fourier = fabricatePlan(llamaConfig(), { frame: 'fourier' });
    const kernels = arrayLayout(fourier).filter(({ name }) => name.startsWith('kernels.'));
    expect(kernels.map(({ name }) => name)).toEqual(['kernels.80', 'kernels.64', 'kernels.96']);
    expect(kernels.map(arrayBytes)).toEqual([80, 64, 96].map((samples) => samples * 32 * 2));
  });
});
