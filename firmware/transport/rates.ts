/** Rates of serial lines. */

/** Baud rate unless another is asked for: what common USB bridges and a 12 MHz device both reach exactly. */
export const DEFAULT_BAUD_RATE = 1_000_000;

/** Bytes per second of a line with eight data bits, a start bit and a stop bit. */
export function bytesPerSecond(baudRate: number): number {
  return baudRate / 10;
}
