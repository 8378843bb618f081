/** Parameters of the UART in rtl/board, in integers. */

export interface UartRate {
  /** Bits of the phase, which overflows once per bit. */
  readonly phaseWidth: number;
  /** What the phase gains per cycle. */
  readonly step: number;
}

/** Cycles per bit that the receiver needs. */
const LEAST_CYCLES = 8;
const MOST_PHASE_BITS = 28;
/** Relative error of the rate that is accepted: 1 / this. */
const TOLERANCE = 1000;

/**
 * The shortest phase that makes a baud rate of a clock within a thousandth.
 *
 * @throws RangeError if a bit has fewer than 8 cycles, or none is long enough
 */
export function uartRate(clockHz: number, baud: number): UartRate {
  if (clockHz < LEAST_CYCLES * baud)
    throw new RangeError(`${clockHz} Hz are fewer than 8 cycles per bit at ${baud} baud`);
  for (let phaseWidth = 4; phaseWidth <= MOST_PHASE_BITS; phaseWidth++) {
    const step = Math.round((baud * 2 ** phaseWidth) / clockHz);
    const off = Math.abs(step * clockHz - baud * 2 ** phaseWidth);
    if (off * TOLERANCE <= baud * 2 ** phaseWidth) return { phaseWidth, step };
  }
  throw new RangeError(`no phase of ${MOST_PHASE_BITS} bits makes ${baud} baud of ${clockHz} Hz`);
}
