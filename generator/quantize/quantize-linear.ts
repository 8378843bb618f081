import { InputError } from '../errors.js';
import { blocksOf, symbolsPerRow } from '../plan/blocks.js';
import type { PlanLinear } from '../plan/types.js';
import { exponentFor } from './block-search.js';
import { blockMetric, type FeedbackRule, feedForward } from './feedback.js';
import { frameOf } from './frame.js';
import type { Hessian } from './hessian.js';
import { checkSearch, type PreparedSearches, prepareSearches, type SearchOptions, searchesOf } from './searches.js';
import type { QuantizedLinear } from './types.js';

export type { SearchName } from './searches.js';

export interface QuantizeLinearOptions extends SearchOptions {
  /** Statistics of the linear's input; with them, each block's error is fed forward into the columns after it. */
  readonly hessian?: Hessian | null;
  /** What the quantized weights are to come near, rows × cols, if not the weights themselves. */
  readonly target?: Float32Array | null;
  /** Default: `published` with `sigma-delta`, else `exact`. */
  readonly feedback?: FeedbackRule;
  /** Does what quantizeRows does, for example on several threads. */
  readonly quantizeRows?: (job: RowsJob) => RowsResult;
}

export interface QuantizeLinearResult {
  readonly quantized: QuantizedLinear;
  /** Σw² and Σ(w − ŵ)² over the linear. */
  readonly signal: number;
  readonly noise: number;
  /** 10 · log10(signal / noise); Infinity if nothing was lost. */
  readonly snrDb: number;
}

/** Feedback makes the later blocks larger than they were when the exponent was chosen. */
const FEEDBACK_HEADROOM = 1.25;

/**
 * Quantizes one linear according to its plan.
 *
 * @param weights rows × cols, row-major
 * @param signs the plan's sign patterns
 * @throws InputError if the search does not fit the frame, the weights do not fit the plan, or a weight is not finite
 */
export function quantizeLinear(
  weights: Float32Array,
  plan: PlanLinear,
  signs: readonly string[],
  options: QuantizeLinearOptions,
): QuantizeLinearResult {
  checkInput(weights, plan, options);
  const factor = options.hessian?.factor ?? null;
  const target = options.target ?? weights;
  const { prepared, amplitude } = prepareSearches(target, plan, signs, options);
  const exponent = exponentFor(factor === null ? amplitude : amplitude * FEEDBACK_HEADROOM);
  const { search, sigmaDelta, effort } = options;
  const feedback = options.feedback ?? (search === 'sigma-delta' ? 'published' : 'exact');
  const settings = { search, feedback, ...(sigmaDelta && { sigmaDelta }), ...(effort && { effort }) };
  const run = options.quantizeRows ?? quantizeRows;
  const { signal, noise, ...found } = run({ weights, target, plan, signs, factor, prepared, exponent, settings });
  const snrDb = noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  return { quantized: { ...found, exponent }, signal, noise, snrDb };
}

/** Rows of a linear to quantize, each on its own: plain data, so that the rows can be shared out among threads. */
export interface RowsJob {
  /** plan.rows × plan.cols */
  readonly weights: Float32Array;
  /** What the quantized weights are to come near; of the same shape. */
  readonly target: Float32Array;
  /** The linear's plan, `rows` being those of this job. */
  readonly plan: PlanLinear;
  readonly signs: readonly string[];
  /** The factor for error feedback (see feedbackFactor), or null. */
  readonly factor: Float32Array | null;
  readonly prepared: PreparedSearches;
  readonly exponent: number;
  readonly settings: SearchOptions & { readonly feedback: FeedbackRule };
}

export interface RowsResult extends Omit<QuantizedLinear, 'exponent'> {
  /** Σw² and Σ(w − ŵ)² over the rows. */
  readonly signal: number;
  readonly noise: number;
}

