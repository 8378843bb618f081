/** A board, as its file in this folder declares it. */

import { InputError } from '../errors.js';
import type { SdramPart } from '../sizing/sdram.js';

export type BoardFamily = 'sim' | 'ice40' | 'ecp5' | 'xilinx';

interface LinkBuffers {
  /** Bytes of the receive FIFO. */
  readonly rxBytes: number;
  /** Largest frame body. */
  readonly maxBody: number;
}

export type BoardLink =
  /** Byte-wide valid/ready streams (the virtual board). */
  | (LinkBuffers & { readonly kind: 'bytes' })
  /** Asynchronous serial, 8 data bits, no parity, 1 stop bit. */
  | (LinkBuffers & { readonly kind: 'uart'; readonly baud: number });

/** The block RAMs of an FPGA, as memories with one read and one write port. */
export interface BlockRam {
  readonly bits: number;
  /** Widest word. */
  readonly width: number;
  /** How many there are; null: as many as are wanted. */
  readonly count: number | null;
}

/** Larger memories with one port, in which the weights lie where a board has them. */
export interface SinglePortRam {
  readonly words: number;
  readonly width: number;
  readonly count: number;
}

export interface BoardPin {
  /** As the constraint file names it. */
  readonly pin: string;
  readonly pullUp: boolean;
  /** The signal is inverted at the pin. */
  readonly activeLow: boolean;
}

/** Pins of an SDRAM, bit 0 first. */
export interface SdramPins {
  readonly clk: string;
  readonly cke: string;
  readonly cs: string;
  readonly ras: string;
  readonly cas: string;
  readonly we: string;
  readonly ba: readonly string[];
  readonly addr: readonly string[];
  readonly dqm: readonly string[];
  readonly dq: readonly string[];
}

/** What a board is besides its FPGA, and how its tools are called. */
export interface BoardDevice {
  readonly oscillator: { readonly pin: string; readonly hz: number };
  /** A button that resets while it is low. */
  readonly reset: BoardPin;
  /** From the host. */
  readonly rx: BoardPin;
  /** To the host. */
  readonly tx: BoardPin;
  /** Lit while there is work. */
  readonly led: BoardPin;
  /** Null if there is no SDRAM. */
  readonly sdram: SdramPins | null;
  /** Pins that must be held at a level. */
  readonly constants: readonly { readonly name: string; readonly pin: string; readonly value: 0 | 1 }[];
  /** Options of nextpnr: part, package, speed. */
  readonly nextpnr: readonly string[];
  /** Options of the program that packs the bitstream. */
  readonly pack: readonly string[];
  /** Arguments of openFPGALoader; the bitstream follows. */
  readonly openFPGALoader: readonly string[];
}

export interface Board {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly part: string;
  readonly family: BoardFamily;
  /** Clock of the accelerator. */
  readonly clockHz: number;
  /** That of a whole decoder, which is a larger design; null: the same. */
  readonly decoderClockHz: number | null;
  /** Inputs of a LUT. */
  readonly lutInputs: 4 | 6;
  /** LUTs can be used as memory. */
  readonly lutRam: boolean;
  /** Bits of a byte of block RAM: 9 where parity bits can hold data. */
  readonly memoryByteBits: 8 | 9;
  readonly blockRam: BlockRam;
  readonly singlePortRam: SinglePortRam | null;
  /** Where the schedule lies: in block RAM, which saves LUTs, or in LUTs, which are faster. */
  readonly romStyle: 'block' | 'logic';
  /** LUTs that the engine may take. */
  readonly lutBudget: number;
  /** LUTs, and multipliers of 18 × 18 bits, of the device; null: as many as are wanted. */
  readonly luts: number | null;
  readonly multipliers: number | null;
  /** Bits of memory on chip that weights, scales and activations may take. */
  readonly memoryBits: number;
  /** Where weights lie if there is not enough memory on chip. */
  readonly sdram: SdramPart | null;
  readonly link: BoardLink;
  /** Null: there is no such board, only its simulation. */
  readonly device: BoardDevice | null;
}

const FAMILIES: readonly BoardFamily[] = ['sim', 'ice40', 'ecp5', 'xilinx'];

/** Checks the contents of a board file. @throws InputError naming the field that is wrong */
export function parseBoard(value: unknown, source: string): Board {
  const fields = fieldsOf(value, source);
  const family = oneOf(text(fields, 'family', source), FAMILIES, `${source}: family`);
  const blockRam = fieldsOf(fields.blockRam, `${source}: blockRam`);
  const board = {
    name: text(fields, 'name', source),
    title: text(fields, 'title', source),
    part: text(fields, 'part', source),
    family,
    clockHz: count(fields, 'clockHz', source),
    decoderClockHz: fields.decoderClockHz == null ? null : count(fields, 'decoderClockHz', source),
    lutInputs: oneOf(count(fields, 'lutInputs', source), [4, 6] as const, `${source}: lutInputs`),
    lutRam: flag(fields, 'lutRam', source),
    memoryByteBits: oneOf(count(fields, 'memoryByteBits', source), [8, 9] as const, `${source}: memoryByteBits`),
    blockRam: {
      bits: count(blockRam, 'bits', source),
      width: count(blockRam, 'width', source),
      count: blockRam.count == null ? null : count(blockRam, 'count', source),
    },
    singlePortRam: fields.singlePortRam == null ? null : parseRam(fields.singlePortRam, source),
    romStyle: oneOf(fields.romStyle ?? 'logic', ['block', 'logic'] as const, `${source}: romStyle`),
    lutBudget: count(fields, 'lutBudget', source),
    luts: fields.luts == null ? null : count(fields, 'luts', source),
    multipliers: fields.multipliers == null ? null : count(fields, 'multipliers', source),
    memoryBits: count(fields, 'memoryBits', source),
    sdram: fields.sdram == null ? null : parseSdram(fields.sdram, `${source}: sdram`),
    link: parseLink(fields.link, `${source}: link`),
    device: fields.device == null ? null : parseDevice(fields.device, `${source}: device`),
  };
  if ((board.device === null) !== (board.link.kind === 'bytes') || (board.device === null) !== (family === 'sim')) {
    throw new InputError(`${source}: family sim has the link "bytes" and no device, every other a "uart" and a device`);
  }
  if (board.device !== null && (board.device.sdram === null) !== (board.sdram === null)) {
    throw new InputError(`${source}: sdram and device.sdram belong together`);
  }
  return board;
}

