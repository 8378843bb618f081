/**
 * Search for the symbols q and the scale a of one block that minimise e · M · eᵀ for the error e = w − a · qᵀ F, in
 * AssemblyScript.
 *
 * F is the block's frame (samples × cols) and M the metric (cols × cols; the identity without calibration). With the
 * Gram matrix G = F M Fᵀ and the correlations c = F M wᵀ the error is w M wᵀ − 2 a · q·c + a² · qᵀ G q: everything below
 * works on c, G and the running product g = G q. What a symbol j would best be, all others given, is decided by
 * c[j] / a − g[j] + G[j][j] · q[j].
 *
 * Vectors are padded with zeros to a multiple of eight values; a padded sample never changes.
 */

/** Samples of the block, and the same rounded up to pairs of vectors. */
let samples: i32 = 0;
let padded: i32 = 0;
/** Columns of the block, and the same rounded up to pairs of vectors. */
let cols: i32 = 0;
let width: i32 = 0;
let binary: bool = false;
/** Samples in a segment (a power of two) whose rows are orthogonal to one another in M, or 0 if they are not. */
let segment: i32 = 0;
let plainSegment: i32 = 0;
let hasMetric: bool = false;
/** Solutions that are kept for refinement. */
let slots: i32 = 0;
/** Values that a slot takes: the symbols, its scale and its score. */
let slotValues: i32 = 0;

// Addresses of the arrays, float32 unless said otherwise. The first three are those of the metric at work: of M, or of
// the identity, in which the search begins.
let gram: usize = 0; // G, padded × padded
let correlations: usize = 0; // c, padded
let lengths: usize = 0; // the diagonal of G, padded
let plainGram: usize = 0;
let plainCorrelations: usize = 0;
let plainLengths: usize = 0;
let metricGram: usize = 0;
let metricCorrelations: usize = 0;
let metricLengths: usize = 0;
let frame: usize = 0; // F, samples × width
let metric: usize = 0; // M, cols × width
let analysis: usize = 0; // F M, samples × width
let target: usize = 0; // w, width
let products: usize = 0; // g
let symbols: usize = 0; // q
let responses: usize = 0; // a segment's correlations without its own symbols
let savedProducts: usize = 0;
let savedSymbols: usize = 0;
let kept: usize = 0; // slots
let keptBefore: usize = 0; // slots, of the search in the plain metric
let scales: usize = 0; // scales to start from
let result: usize = 0; // int8, the symbols found

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

// @ts-expect-error: decorator
@inline
function value(array: usize, index: i32): f32 {
  return load<f32>(array + ((<usize>index) << 2));
}

// @ts-expect-error: decorator
@inline
function put(array: usize, index: i32, x: f32): void {
  store<f32>(array + ((<usize>index) << 2), x);
}

/** Row of the frame, the metric or the analysis. */
// @ts-expect-error: decorator
@inline
function rowOf(matrix: usize, index: i32): usize {
  return matrix + (<usize>(index * width) << 2);
}

// @ts-expect-error: decorator
@inline
function gramRow(index: i32): usize {
  return gram + (<usize>(index * padded) << 2);
}

// @ts-expect-error: decorator
@inline
function total(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Inner product; the vectors begin at whole vectors, `count` is a multiple of eight. */
// @ts-expect-error: decorator
@inline
function dot(a: usize, b: usize, count: i32): f32 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(a + i, 16), v128.load(b + i, 16)));
  }
  return total(f32x4.add(even, odd));
}

/** y ← y + x · factor */
// @ts-expect-error: decorator
@inline
function addTo(y: usize, x: usize, times: f32, count: i32): void {
  const f = f32x4.splat(times);
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 32) {
    v128.store(y + i, f32x4.add(v128.load(y + i), f32x4.mul(v128.load(x + i), f)));
    v128.store(y + i, f32x4.add(v128.load(y + i, 16), f32x4.mul(v128.load(x + i, 16), f)), 16);
  }
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

function usePlain(): void {
  gram = plainGram;
  correlations = plainCorrelations;
  lengths = plainLengths;
  segment = plainSegment;
}

/** In the metric, the rows of a segment are not orthogonal. */
function useMetric(): void {
  gram = metricGram;
  correlations = metricCorrelations;
  lengths = metricLengths;
  segment = 0;
}

