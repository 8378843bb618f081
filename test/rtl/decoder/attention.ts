/** What sdq_attention has to do with random vectors, by the units of the interpreter, and the bench that compares. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '../../../generator/model/types.js';
import { attentionParameters } from '../../../generator/schedule/attention.js';
import {
  encodingOf,
  type FieldName,
  type Instruction,
  type Opcode,
  SPACES,
  type Space,
} from '../../../generator/schedule/instructions.js';
import { type Machine, type MachineWidths, machineOf, parameterWord } from '../../../generator/schedule/machine.js';
import { parameterImage } from '../../../generator/schedule/parameters.js';
import { LATENCY, matrixCycles } from '../../../generator/schedule/timing.js';
import { ceilDiv } from '../../../generator/sizing/integers.js';
import { DotUnit, MixUnit } from '../../../sim/golden/machine/attention-units.js';
import { MachineState } from '../../../sim/golden/machine/state.js';
import { VectorUnit } from '../../../sim/golden/machine/vector-unit.js';
import { argmax } from '../../../sim/golden/ops.js';
import type { Tables } from '../../../sim/golden/tables.js';
import { fabricateModel, fabricatePlan, llamaConfig, optPostNormConfig } from '../../support/golden-models.js';
import { Random } from '../../support/golden-random.js';
import { type Bench, ROOT } from '../bench.js';
import { hexFile } from '../hex-file.js';
import { packed } from './files.js';

export interface AttentionCase {
  readonly name: string;
  readonly config: ModelConfig;
  readonly widths: Pick<MachineWidths, 'values' | 'attention'>;
  /** Positions of the sequences that follow one another, each with the bits of its largest magnitudes. */
  readonly sequences: readonly { readonly positions: readonly number[]; readonly bits: readonly number[] }[];
  /** Shifts of int8 matrices, the exponent of the query not subtracted. */
  readonly shifts: readonly number[];
}

const counted = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export const ATTENTION_CASES: readonly AttentionCase[] = [
  {
    name: 'grouped heads, two words a head',
    config: llamaConfig({ context: 12 }),
    widths: { values: 4, attention: 8 },
    // The second sequence is small, and finds the caches and exponents of the first, which is longer. The third and the
    // fourth go on with it from earlier positions, first with large vectors, which the last ones must not see.
    sequences: [
      { positions: counted(12), bits: counted(32) },
      { positions: counted(5), bits: [4, 9] },
      { positions: [3, 4, 5], bits: [31] },
      { positions: [3, 4, 2], bits: [4, 9] },
    ],
    shifts: [8, 22, 40],
  },
  {
    name: 'a word a head, a context of a prime',
    config: llamaConfig({ heads: 6, kvHeads: 3, headDim: 8, dim: 48, embedDim: 48, context: 13 }),
    widths: { values: 2, attention: 8 },
    sequences: [
      { positions: counted(13), bits: [10, 31] },
      { positions: counted(3), bits: [31] },
    ],
    shifts: [16, 30],
  },
  {
    name: 'one key/value head, lanes that are no power of two',
    config: llamaConfig({ heads: 2, kvHeads: 1, headDim: 48, dim: 96, embedDim: 96, context: 9, layers: 1 }),
    widths: { values: 8, attention: 24 },
    sequences: [{ positions: counted(9), bits: [16, 30] }],
    shifts: [20, 12],
  },
  {
    name: 'narrow, one head, a context of one position',
    config: llamaConfig({ heads: 1, kvHeads: 1, headDim: 8, dim: 8, embedDim: 8, hidden: 12, context: 1 }),
    widths: { values: 2, attention: 2 },
    sequences: [{ positions: [0], bits: [31] }],
    shifts: [18],
  },
  {
    name: 'a lane, matrices whose rows end within a word, left shifts',
    config: optPostNormConfig({ heads: 2, kvHeads: 2, headDim: 4, dim: 8, embedDim: 6, hidden: 12, context: 5 }),
    widths: { values: 1, attention: 1 },
    sequences: [{ positions: counted(5), bits: [3, 22] }],
    shifts: [14, 8, 70],
  },
  {
    name: 'a longer context, three words a head',
    config: llamaConfig({ heads: 2, kvHeads: 2, headDim: 12, dim: 24, embedDim: 24, context: 40, layers: 1 }),
    widths: { values: 4, attention: 4 },
    sequences: [{ positions: counted(40), bits: [18, 22] }],
    shifts: [20],
  },
];

