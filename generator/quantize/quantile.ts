/**
 * The p-quantile (0 ≤ p ≤ 1) of `sorted` (ascending, not empty), interpolated linearly between the two order statistics
 * around position (n − 1) · p, as NumPy and PyTorch do by default. Throws a RangeError for an empty array or p outside
 * 0…1.
 */
export function quantile(sorted: Float64Array, p: number): number {
  if (sorted.length === 0 || !(p >= 0 && p <= 1)) {
    throw new RangeError(`no ${p}-quantile of ${sorted.length} values`);
  }
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
