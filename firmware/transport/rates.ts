/** Rates of serial lines. */

/** Baud rate unless another is asked for: what common USB bridges and a 12 MHz device both reach exactly. */
export const DEFAULT_BAUD_RATE = 1_000_000;

/** A start bit, eight data bits, a stop bit. */
export const BITS_PER_BYTE = 10;

/** Bytes per second of a line. */
export function bytesPerSecond(baudRate: number): number {
  return baudRate / BITS_PER_BYTE;
}