/** Changes symbol j by `delta`. */
// @ts-expect-error: decorator
@inline
function change(j: i32, delta: f32): void {
  put(symbols, j, value(symbols, j) + delta);
  addColumn(j, delta);
}

/** g ← g + delta · G[j] */
function addColumn(j: i32, delta: f32): void {
  const row = gramRow(j);
  if (segment == 0) {
    addTo(products, row, delta, padded);
    return;
  }
  // Of its own segment, a row touches itself only.
  const first = j - (j & (segment - 1));
  const next = first + segment;
  put(products, j, value(products, j) + delta * value(lengths, j));
  if (first > 0) addTo(products, row, delta, first);
  const behind = (<usize>next) << 2;
  if (next < padded) addTo(products + behind, row + behind, delta, padded - next);
}

/** The symbol that is best for a correlation without the symbol's own part. */
// @ts-expect-error: decorator
@inline
function best(correlation: f32, length: f32): f32 {
  if (binary) return correlation > 0 ? 1 : -1;
  const half = 0.5 * length;
  return correlation > half ? 1 : correlation < -half ? -1 : 0;
}

/** Decides the symbols from the first to the last, each minimising what the ones before it left. */
function greedy(inverse: f32): void {
  memory.fill(symbols, 0, (<usize>padded) << 2);
  memory.fill(products, 0, (<usize>padded) << 2);
  for (let j = 0; j < samples; j++) {
    const symbol = best(value(correlations, j) * inverse - value(products, j), value(lengths, j));
    if (symbol != 0) change(j, symbol);
  }
}

/** Changes that lower the error by less than this times the symbol's length are left: they may be rounding errors. */
const LEAST_GAIN: f32 = 1e-5;

/** By how much the best values of the four symbols at the byte offset would lower the error, each alone. */
// @ts-expect-error: decorator
@inline
function gains(offset: usize, inverse: v128): v128 {
  const symbol = v128.load(symbols + offset);
  const length = v128.load(lengths + offset);
  const own = f32x4.sub(f32x4.mul(v128.load(correlations + offset), inverse), v128.load(products + offset));
  const twice = f32x4.add(own, own);
  const ownLength = f32x4.mul(symbol, length);
  // A symbol costs q · (q · length − 2 · response), and its response is own + q · length.
  const now = f32x4.mul(symbol, f32x4.add(twice, ownLength));
  const strength = f32x4.sub(f32x4.abs(f32x4.add(twice, f32x4.add(ownLength, ownLength))), length);
  const possible = binary ? strength : f32x4.max(strength, f32x4.splat(0));
  return f32x4.sub(possible, now);
}

/** Gives every symbol in turn its best value. @returns the number of changes */
function sweep(inverse: f32): i32 {
  let changes = 0;
  const scale = f32x4.splat(inverse);
  const least = f32x4.splat(LEAST_GAIN);
  for (let j = 0; j < padded; j += 4) {
    const offset = (<usize>j) << 2;
    const worthwhile = f32x4.gt(gains(offset, scale), f32x4.mul(least, v128.load(lengths + offset)));
    if (!v128.any_true(worthwhile)) continue;
    for (let k = j; k < j + 4; k++) changes += improve(k, inverse);
  }
  return changes;
}

/** Gives one symbol its best value. @returns whether that changed it, 0 or 1 */
function improve(j: i32, inverse: f32): i32 {
  const length = value(lengths, j);
  const symbol = value(symbols, j);
  const own = value(correlations, j) * inverse - value(products, j);
  const delta = best(own + symbol * length, length) - symbol;
  if (delta == 0 || delta * (delta * length - 2 * own) >= -LEAST_GAIN * length) return 0;
  change(j, delta);
  return 1;
}

const MOST_SWEEPS = 60;

/** The scale that fits the symbols best; the given one if they are all zero. */
// @ts-expect-error: decorator
@inline
function fit(scale: f32): f32 {
  const length = dot(symbols, products, padded);
  const along = dot(symbols, correlations, padded);
  return length > 0 && along > 0 ? along / length : scale;
}

/** By how much the symbols with their best scale lower the error: (q·c)² / qᵀGq. */
// @ts-expect-error: decorator
@inline
function score(): f32 {
  const length = dot(symbols, products, padded);
  const along = dot(symbols, correlations, padded);
  return length > 0 && along > 0 ? (along * along) / length : 0;
}

