/** The published quantizer of one block: rotate, resample, normalise, modulate (SDQ-LLM, arXiv 2510.03275). */

import type { LinearBlock } from '../plan/blocks.js';
import type { Alphabet } from '../plan/types.js';
import { type BlockSearch, LARGEST_MANTISSA, LARGEST_MEAN, roundMantissa, roundMean } from './block-search.js';
import { orthonormalFwht } from './hadamard.js';
import { quantile } from './quantile.js';
import { applyMatrix, resampleMatrix } from './resample.js';
import { modulate, type SigmaDeltaOrder } from './sigma-delta.js';
import { signsOf } from './signs.js';

/** How a block's samples are scaled and which of them become zero. */
export interface SigmaDeltaParameters {
  /** The scale is this times the quantile of |x| at `percentileScale`. */
  readonly sdScale: number;
  readonly percentileScale: number;
  /** The ternary threshold is the quantile of the scaled |x| at this. */
  readonly percentileCut: number;
}

/**
 * Where the parameters of least squared error are searched for: nowhere (the published defaults serve), once for the
 * linear on a sample of its blocks, or for each block (360 modulations each).
 */
export type ScaleSearch = 'none' | 'linear' | 'block';

export interface SigmaDeltaOptions {
  readonly order?: SigmaDeltaOrder;
  readonly searchScales?: ScaleSearch;
}

/** The published defaults. */
export const DEFAULT_PARAMETERS: SigmaDeltaParameters = { sdScale: 0.9, percentileScale: 0.9, percentileCut: 0.5 };

const SEARCHED_SCALES = steps(0.75, 0.05, 6);
const SEARCHED_PERCENTILES = steps(0.75, 0.025, 10);
const SEARCHED_CUTS = steps(0.35, 0.05, 6);
const LARGEST_SCALE: SigmaDeltaParameters = { sdScale: 1, percentileScale: 0.975, percentileCut: 0.5 };

/** A block's samples, ready for the modulator. */
export interface NormalizedSamples {
  /** (sample − mean) / scale */
  readonly samples: Float64Array;
  readonly mean: number;
  readonly scale: number;
  readonly threshold: number;
}

/** Rotates a block (padded with zeros to `block`) by the orthonormal Hadamard matrix with signed columns. */
export function rotateBlock(target: Float64Array, signs: Int8Array, rotated: Float64Array): void {
  rotated.fill(0);
  for (let i = 0; i < target.length; i++) rotated[i] = target[i]! * signs[i]!;
  orthonormalFwht(rotated);
}

/** What the parameters are applied to: computed once per block. */
export interface SampleStatistics {
  readonly mean: number;
  /** The samples less their mean. */
  readonly centred: Float64Array;
  /** Their magnitudes, ascending. */
  readonly magnitudes: Float64Array;
}

/** Mean, and sorted distances from it, of a block's samples. */
export function sampleStatistics(samples: Float64Array): SampleStatistics {
  let sum = 0;
  for (let j = 0; j < samples.length; j++) sum += samples[j]!;
  const mean = sum / samples.length;
  const centred = samples.map((sample) => sample - mean);
  return { mean, centred, magnitudes: centred.map(Math.abs).sort() };
}

/** Divides the centred samples by the scale, and derives the threshold. A block of zeros has scale 0 and stays zero. */
export function normalizeSamples(
  { mean, centred, magnitudes }: SampleStatistics,
  parameters: SigmaDeltaParameters,
): NormalizedSamples {
  const scale = quantile(magnitudes, parameters.percentileScale) * parameters.sdScale;
  if (scale === 0) return { samples: centred, mean, scale, threshold: 0 };
  const threshold = quantile(magnitudes, parameters.percentileCut) / scale;
  return { samples: centred.map((sample) => sample / scale), mean, scale, threshold };
}

/**
 * Search by sigma-delta modulation for one block shape of a linear in mode `fourier`.
 *
 * @param pattern the frame's sign pattern, in hex
 */
