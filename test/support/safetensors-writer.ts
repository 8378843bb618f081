export type StoredFormat = 'F32' | 'F16' | 'BF16';

/** A tensor as a checkpoint holds it: `values` are those that the stored format represents. */
export interface FakeTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A complete safetensors file. */
export function encodeSafetensors(tensors: ReadonlyMap<string, FakeTensor>, format: StoredFormat): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const bytes = encodeValues(values, format);
    header[name] = { dtype: format, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  return assembleSafetensors(JSON.stringify(header), Buffer.concat(parts));
}

/** Length, header (padded with spaces to a multiple of 8, as the format advises) and data. */
export function assembleSafetensors(header: string, data: Uint8Array): Uint8Array {
  const json = Buffer.from(header);
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, data]);
}

/** The nearest value (of some rounding) that the format represents; small normal numbers only. */
export function roundTo(value: number, format: StoredFormat): number {
  if (format === 'F32') return Math.fround(value);
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - (format === 'F16' ? 10 : 7));
  const smallest = format === 'F16' ? 2 ** -24 : 0;
  const step = Math.max(unit, smallest);
  return Math.round(value / step) * step;
}

function encodeValues(values: Float32Array, format: StoredFormat): Uint8Array {
  const bytes = Buffer.alloc(values.length * (format === 'F32' ? 4 : 2));
  values.forEach((value, i) => {
    if (format === 'F32') bytes.writeFloatLE(value, i * 4);
    else bytes.writeUInt16LE(format === 'F16' ? halfBits(value) : bfloatBits(value), i * 2);
  });
  return bytes;
}

function bfloatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
}

/** Bits of a number that half precision represents exactly. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024);
}
