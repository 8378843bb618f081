/** A made-up model of a few thousand weights, with a tokenizer of which most tokens are single bytes. */

import { HuggingFaceTokenizer } from '../../firmware/tokenizer/huggingface.js';
import type { Tokenizer } from '../../firmware/tokenizer/tokenizer.js';
import { type Image, readWeights } from '../../generator/image/image.js';
import type { ModelConfig } from '../../generator/model/types.js';
import { imageBytes } from './golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig } from './golden-models.js';
import { sentencePieceJson } from './tokenizers.js';

export interface SmallModel {
  readonly weights: Image;
  readonly tokenizer: Tokenizer;
}

/** The same for the same arguments. */
export function smallModel(overrides: Partial<ModelConfig> = {}, seed = 1): SmallModel {
  const tokenizer = new HuggingFaceTokenizer('tokenizer.json', sentencePieceJson(['▁ a', 'a b', '▁ t', 't h', 'th e']));
  const plan = fabricatePlan(llamaConfig({ vocab: tokenizer.vocabSize, context: 32, eos: [], ...overrides }));
  return { weights: readWeights(imageBytes(fabricateModel(plan, seed))), tokenizer };
}
