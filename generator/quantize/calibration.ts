import { applyLinear, type LinearRequest, layerSteps } from '../float/forward.js';
import { multiplyRows } from '../kernel/multiply.js';
import { shapeOf } from '../model/roles.js';
import type { LayerTensors, LinearRole, ModelConfig } from '../model/types.js';
import { Hessian } from './hessian.js';

/**
 * Share of the drift that a linear's weights are moved by. All of it would be the least-squares answer to the
 * calibration text; half of it scores better on other text.
 */
const DRIFT_SHARE = 0.5;

/** Rows and columns that the drift is compensated for at a time. */
const STRIP = 256;

/** What calibration tells about a linear. */
export interface InputStatistics {
  /** Of the inputs x̃ that the linear will see, those before it being quantized. */
  readonly hessian: Hessian;
  /**
   * 2 · Σ x̃ (x − x̃)ᵀ, cols × cols, where x is the input that the linear would see in the checkpoint's model: how far, and
   * along what, the inputs have drifted.
   */
  readonly drift: Float32Array;
}

/** The residual streams of the calibration windows, seq × dim each, before the layer at work. */
export interface CalibrationStates {
  readonly original: readonly Float32Array[];
  readonly quantized: readonly Float32Array[];
}

/**
 * The calibration windows on their way through one layer, each twice: with the checkpoint's weights, and with quantized
 * ones where there are any yet.
 */
export class LayerCalibration {
  readonly #config: ModelConfig;
  readonly #original: LayerPasses;
  readonly #quantized: LayerPasses;

  /** @param quantized the layer with the weights of linears replaced as they are quantized */
  constructor(config: ModelConfig, original: LayerTensors, quantized: LayerTensors, states: CalibrationStates) {
    this.#config = config;
    this.#original = new LayerPasses(config, original, states.original);
    this.#quantized = new LayerPasses(config, quantized, states.quantized);
  }

  /** Statistics of a linear's input; linears are to be asked for in the order of inference. */
  inputOf(role: LinearRole): InputStatistics {
    const { cols } = shapeOf(this.#config, role);
    const hessian = new Hessian(cols);
    const drift = new Float32Array(cols * cols);
    const before = this.#original.inputsOf(role);
    this.#quantized.inputsOf(role).forEach((now, i) => {
      hessian.accumulate(now, now.length / cols);
      addDrift(before[i]!, now, cols, drift);
    });
    return { hessian, drift };
  }

  /** Takes the residual streams to behind the layer. */
  finish(): void {
    this.#original.finish();
    this.#quantized.finish();
  }
}

/**
 * The passes of all windows through a layer, which halt at the linears that are asked for. They go from linear to linear
 * together, so that each weight matrix is needed once.
 */
class LayerPasses {
  readonly #config: ModelConfig;
  readonly #tensors: LayerTensors;
  readonly #steps: readonly Generator<LinearRequest, void, Float32Array>[];
  /** What each window waits for, all of them for the same linear; empty behind the layer. */
  #requests: readonly LinearRequest[];

  /** @param states seq × dim each, changed in place */
  constructor(config: ModelConfig, tensors: LayerTensors, states: readonly Float32Array[]) {
    this.#config = config;
    this.#tensors = tensors;
    this.#steps = states.map((hidden) => layerSteps(config, tensors, hidden, hidden.length / config.dim));
    this.#requests = this.#steps.map((steps) => steps.next().value!);
  }

  inputsOf(role: LinearRole): readonly Float32Array[] {
    while (this.#requests.length > 0 && this.#requests[0]!.role !== role) this.#step();
    if (this.#requests.length === 0) throw new RangeError(`the layer has no ${role} to come`);
    return this.#requests.map(({ input }) => input);
  }

  finish(): void {
    while (this.#requests.length > 0) this.#step();
  }

  #step(): void {
    const next = this.#requests.map((request, i) =>
      this.#steps[i]!.next(applyLinear(this.#config, this.#tensors, request)),
    );
    this.#requests = next.flatMap(({ value }) => value ?? []);
  }
}

/** drift += 2 · Σ x̃ (x − x̃)ᵀ over the vectors of one window. */
function addDrift(before: Float32Array, now: Float32Array, cols: number, drift: Float32Array): void {
  const seq = now.length / cols;
  const difference = new Float32Array(cols * seq);
  const transposed = new Float32Array(cols * seq);
  let any = false;
  for (let t = 0; t < seq; t++) {
    for (let i = 0; i < cols; i++) {
      const value = now[t * cols + i]!;
      const moved = before[t * cols + i]! - value;
      transposed[i * seq + t] = value;
      difference[i * seq + t] = moved;
      any ||= moved !== 0;
    }
  }
  if (!any) return;
  const rows = (data: Float32Array) => ({ data, offset: 0, stride: seq, rows: cols });
  multiplyRows(rows(difference), rows(transposed), seq, drift, 0, cols, 2, true);
}

/**
 * The weights that do on the drifted inputs, as far as a linear can, what the checkpoint's do on its own: W moved towards
 * W + W · (Σ (x − x̃) x̃ᵀ) · (Σ x̃ x̃ᵀ)⁻¹, the inverse being that of the damped Hessian.
 *
 * @param weights W, rows × cols
 * @returns rows × cols
 */
export function compensateDrift(
  weights: Float32Array,
  rows: number,
  { hessian, drift }: InputStatistics,
): Float32Array {
  const { cols, factor } = hessian;
  const target = weights.slice();
  if (drift.every((x) => x === 0)) return target;
  const matrix = (data: Float32Array, offset: number, count: number) => ({ data, offset, stride: cols, rows: count });
  // H⁻¹ = Uᵀ · U, so that W · D · Uᵀ · U is three products of rows with rows: a strip of rows of W at a time, and of the
  // columns of U, since a second matrix of cols × cols may not fit.
  const moved = new Float32Array(STRIP * cols);
  const half = new Float32Array(STRIP * cols);
  const columns = new Float32Array(Math.min(STRIP, cols) * cols);
  for (let first = 0; first < rows; first += STRIP) {
    const count = Math.min(STRIP, rows - first);
    multiplyRows(matrix(drift, 0, cols), matrix(weights, first * cols, count), cols, moved, 0, cols, 1, false);
    multiplyRows(matrix(factor, 0, cols), matrix(moved, 0, count), cols, half, 0, cols, 1, false);
    for (let column = 0; column < cols; column += STRIP) {
      const width = Math.min(STRIP, cols - column);
      for (let i = 0; i < column + width; i++) {
        for (let j = Math.max(0, i - column); j < width; j++) columns[j * cols + i] = factor[i * cols + column + j]!;
      }
      // U is upper triangular: below its diagonal, what an earlier strip left must not count.
      for (let j = 0; j < width; j++) columns.fill(0, j * cols + column + j + 1, (j + 1) * cols);
      const at = first * cols + column;
      multiplyRows(matrix(columns, 0, width), matrix(half, 0, count), cols, target, at, cols, DRIFT_SHARE, true);
    }
  }
  return target;
}
