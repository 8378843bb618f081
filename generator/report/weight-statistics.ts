/** What can be counted in a weights.sdq: symbols, scales and checksums. */

import type { Image } from '../image/image.js';
import type { QuantizedLinear } from '../quantize/types.js';

/** Bins of the histogram of scale mantissas 0 … 255. */
export const SCALE_BINS = 32;

/** Symbols by value. */
export interface SymbolCounts {
  readonly minus: number;
  readonly zero: number;
  readonly plus: number;
}

export interface SymbolStatistics extends SymbolCounts {
  /** Exponent of the linear's scales. */
  readonly exponent: number;
  /** Mantissas in each of SCALE_BINS bins of 256 / SCALE_BINS values. */
  readonly scales: readonly number[];
}

export interface WeightStatistics {
  /** In plan order. */
  readonly linears: readonly SymbolStatistics[];
  readonly total: SymbolCounts;
  readonly scales: readonly number[];
  /** Least and greatest exponent of the linears' scales. */
  readonly exponents: readonly [number, number];
}

/** Counts the symbols and scales of one linear. */
export function symbolStatistics(linear: QuantizedLinear): SymbolStatistics {
  let zero = 0;
  let sum = 0;
  for (const symbol of linear.symbols) {
    sum += symbol;
    if (symbol === 0) zero++;
  }
  const plus = (linear.symbols.length - zero + sum) / 2;
  const scales = new Array<number>(SCALE_BINS).fill(0);
  for (const mantissa of linear.scales) scales[Math.floor((mantissa * SCALE_BINS) / 256)]!++;
  return { minus: plus - sum, zero, plus, exponent: linear.exponent, scales };
}

/** Adds symbol counts. */
export function addCounts(counts: readonly SymbolCounts[]): SymbolCounts {
  return counts.reduce<SymbolCounts>(
    (total, { minus, zero, plus }) => ({
      minus: total.minus + minus,
      zero: total.zero + zero,
      plus: total.plus + plus,
    }),
    { minus: 0, zero: 0, plus: 0 },
  );
}

/**
 * Reads every region of an image, which checks its CRC-32, and counts what the linears hold.
 * @param onLinear told the index of each linear before it is read
 * @throws InputError naming the region whose checksum does not match
 */
export function weightStatistics(image: Image, onLinear: (index: number) => void = () => {}): WeightStatistics {
  image.integerModel();
  const linears = image.plan.linears.map((_, index) => {
    onLinear(index);
    return symbolStatistics(image.linear(index));
  });
  const exponents = linears.map(({ exponent }) => exponent);
  return {
    linears,
    total: addCounts(linears),
    scales: Array.from({ length: SCALE_BINS }, (_, bin) =>
      linears.reduce((sum, linear) => sum + linear.scales[bin]!, 0),
    ),
    exponents: [Math.min(...exponents), Math.max(...exponents)],
  };
}
