import { InputError } from '../errors.js';
import type { Image } from '../image/image.js';
import { openImage } from '../image/node/open-image.js';
import type { ModelConfig } from '../model/types.js';
import type { Plan } from '../plan/types.js';
import { userPath } from './values.js';

const SHAPE_FIELDS = [
  'architecture',
  'dim',
  'hidden',
  'layers',
  'heads',
  'kvHeads',
  'headDim',
  'vocab',
  'context',
  'embedDim',
  'tiedHead',
] as const;

/**
 * Opens the weights that the user named and reads them once, so that damage is found before any work.
 * @throws InputError if they are damaged
 */
export function openUserWeights(path: string): Image {
  const image = openImage(userPath(path));
  image.verify();
  return image;
}

/** @throws InputError naming the first field in which a plan's model and a checkpoint differ */
export function checkSameModel(plan: Plan, config: ModelConfig, file: string): void {
  for (const field of SHAPE_FIELDS) {
    if (plan.model[field] !== config[field]) {
      throw new InputError(
        `${file} is for another model: its "${field}" is ${plan.model[field]}, but that of ${config.name} is ${config[field]}`,
      );
    }
  }
}

/** @throws InputError if weights were made for another plan, with both hashes */
export function checkSamePlan(expected: string, found: string, expectedName: string, foundName: string): void {
  if (expected !== found) {
    throw new InputError(
      `${foundName} was made for another plan: its hash is ${found}, that of ${expectedName} is ${expected}`,
    );
  }
}