/** Units in the bench's masks. */
const DOT = 1;
const MIX = 2;

const OPERATIONS = { step: 1, cut: 2, score: 3, mix: 4, matrix: 5, sync: 6, best: 7 } as const;

/** Commands of the bench and what they have to lead to. */
class Script {
  readonly commands: bigint[] = [];
  readonly vectors: bigint[] = [];
  readonly scores: number[] = [];
  readonly logits: number[] = [];
  readonly instructions: Instruction[] = [];
  #next = 0;
  #base = 0;
  readonly #free = { dot: 0, mix: 0 };
  readonly #idle = { dot: 0, mix: 0 };

  constructor(private readonly machine: Machine) {}

  put(operation: keyof typeof OPERATIONS, operands: readonly number[], cycle = 0, waits = 0, mantissas = 0n): void {
    let word = 0n;
    const { values } = this.machine.widths;
    for (const operand of [...operands].reverse()) word = (word << 16n) | BigInt(operand & 0xffff);
    word = (((word << 32n) | BigInt(cycle)) << 8n) | BigInt(waits);
    word = (word << 8n) | BigInt(OPERATIONS[operation]);
    this.commands.push((word << BigInt(16 * values)) | mantissas);
  }

  /** What an instruction waits for, and when it is issued and over. Source: generator/schedule/timing.ts. */
  issue(unit: 'dot' | 'mix', cycles: number, waits: number): number {
    const issue = Math.max(
      this.#next,
      this.#free[unit],
      waits & DOT ? this.#idle.dot : 0,
      waits & MIX ? this.#idle.mix : 0,
    );
    this.#next = issue + LATENCY.issue;
    const { headDim } = this.machine.config;
    if (unit === 'dot') {
      this.#free.dot = issue + cycles;
      this.#idle.dot = issue + cycles + LATENCY.dot + Math.ceil(Math.log2(this.machine.widths.attention));
    } else {
      this.#free.mix = Math.max(issue + cycles + LATENCY.mix, this.#idle.mix);
      this.#idle.mix = this.#free.mix + LATENCY.share + headDim;
    }
    return issue - this.#base;
  }

