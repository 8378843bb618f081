/** Instructions for vector_unit_tb.v, with what the interpreter's vector unit makes of them. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '../../../generator/model/types.js';
import { type FieldName, OPCODES, type Opcode, SPACES, type Space } from '../../../generator/schedule/instructions.js';
import { type Machine, type MachineWidths, machineOf, parameterWord } from '../../../generator/schedule/machine.js';
import { parameterImage } from '../../../generator/schedule/parameters.js';
import { unitTime } from '../../../generator/schedule/timing.js';
import { vectorConstants, vectorParameters } from '../../../generator/schedule/vector.js';
import { MachineState } from '../../../sim/golden/machine/state.js';
import { VectorUnit } from '../../../sim/golden/machine/vector-unit.js';
import type { IntegerLayer, IntegerNorm } from '../../../sim/golden/parameters.js';
import type { Tables } from '../../../sim/golden/tables.js';
import {
  fabricateModel,
  fabricatePlan,
  llamaConfig,
  optConfig,
  optPostNormConfig,
} from '../../support/golden-models.js';
import { Random, vectorsOfAllMagnitudes } from '../../support/golden-random.js';
import { type Bench, ROOT } from '../bench.js';
import { hexFile } from '../hex-file.js';
import { packed, tableEntries } from './files.js';

export interface VectorCase {
  readonly config: ModelConfig;
  /** Elements and results per cycle. */
  readonly values: number;
  readonly drain: number;
  readonly seed: number;
  /** Cycles of a hundred in which results are late; without, the unit's cycles are compared too. */
  readonly stall: number;
}

type Fields = Partial<Record<FieldName, number>>;

/** A word that the unit writes: its elements, a bit for each that counts. */
interface Wanted {
  readonly elements: readonly number[];
  readonly bits: number;
  readonly counts: number;
  readonly segment: number;
  readonly exponent: number;
}

/** Executes instructions in the interpreter, and notes them with what they write. */
class Recorder {
  readonly program: bigint[] = [];
  readonly results: Int32Array[] = [];
  readonly wanted: Wanted[] = [];
  readonly state: MachineState;
  readonly #vector: VectorUnit;
  #next: Int32Array | null = null;
  #logits: Int32Array | null = null;

  constructor(
    readonly machine: Machine,
    tables: Tables,
    parameters: Uint8Array,
  ) {
    this.state = new MachineState(machine, parameters);
    const logits = (values: Int32Array): void => {
      this.#logits = values;
    };
    this.#vector = new VectorUnit(machine, tables, this.state, () => this.#next!, logits);
  }

  /** @param results those that the instruction takes */
  execute(opcode: Opcode, given: Fields = {}, results: Int32Array | null = null): void {
    const { machine, state } = this;
    const names: readonly FieldName[] = OPCODES[opcode].fields;
    const fields: Fields = Object.fromEntries(names.map((name) => [name, given[name] ?? 0]));
    const instruction = { opcode, wait: [], fields };
    this.#next = results;
    if (results) this.results.push(results);
    this.#vector.execute(instruction);
    const wanted = this.#written(opcode, fields);
    this.wanted.push(...wanted);
    const { taking, writing } = unitTime(instruction, machine, state.position, results?.length ?? null);
    const layer = fields.layered ? (state.layer * machine.parameters.layerStride) / parameterWord(machine.widths) : 0;
    const record = [
      ...[Object.keys(OPCODES).indexOf(opcode), fields.source, fields.target, fields.length, fields.segment],
      flags([fields.results, fields.add, fields.biased, fields.rectify]),
      ...[(fields.parameters ?? 0) + layer, fields.scales, fields.position ? state.position : state.token],
      ...[fields.shift, fields.space, state.position, taking + writing, wanted.length, state.reference],
    ];
    this.program.push(
      packed(
        record.map((value) => value ?? 0),
        32,
      ),
    );
  }

  #written(opcode: Opcode, { target, length = 0, segment, space }: Fields): Wanted[] {
    const { values } = this.machine.widths;
    if (opcode === 'LOGITS') return this.#words(this.#logits!, length, 32);
    if (opcode === 'CUT') return this.#mantissas(SPACES[space!]!, length, segment || length);
    if (target === undefined) return [];
    return this.#words(this.state.vectors.subarray(target * values, target * values + length), length, 32);
  }

  #words(all: Int32Array | Int16Array, length: number, bits: number): Wanted[] {
    const { values } = this.machine.widths;
    return Array.from({ length: Math.ceil(length / values) }, (_, word) => {
      const elements = Array.from(all.subarray(word * values, Math.min(length, (word + 1) * values)));
      return { elements, bits, counts: 2 ** elements.length - 1, segment: 0, exponent: 0 };
    });
  }

  #mantissas(space: Space, length: number, segment: number): Wanted[] {
    const { state, machine } = this;
    const { kvHeads, context } = machine.config;
    const size = space === 'frame' ? Math.ceil(length / segment) * segment : length;
    const wanted: Wanted[] = [];
    for (let s = 0; s * segment < size; s++) {
      const cached = space === 'keys' || space === 'values';
      const place = cached ? (state.layer * kvHeads + s) * context + state.position : s;
      const [mantissas, exponents] = {
        frame: [state.frame.values, state.frame.exponents] as const,
        query: [state.query.values, state.query.exponents] as const,
        keys: [state.keys, state.keyExponents] as const,
        values: [Int16Array.from(state.values), state.valueExponents] as const,
      }[space];
      const words = this.#words(mantissas.subarray(place * segment, (place + 1) * segment), segment, 16);
      wanted.push(...words.map((word) => ({ ...word, segment: s, exponent: exponents[place]! })));
    }
    return wanted;
  }
}

