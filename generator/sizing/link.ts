/** The host link: what a decoder step moves over it, and the cycles of the engine's clock that this takes. */

import { MAX_RESULT_VALUES } from '../../firmware/protocol/messages.js';
import { mostWriteBytes, runWriteBytes } from '../../firmware/protocol/write-size.js';
import { bytesPerSecond } from '../../firmware/transport/rates.js';
import type { BoardLink } from '../boards/board.js';
import { blockCount } from '../plan/blocks.js';
import type { PlanArray, PlanLinear } from '../plan/types.js';
import { readsSameVector, vectorShapes } from './framing.js';
import { BLOCK_WORD_BYTES, blockSlotWords, MANTISSA_BYTES } from './memory.js';

/** What the time on the link depends on of a board. */
export interface LinkTarget {
  readonly clockHz: number;
  readonly link: BoardLink;
}

/** Bytes that a link moves in one cycle of the engine's clock. */
export function linkBytesPerCycle({ clockHz, link }: LinkTarget): number {
  return link.kind === 'bytes' ? 1 : bytesPerSecond(link.baud) / clockHz;
}

/** The link of the simulated board: that of a board with buffers alike that moves a byte per cycle. */
export function simulatedLink({ clockHz, link }: LinkTarget): LinkTarget {
  return { clockHz, link: { kind: 'bytes', rxBytes: link.rxBytes, maxBody: link.maxBody } };
}

/** What the link does for one RUN and the writes before it. */
export interface LinkRun {
  /** Encoded bytes, both ways. */
  readonly bytes: number;
  /** Cycles in which they move, or are waited for: neither the line nor the engine works then. */
  readonly cycles: number;
}

/**
 * Cycles of a RUN in which neither its bytes move nor the engine runs: the device's stages from a frame's last byte to the
 * engine, from there to the response's first byte, and the host's wait for more. They depend a little on the data, for a
 * frame is stuffed.
 */
const TURNAROUND_CYCLES = 50;
/** Bytes of a RESULT frame's body before its values. */
const RESULT_HEADER_BYTES = 14;
/** Bytes of the bodies of WRITE, before its data, and of RUN. */
const ADDRESS_BYTES = 4;
const RUN_BYTES = 3;

/** Encoded bytes of a frame: type, sequence, CRC, COBS overhead where no byte is 0, and the delimiter. */
function frameBytes(body: number): number {
  const payload = body + 6;
  return payload + 1 + Math.floor(payload / 255) + 1;
}

/** Encoded bytes of frames of at most `most` of `count` items, with `header` bytes before them. */
function framesBytes(count: number, most: number, itemBytes: number, header: number): number {
  const rest = count % most;
  const whole = Math.floor(count / most) * frameBytes(header + itemBytes * most);
  return whole + (rest > 0 ? frameBytes(header + itemBytes * rest) : 0);
}

/** Bytes of each memory write before the first linear that reads a vector: its blocks' numbers, and their exponents. */
function vectorWrites(linears: readonly PlanLinear[], array: PlanArray): number[][] {
  const shapes = vectorShapes(linears);
  const slotBytes = blockSlotWords(linears, array) * array.lanes;
  return linears.map((linear, index) => {
    if (readsSameVector(linear, linears[index - 1])) return [];
    const blocks = blockCount(linear);
    const numbers =
      array.frame === undefined
        ? (blocks - 1) * slotBytes + shapes[index]!.samples
        : blocks * linear.block * MANTISSA_BYTES;
    return [numbers, blocks * BLOCK_WORD_BYTES];
  });
}

/** The link in a decoder step, for each linear in plan order; a vector that several read is written before the first. */
export function linkRuns(
  { linears, array }: { readonly linears: readonly PlanLinear[]; readonly array: PlanArray },
  target: LinkTarget,
): LinkRun[] {
  const cyclesPerByte = 1 / linkBytesPerCycle(target);
  const most = mostWriteBytes(target.link.maxBody, target.link.rxBytes);
  return vectorWrites(linears, array).map((writes, index) => {
    const written = writes.reduce((sum, bytes) => sum + bytes, 0);
    const perWrite = written === 0 ? 0 : runWriteBytes(written, Math.max(1, cyclesPerByte), most);
    const request =
      writes.reduce((sum, bytes) => sum + framesBytes(bytes, perWrite, 1, ADDRESS_BYTES), 0) + frameBytes(RUN_BYTES);
    const results = framesBytes(linears[index]!.rows, MAX_RESULT_VALUES, 4, RESULT_HEADER_BYTES);
    const bytes = request + results;
    // The last write is executed when it has arrived.
    return { bytes, cycles: bytes * cyclesPerByte + perWrite + TURNAROUND_CYCLES };
  });
}
