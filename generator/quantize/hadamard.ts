/** The fast Walsh–Hadamard transform in natural (Sylvester) order: H[j][i] = (−1)^popcount(j & i). */

/** Throws a RangeError unless `size` is a power of two (1 included). */
function requirePowerOfTwo(size: number): void {
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 30 || (size & (size - 1)) !== 0) {
    throw new RangeError(`a Walsh–Hadamard transform needs a power of two, not ${size} values`);
  }
}

/**
 * In-place unnormalised transform of the first `size` values: values ← H · values. H is symmetric and H · H = size · I,
 * so the same call also applies Hᵀ, and inverts up to the factor `size`. Exact for integers while sums stay below 2^53
 * (2^31 for an Int32Array). Throws a RangeError unless `size` is a power of two.
 */
export function fwht(values: Float64Array | Int32Array, size: number = values.length): void {
  requirePowerOfTwo(size);
  let half = 1;
  // An odd number of stages starts with a single one; the others go in pairs, which halves the memory traffic.
  if ((31 - Math.clz32(size)) & 1) {
    for (let i = 0; i < size; i += 2) {
      const a = values[i]!;
      const b = values[i + 1]!;
      values[i] = a + b;
      values[i + 1] = a - b;
    }
    half = 2;
  }
  for (; half < size; half *= 4) {
    for (let start = 0; start < size; start += 4 * half) {
      for (let i = start; i < start + half; i++) {
        const a = values[i]!;
        const b = values[i + half]!;
        const c = values[i + 2 * half]!;
        const d = values[i + 3 * half]!;
        const ab = a + b;
        const cd = c + d;
        const abDiff = a - b;
        const cdDiff = c - d;
        values[i] = ab + cd;
        values[i + half] = abDiff + cdDiff;
        values[i + 2 * half] = ab - cd;
        values[i + 3 * half] = abDiff - cdDiff;
      }
    }
  }
}

/** In-place orthonormal transform of the first `size` values: values ← H · values / √size, its own inverse. */
export function orthonormalFwht(values: Float64Array, size: number = values.length): void {
  fwht(values, size);
  const scale = 1 / Math.sqrt(size);
  for (let i = 0; i < size; i++) values[i] = values[i]! * scale;
}
