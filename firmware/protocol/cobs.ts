/**
 * Consistent-overhead byte stuffing (Cheshire and Baker, 1999): removes every 0x00 from a message, so that 0x00 can
 * end a frame. A message becomes groups `[code][code − 1 bytes]`, code 1 … 255; a group stands for its bytes and one
 * zero, which is missing after a group of code 255 and after the last group.
 */

/** Most bytes that `length` bytes can become, delimiter not counted. */
export function cobsBound(length: number): number {
  return length + Math.max(1, Math.ceil(length / 254));
}

/**
 * Encodes `source` into `target` from `offset` on, without a delimiter.
 *
 * @returns the offset behind the last byte written
 * @throws RangeError if `target` has less than `cobsBound(source.length)` bytes from `offset` on
 */
export function cobsEncodeInto(source: Uint8Array, target: Uint8Array, offset: number): number {
  if (target.length - offset < cobsBound(source.length))
    throw new RangeError('The target of a COBS encoding is short.');
  let codeAt = offset;
  let write = offset + 1;
  for (let i = 0; i < source.length; i++) {
    const byte = source[i]!;
    if (byte !== 0) target[write++] = byte;
    const code = write - codeAt;
    // A full group ends without a zero; at the end of the message there is no group to follow it.
    if (byte === 0 || (code === 255 && i + 1 < source.length)) {
      target[codeAt] = code;
      codeAt = write++;
    }
  }
  target[codeAt] = write - codeAt;
  return write;
}

/** Encodes a message, without a delimiter. */
export function cobsEncode(source: Uint8Array): Uint8Array {
  const target = new Uint8Array(cobsBound(source.length));
  return target.subarray(0, cobsEncodeInto(source, target, 0));
}

/** The message of an encoding without its delimiter, or null if the encoding ends inside a group or contains 0x00. */
export function cobsDecode(source: Uint8Array): Uint8Array | null {
  const target = new Uint8Array(source.length);
  let write = 0;
  let read = 0;
  while (read < source.length) {
    const code = source[read++]!;
    const end = read + code - 1;
    if (code === 0 || end > source.length) return null;
    while (read < end) {
      const byte = source[read++]!;
      if (byte === 0) return null;
      target[write++] = byte;
    }
    if (code !== 255 && read < source.length) target[write++] = 0;
  }
  return target.subarray(0, write);
}