const flags = (bits: readonly (number | undefined)[]): number =>
  bits.reduce<number>((mask, bit, i) => mask | ((bit ?? 0) << i), 0);

/** Every instruction of the unit that a model's programs have, on vectors of all magnitudes. */
function exercise(recorder: Recorder, seed: number): void {
  const random = new Random(seed);
  const { machine, state } = recorder;
  const { config, vectors, parameters, block, layerLinears } = machine;
  const { dim, embedDim, hidden, heads, kvHeads, headDim, context, vocab, layers } = config;
  const { x, y, q, k, v, mixed, inner } = vectors;
  const word = (bytes: number): number => bytes / parameterWord(machine.widths);
  const cut = (space: Space, source: number, length: number, segment: number): void =>
    recorder.execute('CUT', { source, length, segment, space: SPACES.indexOf(space) });
  const [inputs, queries, keys, wide, others] = [dim, heads * headDim, kvHeads * headDim, hidden, hidden].map(
    (length) => vectorsOfAllMagnitudes(length, random),
  );
  for (const [i, input] of inputs!.entries()) {
    // A quarter of them, of all kinds; over four seeds all.
    if (i % 4 !== seed % 4) continue;
    Object.assign(state, { token: random.integer(0, vocab - 1), position: random.integer(0, context - 1) });
    state.layer = random.integer(0, layers - 1);
    const row = (matrix: { values: number; scales: number; cols: number }, target: number, fields: Fields): void =>
      recorder.execute('ROW', {
        ...{ target, length: matrix.cols, segment: block, shift: random.integer(-8, 20) },
        ...{ parameters: word(matrix.values), scales: word(matrix.scales), ...fields },
      });
    if (config.rope) recorder.execute('PHASE');
    row(parameters.embedding, x, { add: 0, position: 0 });
    cut('frame', x, embedDim, block);

    const results = { source: 0, segment: block, results: 1, layered: 1 };
    const bias = parameters.biases.get(config.rope ? 'mlp.down_proj' : 'fc2');
    const biased = { biased: bias === undefined ? 0 : 1, parameters: word(bias ?? 0) };
    recorder.execute('PASS', { ...results, target: x, length: dim, ...(i % 3 === 1 && { add: 1, ...biased }) }, input);
    if (parameters.positions) row(parameters.positions, x, { add: 1, position: 1 });
    const norm = i % 2 === 0 ? parameters.attnNorm : parameters.mlpNorm;
    recorder.execute('MOMENTS', { source: x, length: dim });
    recorder.execute('ROOT');
    recorder.execute('CENTER', { source: x, target: y, length: dim });
    const weights = { source: y, target: y, length: dim, segment: block, layered: 1, parameters: word(norm) };
    recorder.execute('WEIGHT', weights);
    cut('frame', y, dim, block);
    recorder.execute('ALIGN', { ...weights, target: x });

    const turn = (target: number, values: Int32Array): void =>
      config.rope
        ? recorder.execute('ROTATE', { target, length: values.length, segment: headDim }, values)
        : recorder.execute('PASS', { ...results, target, length: values.length, segment: headDim }, values);
    turn(q, queries![i]!);
    cut('query', q, heads * headDim, headDim);
    turn(k, keys![i]!);
    cut('keys', k, kvHeads * headDim, headDim);
    const cached = { ...results, target: v, length: kvHeads * headDim, segment: headDim };
    recorder.execute('PASS', cached, keys![(i + 5) % keys!.length]!);
    cut('values', v, kvHeads * headDim, headDim);
    recorder.execute('PASS', { source: q, target: mixed, length: heads * headDim, segment: 0 });
    cut('query', mixed, heads * headDim, 0);

    if (config.rope) {
      recorder.execute('GATE', { target: inner, length: hidden }, wide![i]!);
      recorder.execute('PRODUCT', { source: inner, target: inner, length: hidden, segment: block }, others![i]!);
    } else {
      const role = layerLinears.find(({ role }) => role === 'fc1')!.role;
      const fields = { rectify: 1, biased: 1, parameters: word(parameters.biases.get(role)!) };
      recorder.execute('PASS', { ...results, target: inner, length: hidden, ...fields }, wide![i]!);
    }
    // At the end of the vector RAM, as no model's program does.
    recorder.execute('PASS', { ...results, add: 1, target: inner, length: hidden }, others![i]!);
    cut('frame', inner, hidden, block);
    recorder.execute('LOGITS', { length: wide![i]!.length }, wide![i]!);
  }
  if (config.rope) recorder.execute('GATE', { target: inner, length: hidden }, betweenEntries(hidden, random));
}

