import {
  type FieldName,
  type Instruction,
  type Opcode,
  operand,
  SPACES,
  type Space,
} from '../../../generator/schedule/instructions.js';
import {
  type Machine,
  matrixStride,
  normBias,
  normWeights,
  parameterWord,
} from '../../../generator/schedule/machine.js';
import { bitLength, INT8_MAX, INT16_MAX, INT32_MAX, roundShift, saturate } from '../integer.js';
import { reciprocalRoot, rotation, sigmoid, type Tables } from '../tables.js';
import type { MachineState, Mantissas } from './state.js';

/** rs(x, shift) of an integer of any length. */
function roundShiftLong(x: bigint, shift: number): bigint {
  return shift > 0 ? (x + (1n << BigInt(shift - 1))) >> BigInt(shift) : x << BigInt(-shift);
}

/** Reads an operand of the instruction that is executed. */
type Get = (name: FieldName) => number;

/** Executes the instructions of the vector unit. Source: docs/decoder.md. */
export class VectorUnit {
  readonly #operations: Partial<Record<Opcode, (get: Get) => void>> = {
    PHASE: () => this.#phase(),
    ROW: (get) => this.#row(get),
    PASS: (get) => this.#pass(get),
    MOMENTS: (get) => this.#moments(get),
    ROOT: () => this.#root(),
    CENTER: (get) => this.#center(get),
    WEIGHT: (get) => this.#weight(get),
    ALIGN: (get) => this.#align(get),
    ROTATE: (get) => this.#rotate(get),
    GATE: (get) => this.#gate(get),
    PRODUCT: (get) => this.#product(get),
    CUT: (get) => this.#cut(get),
    LOGITS: (get) => this.logits(this.#takeResults(get('length'))),
  };

  /**
   * @param nextResults those of the first RUN whose results nobody has taken
   * @param logits takes logits as they come
   */
  constructor(
    private readonly machine: Machine,
    private readonly tables: Tables,
    private readonly state: MachineState,
    private readonly nextResults: () => Int32Array,
    private readonly logits: (values: Int32Array) => void,
  ) {}

  execute(instruction: Instruction): void {
    const operation = this.#operations[instruction.opcode];
    if (operation === undefined) throw new RangeError(`${instruction.opcode} is not the vector unit's`);
    operation((name) => operand(instruction, name));
  }