/** Sweeps and refits the scale in turns until neither changes. @returns the scale */
function descend(start: f32): f32 {
  let scale = start;
  let sweeps = 0;
  while (sweep(1 / scale) > 0 && sweeps < MOST_SWEEPS) sweeps++;
  do {
    scale = fit(scale);
    sweeps++;
  } while (sweep(1 / scale) > 0 && sweeps < MOST_SWEEPS);
  return fit(scale);
}

/** Keeps the symbols if they are among the best so far; slots are in order of descending score. */
function keep(scale: f32): void {
  const found = score();
  let slot = slots;
  while (slot > 0 && found > value(kept, slot * slotValues - 1)) slot--;
  if (slot == slots) return;
  // The same local minimum is often found again.
  if (slot > 0 && value(kept, slot * slotValues - 1) - found <= 1e-6 * found) return;
  const at = kept + (<usize>(slot * slotValues) << 2);
  memory.copy(at + ((<usize>slotValues) << 2), at, <usize>((slots - 1 - slot) * slotValues) << 2);
  memory.copy(at, symbols, (<usize>padded) << 2);
  put(at, slotValues - 2, scale);
  put(at, slotValues - 1, found);
}

/** Takes up a kept solution again. @returns its scale */
function recall(slot: i32, from: usize): f32 {
  const at = from + (<usize>(slot * slotValues) << 2);
  memory.copy(symbols, at, (<usize>padded) << 2);
  memory.fill(products, 0, (<usize>padded) << 2);
  for (let j = 0; j < samples; j++) {
    const symbol = value(symbols, j);
    if (symbol != 0) addColumn(j, symbol);
  }
  return value(at, slotValues - 2);
}

function isFilled(slot: i32, from: usize): bool {
  return value(from, (slot + 1) * slotValues - 1) > 0;
}

// ---- A change of one symbol, answered by the best choice of a whole segment ----------------------------------------

/** A change that alone costs more than this times the symbol's own length is hardly ever made good by an answer. */
const PRUNE: f32 = 0.6;

/**
 * For each symbol of one segment, tries to change it while another segment answers with its best symbols, all at
 * once: its rows are orthogonal, so that they do not interfere. @returns the number of changes that lowered the error
 */
function answerBySegments(inverse: f32): i32 {
  let changes = 0;
  for (let from = 0; from < samples; from += segment) {
    for (let to = 0; to < samples; to += segment) {
      if (to != from) changes += answerBySegment(inverse, from, to);
    }
  }
  return changes;
}

function answerBySegment(inverse: f32, from: i32, to: i32): i32 {
  const end = min(from + segment, samples);
  const count = (min(to + segment, samples) - to + 7) & ~7;
  const answering = symbols + ((<usize>to) << 2);
  const length = value(lengths, to);
  const ownLength = value(lengths, from);
  let error = prepareAnswer(inverse, to, count, length);
  let changes = 0;
  for (let i = from; i < end; i++) {
    const row = gramRow(i) + ((<usize>to) << 2);
    const symbol = value(symbols, i);
    const own = value(correlations, i) * inverse - value(products, i);
    const delta: f32 = binary ? -2 * symbol : symbol == 0 ? (own < 0 ? -1 : 1) : -symbol;
    const alone = delta * (delta * ownLength - 2 * own);
    if (alone > PRUNE * ownLength) continue;
    const gain = alone + answerError(row, answering, delta, count, length) - error;
    if (gain >= -1e-4 * ownLength) continue;
    change(i, delta);
    changes++;
    error = prepareAnswer(inverse, to, count, length);
  }
  return changes;
}

/** Gives a segment its best symbols. @returns its part of the error */
function prepareAnswer(inverse: f32, to: i32, count: i32, length: f32): f32 {
  let error: f32 = 0;
  const last = min(to + count, samples);
  for (let j = to; j < last; j++) {
    const symbol = value(symbols, j);
    const response = value(correlations, j) * inverse - value(products, j) + symbol * length;
    const answer = best(response, length);
    // Within the segment, a change leaves the other responses as they are.
    if (answer != symbol) change(j, answer - symbol);
    put(responses, j - to, response);
    error += answer * (answer * length - 2 * response);
  }
  for (let j = last; j < to + count; j++) put(responses, j - to, 0);
  // The error of an answer counts what is padded too (see answerError).
  return binary ? error + <f32>(to + count - last) * length : error;
}

