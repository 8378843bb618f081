import { applyLinear, headInput, type LinearRequest, layerSteps } from '../float/forward.js';
import { multiplyRows } from '../kernel/multiply.js';
import { shapeOf } from '../model/roles.js';
import type { EndTensors, LayerTensors, LinearRole, ModelConfig } from '../model/types.js';
import { Hessian } from './hessian.js';
import { rowOf, STRIP, strips } from './upper-triangle.js';

/**
 * Share of the drift that a linear's weights are moved by. All of it would be the least-squares answer to the
 * calibration text; half of it scores better on other text.
 */
const DRIFT_SHARE = 0.5;

/** What calibration tells about a linear: its inputs, seq × cols for each window. */
export interface LinearInputs {
  /** x̃, which the linear will see, those before it being quantized. */
  readonly now: readonly Float32Array[];
  /** x, which it would see in the checkpoint's model. */
  readonly before: readonly Float32Array[];
  /** Of x̃. */
  readonly hessian: Hessian;
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

  /** The inputs of a linear, valid until the next call; linears are to be asked for in the order of inference. */
  inputsOf(role: LinearRole): LinearInputs {
    const before = this.#original.inputsOf(role);
    const now = this.#quantized.inputsOf(role);
    return linearInputs(before, now, shapeOf(this.#config, role).cols);
  }

  /** Takes the residual streams to behind the layer. */
  finish(): void {
    this.#original.finish();
    this.#quantized.finish();
  }
}

/** The inputs of the head, when the residual streams have passed the last layer. */
export function headInputs(config: ModelConfig, ends: EndTensors, states: CalibrationStates): LinearInputs {
  const inputs = (hidden: Float32Array): Float32Array => headInput(config, ends, hidden);
  return linearInputs(states.original.map(inputs), states.quantized.map(inputs), config.embedDim);
}

function linearInputs(before: readonly Float32Array[], now: readonly Float32Array[], cols: number): LinearInputs {
  const hessian = new Hessian(cols);
  for (const window of now) hessian.accumulate(window, window.length / cols);
  return { hessian, before, now };
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

/**
 * The weights that do on the drifted inputs, as far as a linear can, what the checkpoint's do on its own: W moved towards
 * W + W · (Σ (x − x̃) x̃ᵀ) · (Σ x̃ x̃ᵀ)⁻¹, the inverse being that of the damped Hessian.
 *
 * @param weights W, rows × cols
 * @returns rows × cols; W itself where nothing has drifted
 */
export function compensateDrift(weights: Float32Array, rows: number, inputs: LinearInputs): Float32Array {
  const { cols, factor } = inputs.hessian;
  const target = driftProduct(weights, rows, cols, inputs);
  if (target === null) return weights;
  const matrix = (data: Float32Array, offset: number, count: number) => ({ data, offset, stride: cols, rows: count });
  // H⁻¹ = Uᵀ · U, so that P · Uᵀ · U is two products of rows with rows: a strip of rows at a time, and of the columns of
  // U, since a second matrix of cols × cols may not fit.
  const half = new Float32Array(STRIP * cols);
  const columns = new Float32Array(Math.min(STRIP, cols) * cols);
  for (let first = 0; first < rows; first += STRIP) {
    const count = Math.min(STRIP, rows - first);
    const [begin, end] = [first * cols, (first + count) * cols];
    for (const strip of strips(cols)) {
      const { first: column, offset, stride } = strip;
      const values = { data: factor, offset, stride, rows: strip.rows };
      multiplyRows(values, matrix(target, begin + column, count), stride, half, column, cols, 1, false);
    }
    target.set(weights.subarray(begin, end), begin);
    for (let column = 0; column < cols; column += STRIP) {
      const width = Math.min(STRIP, cols - column);
      for (let i = 0; i < column + width; i++) {
        const row = rowOf(cols, i) + column;
        for (let j = Math.max(0, i - column); j < width; j++) columns[j * cols + i] = factor[row + j]!;
      }
      // U is upper triangular: below its diagonal, what an earlier strip left must not count.
      for (let j = 0; j < width; j++) columns.fill(0, j * cols + column + j + 1, (j + 1) * cols);
      const at = begin + column;
      multiplyRows(matrix(columns, 0, width), matrix(half, 0, count), cols, target, at, cols, DRIFT_SHARE, true);
    }
  }
  return target;
}

/**
 * P = 2 · W · Σ (x − x̃) x̃ᵀ over all vectors: rows × cols, or null where nothing has drifted. Window after window, because
 * the sum alone would be cols × cols.
 */
function driftProduct(
  weights: Float32Array,
  rows: number,
  cols: number,
  { before, now }: LinearInputs,
): Float32Array | null {
  let product: Float32Array | null = null;
  const longest = Math.max(...now.map((window) => window.length));
  const difference = new Float32Array(longest);
  const transposed = new Float32Array(longest);
  now.forEach((window, i) => {
    for (let at = 0; at < window.length; at++) difference[at] = before[i]![at]! - window[at]!;
    if (difference.subarray(0, window.length).every((x) => x === 0)) return;
    product ??= new Float32Array(rows * cols);
    const seq = window.length / cols;
    for (let t = 0; t < seq; t++) for (let c = 0; c < cols; c++) transposed[c * seq + t] = window[t * cols + c]!;
    const moved = new Float32Array(STRIP * seq);
    const vectors = { data: difference, offset: 0, stride: cols, rows: seq };
    const features = { data: transposed, offset: 0, stride: seq, rows: cols };
    for (let first = 0; first < rows; first += STRIP) {
      const count = Math.min(STRIP, rows - first);
      const strip = { data: weights, offset: first * cols, stride: cols, rows: count };
      multiplyRows(vectors, strip, cols, moved, 0, seq, 1, false);
      const outputs = { data: moved, offset: 0, stride: seq, rows: count };
      multiplyRows(features, outputs, seq, product, first * cols, cols, 2, true);
    }
  });
  return product;
}
