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

/** Mean per prediction of sums over documents, which are drawn independently of each other. */
export function estimate(sums: readonly number[], windows: readonly (readonly number[])[]): Estimate {
  const predictions = countPredictions(windows);
  const mean = sums.reduce((total, sum) => total + sum, 0) / predictions;
  const squares = sums.reduce((total, sum, i) => total + (sum - mean * (windows[i]!.length - 1)) ** 2, 0);
  return { mean, standardError: Math.sqrt((squares * sums.length) / (sums.length - 1)) / predictions };
}