/** Quantizes rows of a linear, block of columns after block of columns. */
export function quantizeRows({
  weights,
  target: wanted,
  plan,
  signs,
  factor,
  prepared,
  exponent,
  settings,
}: RowsJob): RowsResult {
  const { rows, cols } = plan;
  const blocks = blocksOf(plan);
  const perRow = symbolsPerRow(plan);
  const searchFor = searchesOf(prepared, plan, signs, settings);
  const ulp = 2 ** exponent;
  // Feedback changes the weights of the columns that are still to come.
  const work = factor === null ? wanted : wanted.slice();
  // Once for all blocks: a thread that does not rest collects such garbage late.
  const scratch = new Float32Array(factor === null ? 0 : cols * plan.block);
  const symbols = new Int8Array(rows * perRow);
  const scales = new Uint8Array(rows * blocks.length);
  const means = plan.frame === 'fourier' ? new Int8Array(rows * blocks.length) : null;
  let signal = 0;
  let noise = 0;

  blocks.forEach((block, b) => {
    const search = searchFor(block);
    if (factor !== null) search.useMetric?.(blockMetric(factor, cols, block));
    const frame = frameOf(plan, block, signs);
    const target = new Float64Array(block.cols);
    const approximation = new Float64Array(block.cols);
    const errors = factor === null ? null : new Float64Array(rows * block.cols);
    for (let row = 0; row < rows; row++) {
      const first = row * cols + block.start;
      target.set(work.subarray(first, first + block.cols));
      const at = row * perRow + block.symbolOffset;
      const { mantissa, mean } = search.quantize(target, exponent, symbols, at);
      scales[row * blocks.length + b] = mantissa;
      if (means !== null) means[row * blocks.length + b] = mean;
      frame.synthesize(symbols, at, mantissa, mean, approximation);
      for (let i = 0; i < block.cols; i++) {
        const value = approximation[i]! * ulp;
        const original = weights[first + i]!;
        signal += original * original;
        noise += (original - value) ** 2;
        if (errors !== null) errors[row * block.cols + i] = target[i]! - value;
      }
    }
    if (factor !== null && errors !== null) {
      feedForward(work, errors, factor, plan, block, settings.feedback, scratch);
    }
  });
  return { symbols, scales, means, signal, noise };
}

/**
 * The weights that a quantized linear stands for: rows × cols, row-major, m · 2^E times the integer frame, rounded to
 * float32.
 *
 * @throws InputError if the arrays do not fit the plan
 */
export function dequantizeLinear(quantized: QuantizedLinear, plan: PlanLinear, signs: readonly string[]): Float32Array {
  const { rows, cols } = plan;
  const { symbols, scales, means, exponent } = quantized;
  const blocks = blocksOf(plan);
  const perRow = symbolsPerRow(plan);
  const meanCount = plan.frame === 'fourier' ? rows * blocks.length : 0;
  if (
    symbols.length !== rows * perRow ||
    scales.length !== rows * blocks.length ||
    (means?.length ?? 0) !== meanCount
  ) {
    throw new InputError(`${plan.name}: the quantized weights do not have the plan's shape.`);
  }
  const ulp = 2 ** exponent;
  const weights = new Float32Array(rows * cols);
  blocks.forEach((block, b) => {
    const frame = frameOf(plan, block, signs);
    const values = new Float64Array(block.cols);
    for (let row = 0; row < rows; row++) {
      const scale = row * blocks.length + b;
      const at = row * perRow + block.symbolOffset;
      frame.synthesize(symbols, at, scales[scale]!, means === null ? 0 : means[scale]!, values);
      const first = row * cols + block.start;
      for (let i = 0; i < block.cols; i++) weights[first + i] = values[i]! * ulp;
    }
  });
  return weights;
}

function checkInput(weights: Float32Array, plan: PlanLinear, options: QuantizeLinearOptions): void {
  if (weights.length !== plan.rows * plan.cols) {
    throw new InputError(`${plan.name}: ${weights.length} weights are not the plan's ${plan.rows} × ${plan.cols}.`);
  }
  checkSearch(plan, options.search);
  if (options.hessian != null && options.hessian.cols !== plan.cols) {
    throw new InputError(`${plan.name}: the Hessian has ${options.hessian.cols} columns, the linear ${plan.cols}.`);
  }
  for (let i = 0; i < weights.length; i++) {
    if (!Number.isFinite(weights[i]!)) {
      const row = Math.floor(i / plan.cols);
      throw new InputError(`${plan.name}: the weight in row ${row}, column ${i % plan.cols} is ${weights[i]}.`);
    }
  }
}
