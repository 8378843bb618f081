import { InputError } from '../errors.js';
import type { ModelConfig, ModelSource } from './types.js';

/** A model's configuration with a shorter context. @throws InputError if it is not shorter */
export function shortenedConfig(config: ModelConfig, context: number): ModelConfig {
  if (context > config.context) {
    throw new InputError(
      `${config.name} has a context of ${config.context}, which can be shortened, not made ${context}`,
    );
  }
  return { ...config, context };
}

/** A model that sees fewer positions: with learned ones, the first of them. @throws InputError as `shortenedConfig` */
export function shortened(source: ModelSource, context: number): ModelSource {
  const config = shortenedConfig(source.config, context);
  return {
    ...source,
    config,
    loadEnds() {
      const ends = source.loadEnds();
      return { ...ends, positions: ends.positions?.subarray(0, context * config.dim) ?? null };
    },
  };
}
