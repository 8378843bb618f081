/** Instructions of the decoder on the device and how they lie in words of its program. Source: docs/decoder.md. */

import type { Plan } from '../plan/types.js';
import { indexWidth } from '../sizing/integers.js';
import { busWidths, type Machine } from './machine.js';

/** Units that work side by side, each on one instruction at a time; the array has one more waiting. */
export const UNITS = ['vector', 'array', 'dot', 'mix'] as const;
export type Unit = (typeof UNITS)[number];

/** Where CUT writes mantissas. */
export const SPACES = ['frame', 'query', 'keys', 'values'] as const;
export type Space = (typeof SPACES)[number];

export type FieldName =
  | 'source'
  | 'target'
  | 'length'
  | 'segment'
  | 'results'
  | 'add'
  | 'biased'
  | 'rectify'
  | 'layered'
  | 'parameters'
  | 'scales'
  | 'position'
  | 'shift'
  | 'space'
  | 'rows'
  | 'cols'
  | 'out'
  | 'linear'
  | 'head'
  | 'entry';

/** Which unit executes an opcode (null: the sequencer), and its operands, low end first. */
export const OPCODES = {
  END: { unit: null, fields: [] },
  LOOP: { unit: null, fields: ['entry'] },
  PHASE: { unit: 'vector', fields: [] },
  ROW: {
    unit: 'vector',
    fields: ['target', 'length', 'segment', 'add', 'parameters', 'scales', 'position', 'shift'],
  },
  PASS: {
    unit: 'vector',
    fields: ['source', 'target', 'length', 'segment', 'results', 'add', 'biased', 'rectify', 'layered', 'parameters'],
  },
  MOMENTS: { unit: 'vector', fields: ['source', 'length'] },
  ROOT: { unit: 'vector', fields: [] },
  CENTER: { unit: 'vector', fields: ['source', 'target', 'length'] },
  WEIGHT: { unit: 'vector', fields: ['source', 'target', 'length', 'segment', 'layered', 'parameters'] },
  ALIGN: { unit: 'vector', fields: ['source', 'target', 'length', 'segment', 'layered', 'parameters'] },
  ROTATE: { unit: 'vector', fields: ['target', 'length', 'segment'] },
  GATE: { unit: 'vector', fields: ['target', 'length'] },
  PRODUCT: { unit: 'vector', fields: ['source', 'target', 'length', 'segment'] },
  CUT: { unit: 'vector', fields: ['source', 'length', 'segment', 'space'] },
  LOGITS: { unit: 'vector', fields: ['length'] },
  RUN: { unit: 'array', fields: ['linear', 'layered'] },
  MATRIX: { unit: 'dot', fields: ['target', 'out', 'parameters', 'scales', 'rows', 'cols', 'shift'] },
  SCORE: { unit: 'dot', fields: ['head'] },
  MIX: { unit: 'mix', fields: ['target', 'head'] },
} as const satisfies Record<string, { readonly unit: Unit | null; readonly fields: readonly FieldName[] }>;

export type Opcode = keyof typeof OPCODES;
const NAMES = Object.keys(OPCODES) as Opcode[];

export interface Instruction {
  readonly opcode: Opcode;
  /** Units that must be idle before it begins; its own is waited for anyway. */
  readonly wait: readonly Unit[];
  /** The operands of its opcode; addresses in words of their memory, lengths in elements. */
  readonly fields: Readonly<Partial<Record<FieldName, number>>>;
}

/** A program with what is not in its words. */
export interface Program {
  readonly instructions: readonly Instruction[];
  /** First instruction of a layer. */
  readonly layerEntry: number;
  /** Added to a layered RUN's linear from one layer to the next. */
  readonly layerLinears: number;
  /** Added to layered parameter addresses from one layer to the next, in words. */
  readonly layerWords: number;
  readonly layers: number;
  /** Per linear of the plan: fraction bits of input − those of output − exponent. The final shift less the reference. */
  readonly finals: readonly number[];
  /** Role and layer of a RUN, for people. */
  readonly names: readonly string[];
}

/** An operand. @throws RangeError if the instruction has none of that name */
export function operand({ opcode, fields }: Instruction, name: FieldName): number {
  const value = fields[name];
  if (value === undefined) throw new RangeError(`${opcode} has no operand ${name}`);
  return value;
}

export const unitOf = ({ opcode }: Instruction): Unit | null => OPCODES[opcode].unit;

/** Bits of a word that hold an operand. */
export interface Place {
  readonly at: number;
  readonly width: number;
}

/**
 * Widths of the parts of an instruction word: opcode and wait at the low end, then the operands, each at the same place in
 * all words, so that decoding takes no logic. Operands that no opcode has both may share a place. What the hardware
 * decodes of words that lack a flag is 0: flags share with nothing.
 */
export interface Encoding {
  readonly opcode: number;
  readonly wait: number;
  readonly fields: Readonly<Record<FieldName, Place>>;
  readonly word: number;
}

/** Computes all widths of a machine's program. @param constants how many it has */
export function encodingOf(
  machine: Machine,
  plan: Pick<Plan, 'linears'>,
  instructions: number,
  constants: number,
): Encoding {
  const { length, parameters: address, vector, rows, head } = busWidths(machine, plan);
  const constant = indexWidth(constants);
  const fields: Record<FieldName, number> = {
    parameters: address,
    scales: address,
    rows,
    length,
    segment: length,
    cols: length,
    source: vector,
    target: vector,
    linear: constant,
    shift: constant,
    head,
    entry: indexWidth(instructions),
    space: indexWidth(SPACES.length),
    results: 1,
    add: 1,
    biased: 1,
    rectify: 1,
    layered: 1,
    position: 1,
    out: 1,
  };
  const opcode = indexWidth(NAMES.length);
  const places = placesOf(fields, opcode + UNITS.length);
  const word = Math.max(...Object.values(places).map(({ at, width }) => at + width));
  return { opcode, wait: UNITS.length, fields: places, word };
}

