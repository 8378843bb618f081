/** Into how many WRITE frames data are cut. */

import { frameBound } from './frames.js';

/** Bytes on the line of a WRITE beside its data: type, seq, address, CRC, COBS code, delimiter. */
const WRITE_ENVELOPE_BYTES = 12;
/** Bytes of a WRITE's body before its data. */
const ADDRESS_BYTES = 4;

/**
 * Most data bytes of a WRITE: such that whole frames fill the window, and that at least four are under way, so that the line
 * does not fall idle between a frame and its answer.
 *
 * @param maxBody bytes of a body that the device takes
 * @param window encoded bytes that may be unanswered
 */
export function mostWriteBytes(maxBody: number, window: number): number {
  let body = maxBody;
  while (body > ADDRESS_BYTES + 1 && frameBound(body) > window / 4) body--;
  return body - ADDRESS_BYTES;
}

/**
 * Data bytes per WRITE before a RUN. The device executes a frame after it has arrived, a byte per cycle: of n bytes in
 * frames of f, the last f are executed while nothing arrives, and every frame adds its envelope to the line. The sum
 * of both, f + n / f · envelope · cycles per byte, is least where the two are equal.
 *
 * @param bytes n, 1 or more
 * @param cyclesPerByte clock cycles of the device in which the line moves a byte, at least 1
 * @param most data bytes of a WRITE
 */
export function runWriteBytes(bytes: number, cyclesPerByte: number, most: number): number {
  const best = Math.sqrt(bytes * WRITE_ENVELOPE_BYTES * cyclesPerByte);
  const frames = Math.max(1, Math.round(bytes / best));
  return Math.min(Math.ceil(bytes / frames), most);
}
