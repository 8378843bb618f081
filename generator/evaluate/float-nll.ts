import { head } from '../float/forward.js';
import type { EndTensors, LayerTensors, ModelConfig, ModelSource } from '../model/types.js';
import { runLayers } from './layerwise.js';
import { countPredictions } from './windows.js';

export interface FloatNllOptions {
  /** Replaces a layer's tensors before it is run, for instance by their quantized values. */
  readonly transformLayer?: (layer: number, tensors: LayerTensors) => LayerTensors;
  /** Replaces the tensors outside the layers. */
  readonly transformEnds?: (ends: EndTensors) => EndTensors;
  /** Is called with the share of the work that is done, 0 … 1. */
  readonly onProgress?: (done: number) => void;
  /** Most bytes of hidden states to hold at a time; more windows than that are scored in groups. */
  readonly stateBytes?: number;
}

export interface NllResult {
  /** Number of predictions. */
  readonly tokens: number;
  /** Mean negative log-likelihood, nats per prediction. */
  readonly nll: number;
}

const DEFAULT_STATE_BYTES = 2 ** 30;
/** Positions whose logits are held at a time; vocabularies are large. */
const HEAD_POSITIONS = 32;

/**
 * Scores token windows with the float model: in each window, every token but the first is predicted from those before
 * it. Weights are read from the source one layer at a time, once for each group of windows.
 *
 * @param windows token sequences as made by `tokenWindows`
 */
export function floatNll(
  source: ModelSource,
  windows: readonly ArrayLike<number>[],
  options: FloatNllOptions = {},
): NllResult {
  const { config } = source;
  const { transformEnds, transformLayer, onProgress } = options;
  const groups = groupWindows(windows, config.dim, options.stateBytes ?? DEFAULT_STATE_BYTES);
  const loaded = source.loadEnds();
  const ends = transformEnds === undefined ? loaded : transformEnds(loaded);

  // The head counts as one more layer; it is close enough for a progress display.
  const steps = groups.length * (config.layers + 1);
  let step = 0;
  const advance = (): void => onProgress?.(++step / steps);

  let total = 0;
  for (const group of groups) {
    const states = runLayers(source, ends, group, { onLayer: advance, ...(transformLayer && { transformLayer }) });
    states.forEach((hidden, i) => {
      total += windowNll(config, ends, hidden, group[i]!);
    });
    advance();
  }
  const tokens = countPredictions(windows);
  return { tokens, nll: total / tokens };
}

/** Sum of the negative log-likelihoods of a window's predictions. */
function windowNll(config: ModelConfig, ends: EndTensors, hidden: Float32Array, window: ArrayLike<number>): number {
  const { dim, vocab } = config;
  let total = 0;
  for (let first = 0; first < window.length - 1; first += HEAD_POSITIONS) {
    const end = Math.min(first + HEAD_POSITIONS, window.length - 1);
    const logits = head(config, ends, hidden.subarray(first * dim, end * dim));
    for (let t = first; t < end; t++) {
      total -= logSoftmaxAt(logits.subarray((t - first) * vocab, (t - first + 1) * vocab), window[t + 1]!);
    }
  }
  return total;
}

/** log(softmax(logits)[index]), in double precision. */
export function logSoftmaxAt(logits: ArrayLike<number>, index: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - max);
  return logits[index]! - max - Math.log(sum);
}

/** Consecutive windows whose hidden states fit together; a window too large by itself is a group of its own. */
function groupWindows(
  windows: readonly ArrayLike<number>[],
  dim: number,
  stateBytes: number,
): (readonly ArrayLike<number>[])[] {
  const groups: ArrayLike<number>[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const window of windows) {
    const size = window.length * dim * Float32Array.BYTES_PER_ELEMENT;
    if (bytes + size > stateBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(window);
    bytes += size;
  }
  return groups;
}
