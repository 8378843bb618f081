import type { ModelConfig, NormTensors } from '../model/types.js';

/**
 * Normalises each token's vector: RMSNorm for LLaMA (x / √(mean x² + ε) · weight), LayerNorm for OPT
 * ((x − mean) / √(variance + ε) · weight + bias). Statistics are taken in double precision.
 *
 * @param input seq × dim
 * @param output seq × dim; may be `input` itself
 */
export function normalize(
  config: ModelConfig,
  norm: NormTensors,
  input: Float32Array,
  seq: number,
  output: Float32Array,
): void {
  const { dim, normEps } = config;
  const centred = config.architecture === 'opt';
  const { weight, bias } = norm;
  for (let t = 0; t < seq; t++) {
    const start = t * dim;
    let mean = 0;
    if (centred) {
      for (let i = start; i < start + dim; i++) mean += input[i]!;
      mean /= dim;
    }
    let squares = 0;
    for (let i = start; i < start + dim; i++) squares += (input[i]! - mean) ** 2;
    const gain = 1 / Math.sqrt(squares / dim + normEps);
    for (let i = 0; i < dim; i++) {
      output[start + i] = (input[start + i]! - mean) * gain * weight[i]! + (bias === null ? 0 : bias[i]!);
    }
  }
}
