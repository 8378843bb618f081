import type { LinearBlock } from '../plan/blocks.js';
import type { PlanLinear } from '../plan/types.js';
import { subtractProduct } from './linear-algebra.js';

/**
 * How the error of a block reaches the columns after it: `published` divides it by the diagonal of the factor, as
 * SDQ-LLM does; `exact` solves with the factor's diagonal block, which is the least-squares compensation of a block
 * that is quantized at once (up to 1.3 dB more in the linear's output, on correlated inputs).
 */
export type FeedbackRule = 'published' | 'exact';

/** Rows to which errors are fed forward at a time, in double precision. */
const CHUNK_ROWS = 32;

/**
 * W[:, e:] ← W[:, e:] − X · U[s:e, e:] for the block of columns [s, e), where X = (W − Q) / diag U, or (W − Q) · U[s:e,
 * s:e]⁻¹.
 *
 * @param work W, rows × cols; its columns from e on are changed
 * @param errors W − Q of the block, rows × block.cols; overwritten
 * @param factor U, cols × cols
 */
export function feedForward(
  work: Float32Array,
  errors: Float64Array,
  factor: Float64Array,
  plan: PlanLinear,
  block: LinearBlock,
  rule: FeedbackRule,
): void {
  const { rows, cols } = plan;
  const end = block.start + block.cols;
  if (end === cols) return;
  const rest = cols - end;
  const later = new Float64Array(CHUNK_ROWS * rest);
  for (let first = 0; first < rows; first += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - first);
    for (let r = 0; r < count; r++) {
      const row = first + r;
      solveFeedback(errors.subarray(row * block.cols, (row + 1) * block.cols), factor, cols, block, rule);
      later.set(work.subarray(row * cols + end, (row + 1) * cols), r * rest);
    }
    subtractProduct(
      { data: later, offset: 0, stride: rest },
      { data: errors, offset: first * block.cols, stride: block.cols },
      { data: factor, offset: block.start * cols + end, stride: cols },
      count,
      rest,
      block.cols,
    );
    for (let r = 0; r < count; r++) work.set(later.subarray(r * rest, (r + 1) * rest), (first + r) * cols + end);
  }
}

/** Turns one row's W − Q of a block into its row of X, in place. */
function solveFeedback(
  error: Float64Array,
  factor: Float64Array,
  cols: number,
  block: LinearBlock,
  rule: FeedbackRule,
): void {
  for (let i = 0; i < error.length; i++) {
    const row = (block.start + i) * cols + block.start;
    const value = error[i]! / factor[row + i]!;
    error[i] = value;
    if (rule === 'published') continue;
    for (let j = i + 1; j < error.length; j++) error[j] = error[j]! - value * factor[row + j]!;
  }
}