  sync(): void {
    const end = Math.max(this.#idle.dot, this.#idle.mix, this.#next - LATENCY.issue);
    this.put('sync', [], end - this.#base);
    this.#next = end + LATENCY.issue;
    this.#base = this.#next;
  }

  /** Words that hold `values` from a word of the vector RAM on. */
  words(word: number, values: Int32Array): void {
    const perWord = this.machine.widths.values;
    for (let i = 0; i < values.length; i += perWord) {
      const part = values.subarray(i, i + perWord);
      const header = (BigInt(part.length) << 16n) | BigInt(word + i / perWord);
      this.vectors.push((header << BigInt(32 * perWord)) | packed(part, 32));
    }
  }
}

/** The interpreter's units on one state, and the script of what they did. */
class Rig {
  readonly script: Script;
  readonly state: MachineState;
  readonly #vector: VectorUnit;
  readonly #dot: DotUnit;
  readonly #mix: MixUnit;
  #results: Int32Array = new Int32Array();
  #logits: Int32Array | null = null;

  constructor(
    readonly machine: Machine,
    tables: Tables,
    image: Uint8Array,
  ) {
    this.script = new Script(machine);
    this.state = new MachineState(machine, image);
    const logits = (values: Int32Array): void => {
      this.#logits = values;
    };
    this.#vector = new VectorUnit(machine, tables, this.state, () => this.#results, logits);
    this.#dot = new DotUnit(machine, this.state, logits);
    this.#mix = new MixUnit(machine, tables, this.state);
  }

  #instruction(opcode: Opcode, fields: Partial<Record<FieldName, number>>): Instruction {
    const instruction = { opcode, wait: [], fields };
    this.script.instructions.push(instruction);
    return instruction;
  }

  step(layer: number, position: number): void {
    Object.assign(this.state, { layer, position });
    this.script.put('step', [layer, position]);
  }

  /** Mantissas of a vector, to a space; `segment` 0: one. */
  cut(space: Space, vector: Int32Array, segment: number): void {
    const { state, machine, script } = this;
    const { values } = machine.widths;
    this.#results = vector;
    const length = vector.length;
    const flags = { results: 1, add: 0, biased: 0, rectify: 0, layered: 0, parameters: 0 };
    this.#vector.execute(this.#instruction('PASS', { ...flags, source: 0, target: 0, length, segment }));
    this.#vector.execute(this.#instruction('CUT', { source: 0, length, segment, space: SPACES.indexOf(space) }));
    const { kvHeads, context, headDim } = machine.config;
    const places = counted(space === 'query' ? length : kvHeads * headDim).map((i) => {
      const s = Math.floor(i / (segment || length));
      const exponent = space === 'query' ? s : (state.layer * kvHeads + s) * context + state.position;
      return { s, exponent, at: space === 'query' ? i : exponent * headDim + (i % headDim) };
    });
    const [from, exponents] = {
      query: [state.query.values, state.query.exponents] as const,
      keys: [state.keys, state.keyExponents] as const,
      values: [state.values, state.valueExponents] as const,
      frame: [state.frame.values, state.frame.exponents] as const,
    }[space];
    for (let i = 0; i < length; i += values) {
      const { s, exponent } = places[i]!;
      const flag = (s << 6) | (exponents[exponent]! << 1) | (i === 0 ? 1 : 0);
      const mantissas = places.slice(i, i + values).map(({ at }) => from[at]!);
      script.put('cut', [SPACES.indexOf(space), flag], 0, 0, packed(mantissas, 16));
    }
  }

  #positions(): number {
    return ((this.state.position + 1) * this.machine.config.headDim) / this.machine.widths.attention;
  }

