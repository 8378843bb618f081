/** The value at x of the polyline through (xs[i], ys[i]), xs ascending; the first or last y beyond its ends. */
export function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const above = xs.findIndex((known) => known >= x);
  if (above === -1) return ys.at(-1)!;
  if (above === 0) return ys[0]!;
  const share = (x - xs[above - 1]!) / (xs[above]! - xs[above - 1]!);
  return ys[above - 1]! * (1 - share) + ys[above]! * share;
}
