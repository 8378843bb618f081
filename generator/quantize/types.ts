/** A linear as it is stored and run: symbols and integer scales. */
export interface QuantizedLinear {
  /** −1, 0 or +1; rows × (full blocks · samples + tail samples), row-major, blocks in order of columns */
  readonly symbols: Int8Array;
  /** Scale mantissas 0…255, rows × blocks. */
  readonly scales: Uint8Array;
  /** Mean mantissas −127…127, rows × blocks (mode `fourier`), else null. */
  readonly means: Int8Array | null;
  /** A mantissa m stands for m · 2^exponent, on the unnormalised frame (see docs/numerics.md). */
  readonly exponent: number;
}
