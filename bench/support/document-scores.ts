/** Documents scored one by one by several versions of a model, so that differences come with their standard errors. */

import { logSoftmaxAt } from '../../generator/evaluate/float-nll.js';
import { runLayers } from '../../generator/evaluate/layerwise.js';
import { countPredictions } from '../../generator/evaluate/windows.js';
import { head } from '../../generator/float/forward.js';
import type { LayerTensors, ModelSource } from '../../generator/model/types.js';
import { divergenceFrom } from '../../generator/sensitivity/divergence.js';

/** What replaces a layer's tensors. */
export type Version = (layer: number, tensors: LayerTensors) => LayerTensors;

/** Per document, summed over its predictions, in nats. */
export interface DocumentScores {
  readonly nll: number[];
  /** Of the next-token distributions from those of the float model. */
  readonly divergence: number[];
}

export interface Estimate {
  /** Nats per prediction. */
  readonly mean: number;
  readonly standardError: number;
}

/** @returns scores of the float model, and of each version of it */
export function scoreDocuments(
  source: ModelSource,
  windows: readonly (readonly number[])[],
  versions: readonly Version[],
): DocumentScores[] {
  const { config } = source;
  const ends = source.loadEnds();
  const layers = Array.from({ length: config.layers }, (_, layer) => source.loadLayer(layer));
  const loaded: ModelSource = { ...source, config, loadLayer: (layer) => layers[layer]! };
  const float: Version = (_, tensors) => tensors;
  const scores = [float, ...versions].map(() => ({ nll: [] as number[], divergence: [] as number[] }));
  for (const window of windows) {
    // What follows the last token is not known.
    const predicting = window.slice(0, -1);
    const states = [float, ...versions].map((transformLayer) =>
      runLayers(loaded, ends, [predicting], { transformLayer }),
    );
    const divergence = divergenceFrom(config, ends, states[0]!);
    states.forEach(([hidden], i) => {
      const logits = head(config, ends, hidden!);
      const at = (t: number): Float32Array => logits.subarray(t * config.vocab, (t + 1) * config.vocab);
      scores[i]!.nll.push(predicting.reduce((sum, _, t) => sum - logSoftmaxAt(at(t), window[t + 1]!), 0));
      scores[i]!.divergence.push(divergence([hidden!]) * predicting.length);
    });
  }
  return scores;
}

/**
 * Mean per prediction of sums over documents. Documents and draws are independent among themselves; the variance of the mean is
 * that over documents plus that over draws, which is rather too much than too little.
 *
 * @param draws per draw of a version, per document
 */
export function estimate(draws: readonly (readonly number[])[], windows: readonly (readonly number[])[]): Estimate {
  const predictions = countPredictions(windows);
  const means = draws.map((sums) => sums.reduce((total, sum) => total + sum, 0) / predictions);
  const mean = average(means);
  const perDocument = windows.map((window, i) => average(draws.map((sums) => sums[i]!)) - mean * (window.length - 1));
  const overDocuments = varianceOfSum(perDocument) / predictions ** 2;
  const overDraws = draws.length === 1 ? 0 : varianceOfSum(means.map((value) => value - mean)) / draws.length ** 2;
  return { mean, standardError: Math.sqrt(overDocuments + overDraws) };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of a sum of independent terms. @param deviations of the terms from their mean */
function varianceOfSum(deviations: readonly number[]): number {
  const { length } = deviations;
  return (deviations.reduce((sum, value) => sum + value ** 2, 0) * length) / (length - 1);
}
