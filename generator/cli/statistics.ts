import type { ModelSource } from '../model/types.js';
import { type ModelStatistics, modelStatistics } from '../plan/statistics.js';
import { remaining, startProgress } from './progress.js';

/** Measures the weights of a model. @throws InputError if a tensor cannot be read */
export function measureWeights(source: ModelSource): ModelStatistics {
  const { layers } = source.config;
  const progress = startProgress('Measuring the weights');
  const started = Date.now();
  try {
    return modelStatistics(source, (layer) => progress.update(remaining(layer + 1, layers, started)));
  } finally {
    progress.stop();
  }
}