/** Numbers on both sides of those where the next entry of the logistic function's table begins, where it is steep. */
function betweenEntries(length: number, random: Random): Int32Array {
  const beginning = (): number => 2 ** 13 * random.integer(0, 400) + 2 ** 12;
  return Int32Array.from({ length }, (_, i) => random.sign() * (beginning() - (i % 2)));
}

const widthsOf = ({ values, drain }: Pick<VectorCase, 'values' | 'drain'>): MachineWidths => ({
  ...{ values, drain, attention: Math.max(8, values), banks: 2 },
});

/** Parameters of sdq_vector_unit for a case. */
export function vectorCaseParameters({ config, values, drain }: VectorCase): Record<string, number> {
  const plan = fabricatePlan(config);
  return vectorParameters(machineOf(plan, widthsOf({ values, drain })), plan);
}

/** The Verilog of the vector unit. */
export function vectorVerilog(): string[] {
  const unit = readdirSync(join(ROOT, 'rtl/vector')).map((file) => join(ROOT, 'rtl/vector', file));
  return [...unit, ...['sdq_ram_1r1w.v', 'sdq_delay.v'].map((file) => join(ROOT, 'rtl/memory', file))];
}

/** Norms whose results ALIGN has to shift: large weights leave them fewer fraction bits than 16. */
function ofAllFractions(layers: readonly IntegerLayer[], random: Random): IntegerLayer[] {
  const some = (norm: IntegerNorm): IntegerNorm => ({ ...norm, frac: random.integer(0, 16) });
  return layers.map((layer) => ({ ...layer, attnNorm: some(layer.attnNorm), mlpNorm: some(layer.mlpNorm) }));
}

/** The bench of a case; its inputs are written to a folder. */
export function vectorUnitBench(directory: string, { config, values, drain, seed, stall }: VectorCase): Bench {
  const { model } = fabricateModel(fabricatePlan(config), seed);
  const machine = machineOf(model.plan, widthsOf({ values, drain }));
  const image = parameterImage({ ...model, layers: ofAllFractions(model.layers, new Random(seed)) }, machine);
  const recorder = new Recorder(machine, model.tables, image);
  exercise(recorder, seed);
  const { program, results, wanted } = recorder;
  const transfers = results.flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / drain) }, (_, t) =>
      packed(all.subarray(t * drain, (t + 1) * drain), 32),
    ),
  );
  const title = `${config.name}-${values}-${drain}-${stall}`;
  const name = join(directory, title);
  const write = (suffix: string, words: readonly bigint[]): void => hexFile(`${name}.${suffix}`, words);
  const entries = tableEntries(model.tables);
  const stored = Array.from({ length: image.length / (4 * values) }, (_, i) =>
    packed(image.subarray(4 * values * i, 4 * values * (i + 1)), 8),
  );
  write('tables', entries);
  write('parameters', stored);
  write('results', transfers);
  write('program', program);
  write(
    'wanted',
    wanted.map(({ elements, bits, counts, segment, exponent }) => {
      const about = packed([counts, exponent, segment], 32);
      return (about << BigInt(32 * values)) | packed(elements, bits);
    }),
  );
  return {
    name: `vector_unit_tb, ${title}`,
    top: 'vector_unit_tb',
    sources: [join(ROOT, 'test/rtl/decoder/vector_unit_tb.v')],
    parameters: {
      ...vectorParameters(machine, model.plan),
      INSTRUCTIONS: program.length,
      TABLE_ENTRIES: entries.length,
      PARAMETER_WORDS: stored.length,
      TRANSFERS: transfers.length,
      WANTED: wanted.length,
    },
    defines: vectorConstants(machine),
    plusargs: { name, stall, seed },
  };
}

const [LLAMA, OPT, POST_NORM] = [llamaConfig(), optConfig(), optPostNormConfig()];
/** A head is one word of 8. */
const NARROW = llamaConfig({ name: 'narrow-heads', heads: 8, kvHeads: 4, headDim: 8 });

/** Both architectures, all sizes of a word, and results that come in words or one by one. */
export const VECTOR_CASES: readonly VectorCase[] = [
  { config: LLAMA, values: 2, drain: 2, seed: 1, stall: 0 },
  { config: LLAMA, values: 4, drain: 2, seed: 2, stall: 40 },
  { config: LLAMA, values: 16, drain: 8, seed: 3, stall: 0 },
  { config: NARROW, values: 8, drain: 1, seed: 4, stall: 0 },
  { config: OPT, values: 1, drain: 1, seed: 5, stall: 0 },
  { config: OPT, values: 2, drain: 2, seed: 6, stall: 40 },
  { config: POST_NORM, values: 4, drain: 1, seed: 7, stall: 0 },
  { config: POST_NORM, values: 8, drain: 4, seed: 8, stall: 0 },
];