function parseRam(value: unknown, source: string): SinglePortRam {
  const where = `${source}: singlePortRam`;
  const fields = fieldsOf(value, where);
  return {
    words: count(fields, 'words', where),
    width: count(fields, 'width', where),
    count: count(fields, 'count', where),
  };
}

function parseLink(value: unknown, source: string): BoardLink {
  const fields = fieldsOf(value, source);
  const kind = oneOf(text(fields, 'kind', source), ['bytes', 'uart'] as const, `${source}.kind`);
  const buffers = { rxBytes: count(fields, 'rxBytes', source), maxBody: count(fields, 'maxBody', source) };
  return kind === 'bytes' ? { kind, ...buffers } : { kind, baud: count(fields, 'baud', source), ...buffers };
}

function parseDevice(value: unknown, source: string): BoardDevice {
  const fields = fieldsOf(value, source);
  const oscillator = fieldsOf(fields.oscillator, `${source}.oscillator`);
  return {
    oscillator: {
      pin: text(oscillator, 'pin', `${source}.oscillator`),
      hz: count(oscillator, 'hz', `${source}.oscillator`),
    },
    reset: parsePin(fields.reset, `${source}.reset`),
    rx: parsePin(fields.rx, `${source}.rx`),
    tx: parsePin(fields.tx, `${source}.tx`),
    led: parsePin(fields.led, `${source}.led`),
    sdram: fields.sdram == null ? null : parseSdramPins(fields.sdram, `${source}.sdram`),
    constants: list(fields, 'constants', source).map((item, i) => {
      const where = `${source}.constants[${i}]`;
      const constant = fieldsOf(item, where);
      const value = oneOf(constant.value, [0, 1] as const, `${where}.value`);
      return { name: text(constant, 'name', where), pin: text(constant, 'pin', where), value };
    }),
    nextpnr: texts(fields, 'nextpnr', source),
    pack: texts(fields, 'pack', source),
    openFPGALoader: texts(fields, 'openFPGALoader', source),
  };
}

function parseSdramPins(value: unknown, source: string): SdramPins {
  const fields = fieldsOf(value, source);
  const pins = (name: string, count: number): string[] => {
    const list = texts(fields, name, source);
    if (list.length !== count) throw new InputError(`${source}: ${name} must have ${count} pins`);
    return list;
  };
  return {
    clk: text(fields, 'clk', source),
    cke: text(fields, 'cke', source),
    cs: text(fields, 'cs', source),
    ras: text(fields, 'ras', source),
    cas: text(fields, 'cas', source),
    we: text(fields, 'we', source),
    ba: pins('ba', 2),
    addr: pins('addr', 13),
    dqm: pins('dqm', 2),
    dq: pins('dq', 16),
  };
}

function parsePin(value: unknown, source: string): BoardPin {
  const fields = fieldsOf(value, source);
  return {
    pin: text(fields, 'pin', source),
    pullUp: flag(fields, 'pullUp', source),
    activeLow: flag(fields, 'activeLow', source),
  };
}

function oneOf<T>(value: unknown, choices: readonly T[], source: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) {
    const list = choices.length > 2 ? `one of ${choices.join(', ')}` : choices.join(' or ');
    throw new InputError(`${source} must be ${list}`);
  }
  return choice;
}

function list(fields: Record<string, unknown>, name: string, source: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new InputError(`${source}: ${name} must be a list`);
  return value;
}

function texts(fields: Record<string, unknown>, name: string, source: string): string[] {
  return list(fields, name, source).map((value) => {
    if (typeof value !== 'string') throw new InputError(`${source}: ${name} must be a list of texts`);
    return value;
  });
}

/** False where it is absent. */
function flag(fields: Record<string, unknown>, name: string, source: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== 'boolean') throw new InputError(`${source}: ${name} must be true or false`);
  return value;
}

function parseSdram(value: unknown, source: string): SdramPart {
  const fields = fieldsOf(value, source);
  const ns = fieldsOf(fields.ns, `${source}.ns`);
  const time = (name: string): number => count(ns, name, `${source}.ns`);
  return {
    rowWidth: count(fields, 'rowWidth', source),
    columnWidth: count(fields, 'columnWidth', source),
    casLatency: count(fields, 'casLatency', source),
    retentionMicroseconds: count(fields, 'retentionMicroseconds', source),
    powerUpMicroseconds: count(fields, 'powerUpMicroseconds', source),
    ns: {
      rcd: time('rcd'),
      rp: time('rp'),
      ras: time('ras'),
      rc: time('rc'),
      rrd: time('rrd'),
      rfc: time('rfc'),
      wr: time('wr'),
    },
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
