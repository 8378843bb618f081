import { InputError } from '../errors.js';
import type { ModelConfig } from '../model/types.js';
import type { Plan } from './types.js';

const SHAPE_FIELDS = [
  'architecture',
  'dim',
  'hidden',
  'layers',
  'heads',
  'kvHeads',
  'headDim',
  'vocab',
  'embedDim',
  'tiedHead',
] as const;

/** @throws InputError naming the first field in which a plan's model and a checkpoint differ; a plan's context may be shorter */
export function checkSameModel(plan: Plan, config: ModelConfig, file: string): void {
  const check = (field: keyof ModelConfig, agrees: boolean): void => {
    if (agrees) return;
    throw new InputError(
      `${file} is for another model: its "${field}" is ${plan.model[field]}, but that of ${config.name} is ${config[field]}`,
    );
  };
  for (const field of SHAPE_FIELDS) {
    check(field, plan.model[field] === config[field]);
  }
  check('context', plan.model.context <= config.context);
}