  #phase(): void {
    const { cos, sin, position } = this.state;
    for (let pair = 0; pair < cos.length; pair++) {
      const turn = rotation(this.tables, position, pair);
      cos[pair] = turn.cos;
      sin[pair] = turn.sin;
    }
  }

  #row(get: Get): void {
    const { token, position, parameters, vectors } = this.state;
    const row = get('position') ? position : token;
    const length = get('length');
    const values = this.#bytes(get('parameters')) + row * matrixStride({ cols: length }, this.machine.widths);
    const scale = parameters.getUint16(this.#bytes(get('scales')) + 2 * row, true);
    const target = this.#element(get('target'));
    const add = get('add');
    this.#write(get, (i) => {
      const y = saturate(roundShift(parameters.getInt8(values + i) * scale, get('shift')), INT32_MAX);
      return add ? saturate(vectors[target + i]! + y, INT32_MAX) : y;
    });
  }

  #pass(get: Get): void {
    const { vectors, parameters } = this.state;
    const source = this.#source(get);
    const target = this.#element(get('target'));
    const bias = get('biased') ? this.#bytes(get('parameters'), get('layered')) : null;
    const [add, rectify] = [get('add'), get('rectify')];
    this.#write(get, (i) => {
      let y = bias === null ? source[i]! : saturate(source[i]! + parameters.getInt32(bias + 4 * i, true), INT32_MAX);
      if (add) y = saturate(y + vectors[target + i]!, INT32_MAX);
      return rectify ? Math.max(0, y) : y;
    });
  }

  #moments(get: Get): void {
    const { state } = this;
    const source = this.#element(get('source'));
    state.pre = Math.max(0, bitLength(state.peak) - 15);
    state.sum = 0;
    state.squares = 0;
    for (let i = 0; i < get('length'); i++) {
      const v = roundShift(state.vectors[source + i]!, state.pre);
      state.sum += v;
      state.squares += v * v;
    }
  }

  /** Σ (16 · v − mean)² = 256 · Σ v² − 32 · mean · Σ v + dim · mean², so that one pass over x is enough. */
  #root(): void {
    const { state, machine } = this;
    const { pre } = state;
    const sum = BigInt(state.sum);
    const mean = machine.centered ? roundShiftLong(sum * BigInt(machine.dimReciprocal), 28) : 0n;
    const centered = 256n * BigInt(state.squares) - 32n * mean * sum + BigInt(machine.config.dim) * mean * mean;
    const total = centered + roundShiftLong(BigInt(machine.epsilon), 2 * pre);
    const { mantissa, half } = reciprocalRoot(this.tables, total > 1n ? Number(total) : 1);
    state.offset = Number(roundShiftLong(mean, 2 - pre));
    state.mantissa = mantissa;
    state.down = 9 + half + pre;
  }

  #center(get: Get): void {
    const { vectors, offset, mantissa, down } = this.state;
    const source = this.#element(get('source'));
    const target = this.#element(get('target'));
    for (let i = 0; i < get('length'); i++) {
      vectors[target + i] = saturate(roundShift((4 * vectors[source + i]! - offset) * mantissa, down), INT32_MAX);
    }
  }

  #weight(get: Get): void {
    const { vectors, parameters } = this.state;
    const source = this.#element(get('source'));
    const norm = this.#bytes(get('parameters'), get('layered'));
    const weights = normWeights(norm, this.machine.widths);
    const bias = this.machine.centered ? normBias(norm, this.machine) : null;
    const shift = parameters.getInt8(norm);
    this.#write(get, (i) => {
      const product = roundShift(vectors[source + i]! * parameters.getInt16(weights + 2 * i, true), shift);
      return saturate(product + (bias === null ? 0 : parameters.getInt32(bias + 4 * i, true)), INT32_MAX);
    });
  }

  #align(get: Get): void {
    const { vectors, parameters } = this.state;
    const source = this.#element(get('source'));
    const shift = parameters.getInt8(this.#bytes(get('parameters'), get('layered')) + 1);
    this.#write(get, (i) => saturate(roundShift(vectors[source + i]!, shift), INT32_MAX));
  }

  #rotate(get: Get): void {
    const { cos, sin } = this.state;
    const results = this.#takeResults(get('length'));
    this.#write(get, (i) => {
      const pair = (i >> 1) % cos.length;
      const [a, b] = [results[i & ~1]!, results[i | 1]!];
      const turned = i & 1 ? a * sin[pair]! + b * cos[pair]! : a * cos[pair]! - b * sin[pair]!;
      return saturate(roundShift(turned, 14), INT32_MAX);
    });
  }

  #gate(get: Get): void {
    const target = this.#element(get('target'));
    this.#takeResults(get('length')).forEach((gate, i) => {
      this.state.vectors[target + i] = roundShift(gate * sigmoid(this.tables, gate), 15);
    });
  }

  #product(get: Get): void {
    const { vectors } = this.state;
    const source = this.#element(get('source'));
    const up = this.#takeResults(get('length'));
    this.#write(get, (i) => {
      const product = roundShift(vectors[source + i]!, 6) * roundShift(up[i]!, 6);
      return saturate(roundShift(product, 12), INT32_MAX);
    });
  }

  /** Mantissas of 16 bits with their sign, or of 8 for cached values. */
  #cut(get: Get): void {
    const { state } = this;
    const space = SPACES[get('space')]!;
    const length = get('length');
    const segment = get('segment') || length;
    const source = this.#element(get('source'));
    const bits = space === 'values' ? 7 : 15;
    const limit = space === 'values' ? INT8_MAX : INT16_MAX;
    if (space === 'frame') {
      state.frame.values.fill(0);
      state.reference = Math.max(0, bitLength(state.peak) - bits);
    }
    for (let first = 0, s = 0; first < length; first += segment, s++) {
      const shift = Math.max(0, bitLength(get('segment') ? state.peaks[s]! : state.peak) - bits);
      const place = this.#place(space, s, segment);
      place.exponents[place.exponent] = shift;
      for (let i = first; i < Math.min(first + segment, length); i++) {
        place.values[place.first + i - first] = saturate(roundShift(state.vectors[source + i]!, shift), limit);
      }
      if (space === 'values') {
        const before = state.position === 0 ? 0 : state.mostExponent[place.exponent - 1]!;
        state.mostExponent[place.exponent] = Math.max(shift, before);
      }
    }
  }

  /** Where segment s of what CUT writes lies. */
  #place(
    space: Space,
    s: number,
    segment: number,
  ): { values: Int8Array | Int16Array; exponents: Uint8Array; first: number; exponent: number } {
    const { state } = this;
    const { kvHeads, context, headDim } = this.machine.config;
    if (space === 'frame' || space === 'query') {
      const { values, exponents }: Mantissas = state[space];
      return { values, exponents, first: s * segment, exponent: s };
    }
    const exponent = (state.layer * kvHeads + s) * context + state.position;
    return space === 'keys'
      ? { values: state.keys, exponents: state.keyExponents, first: exponent * headDim, exponent }
      : { values: state.values, exponents: state.valueExponents, first: exponent * headDim, exponent };
  }

  /** Writes a vector element by element, and the peaks of its segments and of the whole. */
  #write(get: Get, element: (i: number) => number): void {
    const { state } = this;
    const target = this.#element(get('target'));
    const length = get('length');
    const segment = get('segment') || length;
    // Pairs are read before they are written, as a pipeline does.
    const values = Int32Array.from({ length }, (_, i) => element(i));
    state.peaks.fill(0);
    state.peak = 0;
    values.forEach((value, i) => {
      const s = Math.floor(i / segment);
      state.peaks[s] = state.peaks[s]! | Math.abs(value);
      state.peak |= Math.abs(value);
    });
    state.vectors.set(values, target);
  }

  #source(get: Get): Int32Array {
    if (get('results')) return this.#takeResults(get('length'));
    const source = this.#element(get('source'));
    return this.state.vectors.subarray(source, source + get('length'));
  }

  #takeResults(length: number): Int32Array {
    const results = this.nextResults();
    if (results.length !== length) throw new RangeError(`${results.length} results where ${length} are taken`);
    return results;
  }

  #element(word: number): number {
    return word * this.machine.widths.values;
  }

  /** Byte address of a word of the parameter memory, for this layer where it is layered. */
  #bytes(word: number, layered = 0): number {
    const { layerStride } = this.machine.parameters;
    return word * parameterWord(this.machine.widths) + (layered ? this.state.layer * layerStride : 0);
  }
}
