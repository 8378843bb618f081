import { InputError } from '../errors.js';
import { multiplyRows } from '../kernel/multiply.js';
import { invertUpper, upperCholesky } from './linear-algebra.js';

/** Share of the mean diagonal that is added to the diagonal before a Hessian is inverted, as GPTQ does. */
const DAMPING = 0.01;
/** Activation vectors accumulated at a time. */
const CHUNK = 256;
/** Rows of the Hessian that are computed at a time, from their diagonal on. */
const STRIP = 256;

/**
 * The second-order statistics of a linear's input: H = 2 · XᵀX, the Hessian of the squared error of the linear's output
 * with respect to each row of its weights.
 */
export class Hessian {
  readonly cols: number;
  /** Activation vectors seen. */
  #vectors = 0;
  readonly #matrix: Float32Array;
  #mirrored = true;
  #factored = false;

  /** @param cols input features of the linear */
  constructor(cols: number) {
    this.cols = cols;
    // Shared, so that the threads that quantize rows read one copy of the factor.
    this.#matrix = new Float32Array(new SharedArrayBuffer(4 * cols * cols));
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
    this.#mirrored = false;
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

  /** Strip by strip of the upper triangle; all in float32. */
  #addChunk(transposed: Float32Array, stride: number, length: number): void {
    const { cols } = this;
    for (let i = 0; i < cols; i += STRIP) {
      const rows = (first: number, count: number) => ({
        data: transposed,
        offset: first * stride,
        stride,
        rows: count,
      });
      const strip = rows(i, Math.min(STRIP, cols - i));
      multiplyRows(rows(i, cols - i), strip, length, this.#matrix, i * cols + i, cols, 2, true);
    }
  }

  /**
   * H, undamped: cols × cols, symmetric. Read-only, and valid until the next `accumulate`.
   * @throws RangeError once the factor has taken its place
   */
  get matrix(): Float32Array {
    if (this.#factored) throw new RangeError('the Hessian has been factored in place');
    if (!this.#mirrored) {
      mirror(this.#matrix, this.cols);
      this.#mirrored = true;
    }
    return this.#matrix;
  }

  /** The factor of this Hessian for error feedback (see feedbackFactor), which takes the place of the matrix. */
  get factor(): Float32Array {
    if (!this.#factored) feedbackFactor(this.#matrix, this.cols);
    this.#factored = true;
    return this.#matrix;
  }
}

/**
 * In place, the upper triangular U with (H + λI)⁻¹ = Uᵀ · U, λ being 1 % of the mean diagonal; only H's upper triangle is read.
 * It is found without inverting H: if H + λI = R · Rᵀ with R upper triangular, then U = R⁻¹.
 *
 * An input that calibration never saw has a zero row and column in H. Damping makes it a column that takes no part in
 * feedback: its weights are quantized like any others, since text that does use it may follow. A Hessian of zeros gives
 * U = I.
 *
 * @param factor H, cols × cols, row-major; U afterwards
 * @throws RangeError if H is not positive semidefinite
 */
export function feedbackFactor(factor: Float32Array, cols: number): Float32Array {
  let trace = 0;
  for (let i = 0; i < cols; i++) trace += factor[i * cols + i]!;
  const damping = trace > 0 ? (DAMPING * trace) / cols : 1;
  for (let i = 0; i < cols; i++) factor[i * cols + i] = factor[i * cols + i]! + damping;
  upperCholesky(factor, cols);
  invertUpper(factor, cols);
  return factor;
}

function mirror(matrix: Float32Array, n: number): void {
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) matrix[i * n + j] = matrix[j * n + i]!;
  }
}
