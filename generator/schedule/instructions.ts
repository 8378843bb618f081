/** Instructions of the decoder on the device and how they lie in words of its program. Source: docs/decoder.md. */

import type { Plan } from '../plan/types.js';
import { bitLength, indexWidth } from '../sizing/integers.js';
import { type Machine, parameterWord } from './machine.js';

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

/** Bits of shifts that are operands: what a final shift can be, and more than any matrix needs. */
const SHIFT_WIDTH = 8;

/** Widths of the parts of an instruction word. */
export interface Encoding {
  readonly opcode: number;
  readonly wait: number;
  readonly fields: Readonly<Record<FieldName, number>>;
  readonly word: number;
}

/** Computes all widths of a machine's program. */
export function encodingOf(machine: Machine, plan: Pick<Plan, 'linears'>, instructions: number): Encoding {
  const { config, vectors, parameters, widths } = machine;
  const vector = indexWidth(vectors.words);
  const most = Math.max(config.dim, config.hidden, config.embedDim, ...plan.linears.map(({ rows }) => rows));
  const length = bitLength(most);
  const address = indexWidth(parameters.bytes / parameterWord(widths));
  const fields: Record<FieldName, number> = {
    source: vector,
    target: vector,
    length,
    segment: length,
    results: 1,
    add: 1,
    biased: 1,
    rectify: 1,
    layered: 1,
    parameters: address,
    scales: address,
    position: 1,
    shift: SHIFT_WIDTH,
    space: indexWidth(SPACES.length),
    rows: bitLength(Math.max(config.vocab, config.dim)),
    cols: length,
    out: 1,
    linear: indexWidth(plan.linears.length),
    head: indexWidth(config.heads),
    entry: indexWidth(instructions),
  };
  const opcode = indexWidth(NAMES.length);
  const operands = NAMES.map((name) => OPCODES[name].fields.reduce((sum, field) => sum + fields[field], 0));
  return { opcode, wait: UNITS.length, fields, word: opcode + UNITS.length + Math.max(...operands) };
}

/** An instruction's word. @throws RangeError if an operand does not fit */
export function encode(instruction: Instruction, encoding: Encoding): bigint {
  const { opcode, wait } = instruction;
  let word = BigInt(NAMES.indexOf(opcode));
  let offset = encoding.opcode;
  const put = (value: bigint, width: number): void => {
    word |= value << BigInt(offset);
    offset += width;
  };
  put(BigInt(wait.reduce((mask, unit) => mask | (1 << UNITS.indexOf(unit)), 0)), encoding.wait);
  for (const name of OPCODES[opcode].fields) {
    const value = operand(instruction, name);
    const width = encoding.fields[name];
    const least = name === 'shift' ? -(2 ** (width - 1)) : 0;
    if (!(Number.isInteger(value) && value >= least && value < least + 2 ** width)) {
      throw new RangeError(`${opcode}: ${name} = ${value} does not fit ${width} bits`);
    }
    put(BigInt.asUintN(width, BigInt(value)), width);
  }
  return word;
}

/** The instruction in a word. @throws RangeError if there is no such opcode */
export function decode(word: bigint, encoding: Encoding): Instruction {
  let offset = 0;
  const take = (width: number): bigint => {
    const value = BigInt.asUintN(width, word >> BigInt(offset));
    offset += width;
    return value;
  };
  const code = Number(take(encoding.opcode));
  const opcode = NAMES[code];
  if (opcode === undefined) throw new RangeError(`no opcode ${code}`);
  const mask = Number(take(encoding.wait));
  const fields: Partial<Record<FieldName, number>> = {};
  for (const name of OPCODES[opcode].fields) {
    const width = encoding.fields[name];
    const value = take(width);
    fields[name] = Number(name === 'shift' ? BigInt.asIntN(width, value) : value);
  }
  return { opcode, wait: UNITS.filter((_, bit) => (mask >> bit) & 1), fields };
}