/**
 * The error of a segment's best answer, if the responses are lowered by delta · row, less what the change alone does to
 * the error through the segment's present symbols.
 */
function answerError(row: usize, answering: usize, delta: f32, count: i32, length: f32): f32 {
  const step = f32x4.splat(delta);
  const half = f32x4.splat(binary ? 0 : 0.5 * length);
  const zero = f32x4.splat(0);
  // Two sums of each kind, so that an addition need not wait for the one before it.
  let strength0 = zero;
  let strength1 = zero;
  let product0 = zero;
  let product1 = zero;
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 32) {
    const row0 = v128.load(row + i);
    const row1 = v128.load(row + i, 16);
    const response0 = f32x4.sub(v128.load(responses + i), f32x4.mul(step, row0));
    const response1 = f32x4.sub(v128.load(responses + i, 16), f32x4.mul(step, row1));
    strength0 = f32x4.add(strength0, f32x4.max(f32x4.sub(f32x4.abs(response0), half), zero));
    strength1 = f32x4.add(strength1, f32x4.max(f32x4.sub(f32x4.abs(response1), half), zero));
    product0 = f32x4.add(product0, f32x4.mul(row0, v128.load(answering + i)));
    product1 = f32x4.add(product1, f32x4.mul(row1, v128.load(answering + i, 16)));
  }
  const error: f32 = -2 * (total(f32x4.add(strength0, strength1)) + delta * total(f32x4.add(product0, product1)));
  return binary ? error + <f32>count * length : error;
}

// ---- A change of one symbol, answered by changes of others one after another ---------------------------------------

/**
 * For each symbol, tries to change it and then, up to `depth` times, to make the change of another one that lowers the
 * error most. @returns the number of chains that lowered the error
 */
function answerInChains(inverse: f32, depth: i32): i32 {
  let chains = 0;
  const bytes = (<usize>padded) << 2;
  memory.copy(savedSymbols, symbols, bytes);
  memory.copy(savedProducts, products, bytes);
  for (let i = 0; i < samples; i++) {
    const symbol = value(symbols, i);
    const length = value(lengths, i);
    const own = value(correlations, i) * inverse - value(products, i);
    const delta: f32 = binary ? -2 * symbol : symbol == 0 ? (own < 0 ? -1 : 1) : -symbol;
    let gain = delta * (delta * length - 2 * own);
    change(i, delta);
    for (let step = 0; step < depth && gain >= -1e-4 * length; step++) {
      const lowered = bestChange(inverse, i);
      if (!(lowered > 0)) break;
      gain -= lowered;
    }
    if (gain < -1e-4 * length) {
      chains++;
      for (let sweeps = 0; sweeps < MOST_SWEEPS && sweep(inverse) > 0; sweeps++) {}
      memory.copy(savedSymbols, symbols, bytes);
      memory.copy(savedProducts, products, bytes);
    } else {
      memory.copy(symbols, savedSymbols, bytes);
      memory.copy(products, savedProducts, bytes);
    }
  }
  return chains;
}

/** Makes the one change, other than of symbol `fixed`, that lowers the error most. @returns by how much */
function bestChange(inverse: f32, fixed: i32): f32 {
  const scale = f32x4.splat(inverse);
  let bestGain = f32x4.splat(0);
  let bestIndex = i32x4.splat(-1);
  let index = i32x4(0, 1, 2, 3);
  const step = i32x4.splat(4);
  const except = i32x4.splat(fixed);
  const bytes = (<usize>padded) << 2;
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    const gain = gains(offset, scale);
    const better = v128.andnot(f32x4.gt(gain, bestGain), i32x4.eq(index, except));
    bestGain = v128.bitselect(gain, bestGain, better);
    bestIndex = v128.bitselect(index, bestIndex, better);
    index = i32x4.add(index, step);
  }
  let gain = f32x4.extract_lane(bestGain, 0);
  let chosen = i32x4.extract_lane(bestIndex, 0);
  if (f32x4.extract_lane(bestGain, 1) > gain) {
    gain = f32x4.extract_lane(bestGain, 1);
    chosen = i32x4.extract_lane(bestIndex, 1);
  }
  if (f32x4.extract_lane(bestGain, 2) > gain) {
    gain = f32x4.extract_lane(bestGain, 2);
    chosen = i32x4.extract_lane(bestIndex, 2);
  }
  if (f32x4.extract_lane(bestGain, 3) > gain) {
    gain = f32x4.extract_lane(bestGain, 3);
    chosen = i32x4.extract_lane(bestIndex, 3);
  }
  if (chosen < 0) return 0;
  return improve(chosen, inverse) == 1 ? gain : 0;
}

