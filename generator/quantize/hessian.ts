import { InputError } from '../errors.js';
import { multiplyRows } from '../kernel/multiply.js';
import { invertUpper, upperCholesky } from './linear-algebra.js';
import { rowOf, strips, triangleSize } from './upper-triangle.js';

/** Share of the mean diagonal that is added to the diagonal before a Hessian is inverted, as GPTQ does. */
const DAMPING = 0.01;
/** Activation vectors accumulated at a time. */
const CHUNK = 256;

/**
 * The second-order statistics of a linear's input: H = 2 · XᵀX, the Hessian of the squared error of the linear's output
 * with respect to each row of its weights.
 */
export class Hessian {
  readonly cols: number;
  /** Activation vectors seen. */
  #vectors = 0;
  readonly #triangle: Float32Array;
  #factored = false;

  /** @param cols input features of the linear */
  constructor(cols: number) {
    this.cols = cols;
    // Shared, so that the threads that quantize rows read one copy of the factor.
    this.#triangle = new Float32Array(new SharedArrayBuffer(4 * triangleSize(cols)));
  }

  get vectors(): number {
    return this.#vectors;
  }

  /**
   * Adds `count` activation vectors (count × cols, row-major). Throws an InputError if one of their values is not
   * finite.
   */
  accumulate(activations: Float32Array, count: number): void {
    const { cols } = this;
    if (this.#factored) throw new RangeError('the Hessian has been factored in place');
    const chunk = Math.min(CHUNK, count);
    const transposed = new Float32Array(cols * chunk);
    for (let first = 0; first < count; first += chunk) {
      const length = Math.min(chunk, count - first);
      for (let t = 0; t < length; t++) {
        const row = (first + t) * cols;
        for (let i = 0; i < cols; i++) {
          const value = activations[row + i]!;
          if (!Number.isFinite(value)) {
            throw new InputError(`The calibration text drives the model to an activation of ${value}.`);
          }
          transposed[i * chunk + t] = value;
        }
      }
      this.#addChunk(transposed, chunk, length);
    }
    this.#vectors += count;
  }

  /** Strip by strip; all in float32. */
  #addChunk(transposed: Float32Array, chunk: number, length: number): void {
    const { cols } = this;
    for (const { first, rows, offset, stride } of strips(cols)) {
      const from = (count: number) => ({ data: transposed, offset: first * chunk, stride: chunk, rows: count });
      multiplyRows(from(cols - first), from(rows), length, this.#triangle, offset, stride, 2, true);
    }
  }

  /**
   * H, undamped: a copy, cols × cols, row-major.
   * @throws RangeError once the factor has taken its place
   */
  get matrix(): Float32Array {
    if (this.#factored) throw new RangeError('the Hessian has been factored in place');
    const { cols } = this;
    const matrix = new Float32Array(cols * cols);
    for (let i = 0; i < cols; i++) {
      const row = rowOf(cols, i);
      for (let j = i; j < cols; j++) {
        const value = this.#triangle[row + j]!;
        matrix[i * cols + j] = value;
        matrix[j * cols + i] = value;
      }
    }
    return matrix;
  }

  /** The factor of this Hessian for error feedback (see feedbackFactor), an upper triangle in its place. */
  get factor(): Float32Array {
    if (!this.#factored) feedbackFactor(this.#triangle, this.cols);
    this.#factored = true;
    return this.#triangle;
  }
}

/**
 * In place, the upper triangular U with (H + λI)⁻¹ = Uᵀ · U, λ being 1 % of the mean diagonal.
 * It is found without inverting H: if H + λI = R · Rᵀ with R upper triangular, then U = R⁻¹.
 *
 * An input that calibration never saw has a zero row and column in H. Damping makes it a column that takes no part in
 * feedback: its weights are quantized like any others, since text that does use it may follow. A Hessian of zeros gives
 * U = I.
 *
 * @param factor the upper triangle of H, cols × cols (see upper-triangle.ts); U afterwards, zero below the diagonal
 * @throws RangeError if H is not positive semidefinite
 */
export function feedbackFactor(factor: Float32Array, cols: number): Float32Array {
  let trace = 0;
  for (let i = 0; i < cols; i++) trace += factor[rowOf(cols, i) + i]!;
  const damping = trace > 0 ? (DAMPING * trace) / cols : 1;
  for (let i = 0; i < cols; i++) {
    const at = rowOf(cols, i) + i;
    factor[at] = factor[at]! + damping;
  }
  upperCholesky(factor, cols);
  invertUpper(factor, cols);
  return factor;
}
