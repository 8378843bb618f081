/** Plain GPTQ, the yardstick of bench/accuracy.ts: columns in order, groups of 64 with a scale and an offset each. */

import { embed } from '../../generator/float/forward.js';
import { inputOf } from '../../generator/model/roles.js';
import type { LayerTensors, LinearRole, ModelSource } from '../../generator/model/types.js';
import { LayerCalibration } from '../../generator/quantize/calibration.js';
import { rowOf } from '../../generator/quantize/upper-triangle.js';

const GROUP = 64;

/**
 * A model whose linears are rounded to `bits` bits, layer by layer on inputs that passed through the quantized layers.
 * Stored bits per weight are `bits` + 16 / 64 with an 8-bit scale and an 8-bit offset per group.
 */
export function gptqModel(source: ModelSource, bits: number, calibration: readonly ArrayLike<number>[]): ModelSource {
  const { config } = source;
  const ends = source.loadEnds();
  const embedded = (): Float32Array[] => calibration.map((window) => embed(config, ends, window));
  const states = { original: embedded(), quantized: embedded() };
  const layers = new Map<number, ReadonlyMap<LinearRole, Float32Array>>();
  for (let layer = 0; layer < config.layers; layer++) {
    const loaded = source.loadLayer(layer);
    const weights = new Map(loaded.weights);
    const passes = new LayerCalibration(config, loaded, { ...loaded, weights }, states);
    let factor = new Float32Array(0);
    for (const { role, cols } of source.linears.filter((linear) => linear.layer === layer)) {
      if (inputOf(role) === role) factor = Float32Array.from(passes.inputsOf(role).hessian.factor);
      weights.set(role, gptq(loaded.weights.get(role)!, cols, factor, bits));
    }
    passes.finish();
    layers.set(layer, weights);
  }
  return {
    ...source,
    loadLayer: (layer): LayerTensors => ({ ...source.loadLayer(layer), weights: layers.get(layer)! }),
  };
}

/** Rounds a linear, rows × cols; `factor` is U with (H + λI)⁻¹ = UᵀU, an upper triangle. */
function gptq(weights: Float32Array, cols: number, factor: Float32Array, bits: number): Float32Array {
  const result = Float32Array.from(weights);
  const levels = 2 ** bits - 1;
  for (let first = 0; first < result.length; first += cols) {
    const row = result.subarray(first, first + cols);
    let step = 0;
    let offset = 0;
    for (let i = 0; i < cols; i++) {
      if (i % GROUP === 0) {
        const group = row.subarray(i, Math.min(cols, i + GROUP));
        const low = Math.min(0, ...group);
        const high = Math.max(0, ...group);
        step = (high - low) / levels || 1;
        offset = Math.round(-low / step);
      }
      const code = Math.min(levels, Math.max(0, Math.round(row[i]! / step) + offset));
      const value = (code - offset) * step;
      const factorRow = rowOf(cols, i);
      const error = (row[i]! - value) / factor[factorRow + i]!;
      row[i] = value;
      for (let j = i + 1; j < cols; j++) row[j] = row[j]! - error * factor[factorRow + j]!;
    }
  }
  return result;
}
