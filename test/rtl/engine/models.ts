import type { ModelConfig } from '../../../generator/model/types.js';

/** The shapes of stories260K. */
export const stories260K: ModelConfig = {
  architecture: 'llama',
  name: 'stories260K',
  dim: 64,
  hidden: 172,
  layers: 5,
  heads: 8,
  kvHeads: 4,
  headDim: 8,
  vocab: 512,
  context: 512,
  embedDim: 64,
  tiedHead: true,
  normBefore: true,
  finalNorm: true,
  normEps: 1e-5,
  biases: false,
  rope: { theta: 10_000, linearFactor: 1, llama3: null },
  bos: 1,
  eos: [2],
};
