/** Formats of stored weights that can be read; the names are those of safetensors. */
export type FloatFormat = 'F32' | 'F16' | 'BF16';

export const BYTES_PER_FLOAT: Readonly<Record<FloatFormat, number>> = { F32: 4, F16: 2, BF16: 2 };

export function isFloatFormat(dtype: string): dtype is FloatFormat {
  return Object.hasOwn(BYTES_PER_FLOAT, dtype);
}

/**
 * Decodes little-endian floats, exactly: every F16 and BF16 value is a float32.
 *
 * @param bytes the stored values; aligned to the size of one value
 * @param output as many float32 values as `bytes` holds
 */
export function decodeFloats(format: FloatFormat, bytes: Uint8Array, output: Float32Array): void {
  if (format === 'F32') {
    output.set(new Float32Array(bytes.buffer, bytes.byteOffset, output.length));
    return;
  }
  const stored = new Uint16Array(bytes.buffer, bytes.byteOffset, output.length);
  if (format === 'BF16') {
    // A bfloat16 is the upper half of a float32.
    const bits = new Uint32Array(output.buffer, output.byteOffset, output.length);
    for (let i = 0; i < stored.length; i++) bits[i] = stored[i]! << 16;
    return;
  }
  halfTable ??= buildHalfTable();
  for (let i = 0; i < stored.length; i++) output[i] = halfTable[stored[i]!]!;
}

/** Index of the first NaN or infinity, or −1. */
export function findNonFinite(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & 0x7f80_0000) === 0x7f80_0000) return i;
  }
  return -1;
}

let halfTable: Float32Array | null = null;

/** The value of each of the 65 536 half-precision bit patterns (IEEE 754 binary16). */
function buildHalfTable(): Float32Array {
  const table = new Float32Array(1 << 16);
  for (let bits = 0; bits < table.length; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent < 31) table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25);
    else table[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return table;
}
