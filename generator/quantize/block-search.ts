/** The interface of everything that chooses the symbols of a block, and the integer scales that they all round to. */

/** Integer scales of one block of one row, on the linear's exponent. */
export interface BlockFit {
  /** 0…255 */
  readonly mantissa: number;
  /** −127…127; 0 in mode `hadamard` */
  readonly mean: number;
}

/**
 * Chooses symbols and scales for blocks of one shape. Every method reads `target`, the block's weights (the shape's
 * columns); an instance owns scratch memory and serves one linear.
 */
export interface BlockSearch {
  /**
   * Looks at a sample of the targets to come, once, before the first call of the other methods.
   * @returns what it learned: plain data, for `resume`
   */
  prepare(sample: readonly Float64Array[]): unknown;
  /** Takes what another search for blocks of the same shape learned, in place of a call of `prepare`. */
  resume(prepared: unknown): void;
  /**
   * Sets the metric of the error that counts from here on: e · M · eᵀ (cols × cols, row-major), or the plain sum of
   * squares for null. A search without this method knows the plain error only.
   */
  useMetric?(metric: Float64Array | null): void;
  /**
   * A bound on the scale that the block wants, in units in which the mantissa 255 is the largest; 0 for a zero block.
   */
  amplitude(target: Float64Array): number;
  /** Writes the block's symbols to symbols[at …] and returns its scales as multiples of 2^exponent. */
  quantize(target: Float64Array, exponent: number, symbols: Int8Array, at: number): BlockFit;
}

export const LARGEST_MANTISSA = 255;
export const LARGEST_MEAN = 127;

/** The scale mantissa nearest to `value` / 2^exponent. */
export function roundMantissa(value: number, exponent: number): number {
  return Math.min(LARGEST_MANTISSA, Math.max(0, Math.round(value * 2 ** -exponent)));
}

/** The mean mantissa nearest to `value` / 2^exponent. */
export function roundMean(value: number, exponent: number): number {
  return Math.min(LARGEST_MEAN, Math.max(-LARGEST_MEAN, Math.round(value * 2 ** -exponent)));
}

/** The least exponent E with `amplitude` ≤ 255 · 2^E; 0 if there is nothing to scale. */
export function exponentFor(amplitude: number): number {
  if (!(amplitude > 0)) return 0;
  let exponent = Math.ceil(Math.log2(amplitude / LARGEST_MANTISSA));
  // The logarithm may be off by an ulp on either side of a power of two.
  while (amplitude > LARGEST_MANTISSA * 2 ** exponent) exponent++;
  while (amplitude <= LARGEST_MANTISSA * 2 ** (exponent - 1)) exponent--;
  return exponent;
}