  score(head: number, waits = 0): void {
    const { script, state } = this;
    this.#dot.execute(this.#instruction('SCORE', { head }));
    const buffer = (head & 1) * this.machine.config.context;
    script.scores.push(...state.scores.subarray(buffer, buffer + state.position + 1));
    script.put('score', [head], script.issue('dot', this.#positions(), waits), waits);
  }

  mix(head: number, target: number, waits: number): void {
    const { script, state, machine } = this;
    this.#mix.execute(this.#instruction('MIX', { head, target }));
    const first = target * machine.widths.values;
    script.words(target, state.vectors.slice(first, first + machine.config.headDim));
    script.put('mix', [head, target], script.issue('mix', this.#positions(), waits), waits);
  }

  /** A matrix, and at once the scores of a head if `follow` is set. */
  matrix(fields: {
    target: number;
    out: number;
    parameters: number;
    scales: number;
    rows: number;
    cols: number;
    shift: number;
    follow: boolean;
  }): void {
    const { script, state, machine } = this;
    const { follow, ...operands } = fields;
    const { target, out, parameters, scales, rows, cols, shift } = operands;
    this.#dot.execute(this.#instruction('MATRIX', operands));
    const cycle = script.issue('dot', matrixCycles(rows, cols, machine.widths), DOT);
    script.put('matrix', [out, target, parameters, scales, rows, cols, shift], cycle, DOT);
    if (follow) this.score(0);
    script.sync();
    if (out) {
      const logits = this.#logits!;
      const best = argmax(logits);
      script.logits.push(...logits);
      script.put('best', [best, logits[best]! & 0xffff, logits[best]! >> 16]);
    } else {
      const first = target * machine.widths.values;
      script.words(target, state.vectors.slice(first, first + rows));
    }
  }
}

function vector(length: number, bits: number, random: Random): Int32Array {
  const most = 2 ** bits - 1;
  const limit = (value: number): number => Math.max(-most, Math.min(most, Math.round(value)));
  const kind = random.integer(0, 3);
  return Int32Array.from({ length }, (_, i) => {
    if (kind === 0) return limit(most);
    if (kind === 1) return i % 5 === 2 ? limit(most * random.sign()) : limit((random.gaussian() * most) / 4096);
    return limit((random.gaussian() * most) / 4);
  });
}

/** A case's script, executed by the interpreter's units. */
function execute(one: AttentionCase, machine: Machine, tables: Tables, image: Uint8Array, random: Random): Script {
  const rig = new Rig(machine, tables, image);
  const { script } = rig;
  const { config, widths, vectors, parameters } = machine;
  const { heads, kvHeads, headDim, layers, embedDim, dim } = config;
  const target = (head: number): number => vectors.mixed + (head * headDim) / widths.values;
  for (const { positions, bits } of one.sequences) {
    for (const position of positions) {
      for (let layer = 0; layer < layers; layer++) {
        rig.step(layer, position);
        const some = (): number => bits[random.integer(0, bits.length - 1)]!;
        rig.cut('query', vector(heads * headDim, some(), random), headDim);
        rig.cut('keys', vector(kvHeads * headDim, some(), random), headDim);
        rig.cut('values', vector(kvHeads * headDim, some(), random), headDim);
        rig.score(0);
        for (let head = 0; head < heads; head++) {
          rig.mix(head, target(head), DOT);
          if (head + 1 < heads) rig.score(head + 1);
        }
        script.sync();
      }
    }
  }
  const word = parameterWord(machine.widths);
  const matrices = [parameters.embedding, parameters.projectIn, parameters.projectOut].filter(
    (place) => place !== null,
  );
  for (const [i, place] of matrices.entries()) {
    for (const [k, shift] of one.shifts.entries()) {
      rig.cut('query', vector(place.cols, [31, 16, 8][k % 3]!, random), 0);
      const rows = k === 0 ? place.rows : random.integer(1, place.rows);
      const fields = { parameters: place.values / word, scales: place.scales / word, rows, cols: place.cols, shift };
      const room = rows <= Math.max(dim, embedDim);
      rig.matrix({ ...fields, target: vectors.x, out: (i + k) % 2 === 1 || !room ? 1 : 0, follow: false });
      rig.matrix({ ...fields, target: 0, out: 1, follow: true });
    }
  }
  return script;
}

/** The bench of a case; its inputs are written to a folder. */
export function attentionBench(folder: string, one: AttentionCase, seed: number): Bench {
  mkdirSync(folder, { recursive: true });
  const plan = fabricatePlan(one.config, { block: Math.max(8, one.widths.values) });
  const { model } = fabricateModel(plan, seed);
  const machine = machineOf(plan, { ...one.widths, drain: 1, banks: 2 });
  const image = parameterImage(model, machine);
  const script = execute(one, machine, model.tables, image, new Random(seed));
  const { instructions } = script;
  const name = join(folder, `attention-${seed}`);
  const write = (suffix: string, words: readonly (bigint | number)[]): number => {
    const all = words.length > 0 ? words : [0];
    hexFile(`${name}.${suffix}`, all.map(BigInt));
    return words.length;
  };
  const word = parameterWord(machine.widths);
  const parameters = counted(ceilDiv(image.length, word)).map((i) =>
    packed(image.subarray(i * word, (i + 1) * word), 8),
  );
  const unsigned = (values: readonly number[]): number[] => values.map((value) => value >>> 0);
  write('exp2', Array.from(model.tables.exp2));
  write('root', Array.from(model.tables.reciprocalRoot));
  return {
    name: `attention_tb, ${one.name}`,
    top: 'attention_tb',
    sources: [join(ROOT, 'test/rtl/decoder/attention_tb.v')],
    parameters: {
      ...attentionParameters(machine, encodingOf(machine, plan, instructions.length, instructions.length)),
      COMMANDS: write('commands', script.commands),
      VECTORS: write('vectors', script.vectors),
      SCORES: write('scores', unsigned(script.scores)),
      LOGITS: write('logits', unsigned(script.logits)),
      PARAMETERS: write('parameters', parameters),
    },
    plusargs: { name, seed, gaps: [0, 30][seed % 2]! },
  };
}

/** The benches of all cases. Each seed is in a name of its files. */
export function attentionBenches(folder: string): Bench[] {
  return ATTENTION_CASES.map((one, i) => attentionBench(folder, one, 50 + i));
}
