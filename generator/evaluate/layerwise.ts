import { embed, layerForward } from '../float/forward.js';
import type { EndTensors, LayerTensors, LinearRole, ModelSource } from '../model/types.js';

export interface LayerwiseOptions {
  /** Replaces a layer's tensors before it is run, for instance by their quantized values. */
  readonly transformLayer?: (layer: number, tensors: LayerTensors) => LayerTensors;
  /** Sees the input of each linear of each window: input is seq × cols, only valid during the call. */
  readonly observe?: (layer: number, role: LinearRole, input: Float32Array, seq: number) => void;
  /** Is called when a layer has been run on all windows. */
  readonly onLayer?: (layer: number) => void;
}

/**
 * Runs the float model over token windows layer by layer: the hidden states of all windows are kept, and only one
 * layer's weights are in memory at a time.
 *
 * @param ends the model's embedding and positions
 * @returns per window, seq × dim: the residual stream after the last layer
 */
export function runLayers(
  source: ModelSource,
  ends: EndTensors,
  windows: readonly ArrayLike<number>[],
  options: LayerwiseOptions = {},
): Float32Array[] {
  const { config } = source;
  const { transformLayer, observe, onLayer } = options;
  const states = windows.map((window) => embed(config, ends, window));
  for (let layer = 0; layer < config.layers; layer++) {
    const loaded = source.loadLayer(layer);
    const tensors = transformLayer === undefined ? loaded : transformLayer(layer, loaded);
    const observer =
      observe && ((role: LinearRole, input: Float32Array, seq: number) => observe(layer, role, input, seq));
    for (const hidden of states) layerForward(config, tensors, hidden, hidden.length / config.dim, observer);
    onLayer?.(layer);
  }
  return states;
}
