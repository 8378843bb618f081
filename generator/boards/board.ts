/** A board, as its file in this folder declares it. */

import { InputError } from '../errors.js';

export type BoardFamily = 'sim' | 'ice40' | 'ecp5' | 'xilinx';

export interface BoardLink {
  /** `bytes`: byte-wide valid/ready streams (the virtual board). */
  readonly kind: 'bytes';
  /** Bytes of the receive FIFO. */
  readonly rxBytes: number;
  /** Largest frame body. */
  readonly maxBody: number;
}

/** The block RAMs of an FPGA, as memories with one read and one write port. */
export interface BlockRam {
  readonly bits: number;
  /** Widest word. */
  readonly width: number;
}

export interface Board {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly part: string;
  readonly family: BoardFamily;
  /** Clock of the engine. */
  readonly clockHz: number;
  /** Inputs of a LUT. */
  readonly lutInputs: 4 | 6;
  /** Bits of a byte of block RAM: 9 where parity bits can hold data. */
  readonly memoryByteBits: 8 | 9;
  readonly blockRam: BlockRam;
  /** LUTs that the engine may take. */
  readonly lutBudget: number;
  /** Bits of memory on chip that weights, scales and activations may take. */
  readonly memoryBits: number;
  readonly link: BoardLink;
}

const FAMILIES: readonly string[] = ['sim', 'ice40', 'ecp5', 'xilinx'];

/** Checks the contents of a board file. @throws InputError naming the field that is wrong */
export function parseBoard(value: unknown, source: string): Board {
  const fields = fieldsOf(value, source);
  const link = fieldsOf(fields.link, `${source}: link`);
  const family = text(fields, 'family', source);
  if (!FAMILIES.includes(family)) throw new InputError(`${source}: family must be one of ${FAMILIES.join(', ')}`);
  const lutInputs = count(fields, 'lutInputs', source);
  if (lutInputs !== 4 && lutInputs !== 6) throw new InputError(`${source}: lutInputs must be 4 or 6`);
  const memoryByteBits = count(fields, 'memoryByteBits', source);
  if (memoryByteBits !== 8 && memoryByteBits !== 9) throw new InputError(`${source}: memoryByteBits must be 8 or 9`);
  const blockRam = fieldsOf(fields.blockRam, `${source}: blockRam`);
  if (link.kind !== 'bytes') throw new InputError(`${source}: link.kind must be "bytes"`);
  return {
    name: text(fields, 'name', source),
    title: text(fields, 'title', source),
    part: text(fields, 'part', source),
    family: family as BoardFamily,
    clockHz: count(fields, 'clockHz', source),
    lutInputs,
    memoryByteBits,
    blockRam: { bits: count(blockRam, 'bits', source), width: count(blockRam, 'width', source) },
    lutBudget: count(fields, 'lutBudget', source),
    memoryBits: count(fields, 'memoryBits', source),
    link: { kind: 'bytes', rxBytes: count(link, 'rxBytes', source), maxBody: count(link, 'maxBody', source) },
  };
}

function fieldsOf(value: unknown, source: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${source} must be an object`);
  }
  return value as Record<string, unknown>;
}

function text(fields: Record<string, unknown>, name: string, source: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw new InputError(`${source}: ${name} must be a text`);
  return value;
}

function count(fields: Record<string, unknown>, name: string, source: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new InputError(`${source}: ${name} must be a positive integer`);
  }
  return value;
}