// ---- The whole search ----------------------------------------------------------------------------------------------

/**
 * Searches from each of the first `starts` scales; the solutions kept are refined for up to `rounds` rounds with chains
 * of `depth` changes. In a metric, the solutions of the plain error are further starting points: they are found more
 * easily, and are often close. The symbols are left as int8 in the result.
 * @returns the scale that fits them best, 0 for a block that is best left at zero
 */
export function search(starts: i32, rounds: i32, depth: i32): f32 {
  usePlain();
  analyse(frame);
  descendFrom(starts);
  refine(rounds, depth);
  if (hasMetric) {
    const before = kept;
    kept = keptBefore;
    keptBefore = before;
    useMetric();
    analyse(analysis);
    descendFrom(starts);
    for (let slot = 0; slot < slots && isFilled(slot, keptBefore); slot++) {
      keep(descend(fit(recall(slot, keptBefore))));
    }
    refine(rounds, depth);
  }
  let best = 0;
  for (let slot = 1; slot < slots; slot++) {
    if (value(kept, (slot + 1) * slotValues - 1) > value(kept, (best + 1) * slotValues - 1)) best = slot;
  }
  lastScore = value(kept, (best + 1) * slotValues - 1);
  if (!(lastScore > 0)) return 0;
  const at = kept + (<usize>(best * slotValues) << 2);
  for (let j = 0; j < samples; j++) store<i8>(result + j, <i8>value(at, j));
  return value(at, slotValues - 2);
}

/** Computes the correlations of the target with the rows of F M. */
function analyse(analysed: usize): void {
  for (let j = 0; j < samples; j++) put(correlations, j, dot(rowOf(analysed, j), target, width));
}

/** Descends from the greedy solution at each scale, and keeps the best. */
function descendFrom(starts: i32): void {
  memory.fill(kept, 0, <usize>(slots * slotValues) << 2);
  for (let start = 0; start < starts; start++) {
    const scale = value(scales, start);
    greedy(1 / scale);
    keep(descend(scale));
  }
}

/** Refines each of the kept solutions in its place. */
function refine(rounds: i32, depth: i32): void {
  for (let slot = 0; slot < slots && isFilled(slot, kept); slot++) {
    let scale = recall(slot, kept);
    for (let round = 0; round < rounds; round++) {
      const changes = segment > 0 ? answerBySegments(1 / scale) : answerInChains(1 / scale, depth);
      if (changes == 0) break;
      scale = descend(scale);
    }
    const at = kept + (<usize>(slot * slotValues) << 2);
    memory.copy(at, symbols, (<usize>padded) << 2);
    put(at, slotValues - 2, scale);
    put(at, slotValues - 1, score());
  }
}

let lastScore: f32 = 0;

/** By how much the last search, or settle after it, lowered the error from that of a zero block. */
export function scoreOfSearch(): f32 {
  return lastScore;
}

/** Fits the symbols in the result to a scale that is not quite the one they were found for. */
export function settle(scale: f32): void {
  memory.fill(symbols, 0, (<usize>padded) << 2);
  memory.fill(products, 0, (<usize>padded) << 2);
  for (let j = 0; j < samples; j++) {
    const symbol = <f32>load<i8>(result + j);
    if (symbol != 0) change(j, symbol);
  }
  for (let sweeps = 0; sweeps < MOST_SWEEPS && sweep(1 / scale) > 0; sweeps++) {}
  for (let j = 0; j < samples; j++) store<i8>(result + j, <i8>value(symbols, j));
  lastScore = scale * (2 * dot(symbols, correlations, padded) - scale * dot(symbols, products, padded));
}
