import type { ModelConfig } from '../../generator/model/types.js';
import type { Plan } from '../../generator/plan/types.js';
import type { QuantizedLinear } from '../../generator/quantize/types.js';
import type { Tables } from './tables.js';

/** Fraction bits of the fixed-point vectors of the decoder. Source: docs/numerics.md, "Formats". */
export const RESIDUAL_FRAC = 16;
/** Outputs of the linears that read a norm (q, k, v, gate, up, fc1), and of attention. */
export const ACTIVATION_FRAC = 20;
/** The product of SwiGLU. */
export const GATED_FRAC = 16;
export const LOGIT_FRAC = 16;

/** A norm in integers: y = sat32(rs(z · weight, shift) + bias), z the normalised vector in Q20. */
export interface IntegerNorm {
  /** int16 mantissas of √dim · weight, dim values */
  readonly weight: Int16Array;
  /** dim values with `frac` fraction bits, or null (RMSNorm) */
  readonly bias: Int32Array | null;
  /** 20 − (mantissas' exponent) − frac */
  readonly shift: number;
  /** Fraction bits of the output, 0 … 16. */
  readonly frac: number;
}

/** A matrix in int8 with a scale per row: w[r][c] ≈ values[r][c] · scales[r] · 2^exponent. */
export interface Int8Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Int8Array;
  /** 0 … 65535 per row */
  readonly scales: Uint16Array;
  readonly exponent: number;
}

export interface IntegerLayer {
  readonly attnNorm: IntegerNorm;
  readonly mlpNorm: IntegerNorm;
}

/** Everything but the linears' symbols: what the host needs whatever runs the linears. */
export interface IntegerModel {
  readonly config: ModelConfig;
  readonly plan: Plan;
  readonly tables: Tables;
  readonly embedding: Int8Matrix;
  readonly positions: Int8Matrix | null;
  readonly projectIn: Int8Matrix | null;
  readonly projectOut: Int8Matrix | null;
  /** The very same object as `embedding` when the head is tied; null when it is among the plan's linears. */
  readonly head: Int8Matrix | null;
  readonly finalNorm: IntegerNorm | null;
  readonly layers: readonly IntegerLayer[];
  /** Per linear, in plan order: int32 with the linear's output fraction bits, or null. */
  readonly biases: readonly (Int32Array | null)[];
  /** Per linear, in plan order. */
  readonly exponents: readonly number[];
  /** Int16 matrices of the plan's `fourier` frames by number of samples. */
  readonly kernels: ReadonlyMap<number, Int16Array>;
}

/** The linears' symbols and scales, in plan order, for whoever computes them. */
export interface LinearWeights {
  linear(index: number): QuantizedLinear;
}