export function sigmaDeltaSearch(
  block: LinearBlock,
  pattern: string,
  alphabet: Alphabet,
  options: SigmaDeltaOptions,
): BlockSearch {
  const { size, samples } = block;
  const { order = 1, searchScales = 'linear' } = options;
  const signs = signsOf(pattern, size);
  const up = resampleMatrix(size, samples);
  const rotated = new Float64Array(size);
  const upsampled = new Float64Array(samples);
  const scratch = new Int8Array(samples);
  // The frame is unnormalised and its kernel is samples / block times the resampling matrix.
  const toFrame = size / samples / Math.sqrt(size);

  const measure = (target: Float64Array): SampleStatistics => {
    rotateBlock(target, signs, rotated);
    applyMatrix(up, rotated, upsampled);
    return sampleStatistics(upsampled);
  };
  const errorOf = (statistics: SampleStatistics, parameters: SigmaDeltaParameters): number => {
    const normalized = normalizeSamples(statistics, parameters);
    if (normalized.scale === 0) return squaredError(rotated, scratch.fill(0), normalized);
    modulate(normalized.samples, normalized.threshold, alphabet, order, scratch, 0);
    return squaredError(rotated, scratch, normalized);
  };
  const leastError = (targets: readonly Float64Array[]): SigmaDeltaParameters => {
    const errors = new Float64Array(candidates.length);
    for (const target of targets) {
      const statistics = measure(target);
      candidates.forEach((candidate, i) => {
        errors[i] = errors[i]! + errorOf(statistics, candidate);
      });
    }
    return candidates[errors.indexOf(Math.min(...errors))]!;
  };
  const candidates = searchScales === 'none' ? [] : candidateParameters(alphabet);
  let parameters = DEFAULT_PARAMETERS;

  return {
    prepare(sample) {
      if (searchScales === 'linear' && sample.length > 0) parameters = leastError(sample);
      return parameters;
    },
    resume(prepared) {
      parameters = prepared as SigmaDeltaParameters;
    },
    amplitude(target) {
      // A search per block may choose the largest scale.
      const { scale, mean } = normalizeSamples(measure(target), searchScales === 'block' ? LARGEST_SCALE : parameters);
      return Math.max(scale, (Math.abs(mean) * LARGEST_MANTISSA) / LARGEST_MEAN) * toFrame;
    },
    quantize(target, exponent, symbols, at) {
      const chosen = searchScales === 'block' ? leastError([target]) : parameters;
      const { samples: normalized, mean, scale, threshold } = normalizeSamples(measure(target), chosen);
      if (scale === 0) {
        symbols.fill(alphabet === 'ternary' ? 0 : 1, at, at + samples);
      } else {
        modulate(normalized, threshold, alphabet, order, symbols, at);
      }
      return { mantissa: roundMantissa(scale * toFrame, exponent), mean: roundMean(mean * toFrame, exponent) };
    },
  };
}

/** Squared error of the dequantised block, before the rotation back (which preserves it). */
function squaredError(rotated: Float64Array, symbols: Int8Array, { scale, mean }: NormalizedSamples): number {
  const samples = symbols.length;
  const down = resampleMatrix(samples, rotated.length);
  const levels = Float64Array.from(symbols);
  let error = 0;
  for (let n = 0, row = 0; n < rotated.length; n++, row += samples) {
    let sum = 0;
    for (let j = 0; j < samples; j++) sum += down[row + j]! * levels[j]!;
    error += (rotated[n]! - scale * sum - mean) ** 2;
  }
  return error;
}

function candidateParameters(alphabet: Alphabet): SigmaDeltaParameters[] {
  // The binary decision has no threshold to search.
  const cuts = alphabet === 'ternary' ? SEARCHED_CUTS : [DEFAULT_PARAMETERS.percentileCut];
  return SEARCHED_SCALES.flatMap((sdScale) =>
    SEARCHED_PERCENTILES.flatMap((percentileScale) =>
      cuts.map((percentileCut) => ({ sdScale, percentileScale, percentileCut })),
    ),
  );
}

function steps(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i * step);
}
