/**
 * One block's problem: the arrays that the search works on. Vectors are padded with zeros to a multiple of eight values; a
 * padded sample never changes.
 */

import { addTo, dot, put, value } from './vectors';

/** Samples of the block, and the same rounded up to pairs of vectors. */
export let samples: i32 = 0;
export let padded: i32 = 0;
/** Columns of the block, and the same rounded up to pairs of vectors. */
let cols: i32 = 0;
export let width: i32 = 0;
export let binary: bool = false;
/** Samples in a segment (a power of two) whose rows are orthogonal to one another in M, or 0 if they are not. */
export let segment: i32 = 0;
let plainSegment: i32 = 0;
export let hasMetric: bool = false;
/** Solutions that are kept for refinement. */
export let slots: i32 = 0;
/** Values that a slot takes: the symbols, its scale and its score. */
export let slotValues: i32 = 0;

// Addresses of the arrays, float32 unless said otherwise. The first three are those of the metric at work: of M, or of
// the identity, in which the search begins.
let gram: usize = 0; // G, padded × padded
export let correlations: usize = 0; // c, padded
export let lengths: usize = 0; // the diagonal of G, padded
let plainGram: usize = 0;
let plainCorrelations: usize = 0;
let plainLengths: usize = 0;
let metricGram: usize = 0;
let metricCorrelations: usize = 0;
let metricLengths: usize = 0;
export let frame: usize = 0; // F, samples × width
let metric: usize = 0; // M, cols × width
export let analysis: usize = 0; // F M, samples × width
export let target: usize = 0; // w, width
export let products: usize = 0; // g
export let symbols: usize = 0; // q
export let responses: usize = 0; // a segment's correlations without its own symbols
export let savedProducts: usize = 0;
export let savedSymbols: usize = 0;
export let kept: usize = 0; // slots
export let keptBefore: usize = 0; // slots, of the search in the plain metric
export let scales: usize = 0; // scales to start from
export let result: usize = 0; // int8, the symbols found

/** Distance between the rows of frame and metric, in values. */
export function rowStride(): i32 {
  return width;
}
export function frameAt(): usize {
  return frame;
}
export function metricAt(): usize {
  return metric;
}
export function targetAt(): usize {
  return target;
}
export function scalesAt(): usize {
  return scales;
}
export function resultAt(): usize {
  return result;
}

/**
 * Lays out the memory for blocks of one shape; the caller then fills the frame, and the metric if there is one, and
 * calls prepare().
 * @param starts most scales to start from
 * @param keep most solutions to refine
 */
export function configure(
  sampleCount: i32,
  columnCount: i32,
  segmentSize: i32,
  twoLevels: bool,
  withMetric: bool,
  starts: i32,
  keep: i32,
): void {
  samples = sampleCount;
  padded = (sampleCount + 7) & ~7;
  cols = columnCount;
  width = (columnCount + 7) & ~7;
  plainSegment = segmentSize;
  binary = twoLevels;
  hasMetric = withMetric;
  slots = keep;
  slotValues = padded + 4;
  free = (__heap_base + 15) & ~15;
  const begin = free;
  frame = take(samples * width);
  target = take(width);
  plainGram = take(padded * padded);
  plainCorrelations = take(padded);
  plainLengths = take(padded);
  if (withMetric) {
    metric = take(cols * width);
    analysis = take(samples * width);
    metricGram = take(padded * padded);
    metricCorrelations = take(padded);
    metricLengths = take(padded);
  }
  products = take(padded);
  symbols = take(padded);
  responses = take(padded);
  savedProducts = take(padded);
  savedSymbols = take(padded);
  kept = take(slots * slotValues);
  keptBefore = take(slots * slotValues);
  scales = take(starts);
  result = take(padded);
  const pages = <i32>((free + 65535) >> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
  memory.fill(begin, 0, free - begin);
}

let free: usize = 0;

/** Room for `count` float32 values, from a whole vector on. */
function take(count: i32): usize {
  const address = free;
  free = (free + ((<usize>count) << 2) + 15) & ~15;
  return address;
}

/** Row of the frame, the metric or the analysis. */
// @ts-expect-error: decorator
@inline
export function rowOf(matrix: usize, index: i32): usize {
  return matrix + (<usize>(index * width) << 2);
}

// @ts-expect-error: decorator
@inline
export function gramRow(index: i32): usize {
  return gram + (<usize>(index * padded) << 2);
}

/** Computes what follows from the frame and the metric. */
export function prepare(): void {
  prepareGram(frame, plainGram, plainLengths);
  if (!hasMetric) return;
  for (let j = 0; j < samples; j++) {
    const analysed = rowOf(analysis, j);
    for (let k = 0; k < cols; k++) addTo(analysed, rowOf(metric, k), value(rowOf(frame, j), k), width);
  }
  prepareGram(analysis, metricGram, metricLengths);
}

/** G = (F M) Fᵀ, given F M. */
function prepareGram(analysed: usize, matrix: usize, diagonal: usize): void {
  gram = matrix;
  for (let i = 0; i < samples; i++) {
    for (let j = i; j < samples; j++) {
      const product = dot(rowOf(analysed, i), rowOf(frame, j), width);
      put(gramRow(i), j, product);
      put(gramRow(j), i, product);
    }
    put(diagonal, i, value(gramRow(i), i));
  }
}

export function usePlain(): void {
  gram = plainGram;
  correlations = plainCorrelations;
  lengths = plainLengths;
  segment = plainSegment;
}

/** In the metric, the rows of a segment are not orthogonal. What was kept before stays in `keptBefore`. */
export function useMetric(): void {
  const before = kept;
  kept = keptBefore;
  keptBefore = before;
  gram = metricGram;
  correlations = metricCorrelations;
  lengths = metricLengths;
  segment = 0;
}