const FLAGS: readonly FieldName[] = ['results', 'add', 'biased', 'rectify', 'layered', 'position', 'out'];

/** A RUN's linear is looked up among the constants as a shift is: they have the same place. */
const placedAs = (name: FieldName): FieldName => (name === 'linear' ? 'shift' : name);

/** Whether some word has both operands, or one is a flag. */
function together(a: FieldName, b: FieldName): boolean {
  if (FLAGS.includes(a) || FLAGS.includes(b)) return true;
  return Object.values(OPCODES).some(({ fields }) => {
    const names = (fields as readonly FieldName[]).map(placedAs);
    return names.includes(a) && names.includes(b);
  });
}

/** Each operand in turn at the lowest place that is free in all its words. */
function placesOf(widths: Readonly<Record<FieldName, number>>, first: number): Record<FieldName, Place> {
  const places: Partial<Record<FieldName, Place>> = {};
  const names = (Object.keys(widths) as FieldName[]).filter((name) => placedAs(name) === name);
  for (const name of names) {
    const width = widths[name];
    const taken = names.flatMap((other) => {
      const place = places[other];
      return place && together(name, other) ? [place] : [];
    });
    const free = (at: number): boolean =>
      taken.every((place) => at + width <= place.at || place.at + place.width <= at);
    let at = first;
    while (!free(at)) at++;
    places[name] = { at, width };
  }
  return { ...(places as Record<FieldName, Place>), linear: places.shift! };
}

/** Constants are bytes. */
const CONSTANT_WIDTH = 8;

/**
 * A program as the device holds it. Nothing in the words depends on a model's parameters: what does is in the constants, which
 * the host writes as it writes parameters.
 */
export interface Assembly {
  readonly encoding: Encoding;
  readonly words: readonly bigint[];
  /** Final shifts of the linears without their reference, in plan order; then shifts of ROW and MATRIX, in program order. */
  readonly constants: Int8Array;
}

/** @throws RangeError if an operand or constant does not fit */
export function assemble(program: Program, machine: Machine, plan: Pick<Plan, 'linears'>): Assembly {
  const shifts = program.instructions.flatMap(({ fields }) => (fields.shift === undefined ? [] : [fields.shift]));
  const constants = [...program.finals, ...shifts];
  for (const value of constants) {
    if (!(Number.isInteger(value) && value === (value << (32 - CONSTANT_WIDTH)) >> (32 - CONSTANT_WIDTH))) {
      throw new RangeError(`constant ${value} does not fit ${CONSTANT_WIDTH} bits`);
    }
  }
  const encoding = encodingOf(machine, plan, program.instructions.length, constants.length);
  let next = program.finals.length;
  const words = program.instructions.map((instruction) => {
    const { fields } = instruction;
    return encode(
      fields.shift === undefined ? instruction : { ...instruction, fields: { ...fields, shift: next++ } },
      encoding,
    );
  });
  return { encoding, words, constants: Int8Array.from(constants) };
}

/** A word; `shift` is the place of a constant. */
function encode(instruction: Instruction, encoding: Encoding): bigint {
  const { opcode, wait } = instruction;
  const mask = wait.reduce((bits, unit) => bits | (1 << UNITS.indexOf(unit)), 0);
  let word = BigInt(NAMES.indexOf(opcode)) | (BigInt(mask) << BigInt(encoding.opcode));
  for (const name of OPCODES[opcode].fields) {
    const value = operand(instruction, name);
    const { at, width } = encoding.fields[name];
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** width)) {
      throw new RangeError(`${opcode}: ${name} = ${value} does not fit ${width} bits`);
    }
    word |= BigInt(value) << BigInt(at);
  }
  return word;
}

/** The instruction in a word. @throws RangeError if there is no such opcode */
export function decode(
  word: bigint,
  { encoding, constants }: { readonly encoding: Encoding; readonly constants: ArrayLike<number> },
): Instruction {
  const take = ({ at, width }: Place): number => Number(BigInt.asUintN(width, word >> BigInt(at)));
  const code = take({ at: 0, width: encoding.opcode });
  const opcode = NAMES[code];
  if (opcode === undefined) throw new RangeError(`no opcode ${code}`);
  const mask = take({ at: encoding.opcode, width: encoding.wait });
  const fields: Partial<Record<FieldName, number>> = {};
  for (const name of OPCODES[opcode].fields) {
    const value = take(encoding.fields[name]);
    fields[name] = name === 'shift' ? constants[value]! : value;
  }
  return { opcode, wait: UNITS.filter((_, bit) => (mask >> bit) & 1), fields };
}

/** The instructions of a program as its words have them, where a shift is the place of a constant: those of every model. */
export function wordsOf({ encoding, words, constants }: Assembly): Instruction[] {
  const places = { encoding, constants: Array.from(constants, (_, place) => place) };
  return words.map((word) => decode(word, places));
}

/** Its number in words, which the hardware's decoders have too. */
export const opcodeNumber = (opcode: Opcode): number => NAMES.indexOf(opcode);
