/** A made-up model of a few thousand weights, with a tokenizer of which most tokens are single bytes. */

import { HuggingFaceTokenizer } from '../../firmware/tokenizer/huggingface.js';
import type { Tokenizer } from '../../firmware/tokenizer/tokenizer.js';
import { loadBoard } from '../../generator/boards/node/load.js';
import { type Image, readWeights } from '../../generator/image/image.js';
import type { ModelConfig } from '../../generator/model/types.js';
import { buildPlan } from '../../generator/plan/build-plan.js';
import type { Placement } from '../../generator/plan/types.js';
import { imageBytes } from './golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig } from './golden-models.js';
import { sentencePieceJson } from './tokenizers.js';

export interface SmallModel {
  readonly weights: Image;
  readonly tokenizer: Tokenizer;
}

/** The same for the same arguments. @param placement for `decoder` the board is ulx3s-85f */
export function smallModel(
  overrides: Partial<ModelConfig> = {},
  seed = 1,
  placement: Placement = 'linear',
): SmallModel {
  const tokenizer = new HuggingFaceTokenizer('tokenizer.json', sentencePieceJson(['▁ a', 'a b', '▁ t', 't h', 'th e']));
  const config = llamaConfig({ vocab: tokenizer.vocabSize, context: 32, eos: [], ...overrides });
  const made = fabricatePlan(config);
  const plan = placement === 'linear' ? made : buildPlan(config, [...made.linears], loadBoard('ulx3s-85f'), placement);
  return { weights: readWeights(imageBytes(fabricateModel(plan, seed))), tokenizer };
}
