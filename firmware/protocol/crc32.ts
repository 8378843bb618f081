/** CRC-32 of IEEE 802.3 as zlib computes it: reflected polynomial EDB88320, initial value and final XOR FFFFFFFF. */

const TABLE = (() => {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let state = byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? 0xedb88320 : 0);
    table[byte] = state >>> 0;
  }
  return table;
})();

/**
 * The CRC of `bytes`, 0 … 2^32 − 1. To take it over several pieces, hand the CRC of the bytes so far to the next call.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let state = ~previous;
  for (let i = 0; i < bytes.length; i++) state = (state >>> 8) ^ TABLE[(state ^ bytes[i]!) & 0xff]!;
  return ~state >>> 0;
}
