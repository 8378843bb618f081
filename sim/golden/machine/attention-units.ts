import { type FieldName, type Instruction, operand } from '../../../generator/schedule/instructions.js';
import { type Machine, matrixStride, parameterWord } from '../../../generator/schedule/machine.js';
import { bitLength, INT32_MAX, roundShift, saturate } from '../integer.js';
import { ACTIVATION_FRAC } from '../parameters.js';
import { exp2Negative, reciprocalRoot, type Tables } from '../tables.js';
import type { MachineState } from './state.js';

/** The dot unit: mantissas of the query memory times rows of cached keys or of an int8 matrix. Source: docs/decoder.md. */
export class DotUnit {
  constructor(
    private readonly machine: Machine,
    private readonly state: MachineState,
    private readonly logits: (values: Int32Array) => void,
  ) {}

  execute(instruction: Instruction): void {
    if (instruction.opcode === 'SCORE') this.#score(operand(instruction, 'head'));
    else this.#matrix(instruction);
  }

  #score(head: number): void {
    const { state } = this;
    const { config, scoreScale } = this.machine;
    const { headDim, context } = config;
    const first = cacheStart(this.machine, state.layer, head);
    const buffer = head & 1;
    const shift = 2 * ACTIVATION_FRAC - 16 + scoreScale.shift - state.query.exponents[head]!;
    let top = -INT32_MAX;
    for (let t = 0; t <= state.position; t++) {
      let dot = 0;
      for (let i = 0; i < headDim; i++) {
        dot += state.query.values[head * headDim + i]! * state.keys[(first + t) * headDim + i]!;
      }
      const down = shift - state.keyExponents[first + t]!;
      const score = saturate(roundShift(dot * scoreScale.mantissa, down), INT32_MAX);
      state.scores[buffer * context + t] = score;
      top = Math.max(top, score);
    }
    state.top[buffer] = top;
  }

  #matrix(instruction: Instruction): void {
    const get = (name: FieldName): number => operand(instruction, name);
    const { parameters, query, vectors } = this.state;
    const { widths } = this.machine;
    const [rows, cols] = [get('rows'), get('cols')];
    const word = parameterWord(widths);
    const values = get('parameters') * word;
    const scales = get('scales') * word;
    const shift = get('shift') - query.exponents[0]!;
    const y = new Int32Array(rows);
    for (let r = 0; r < rows; r++) {
      const row = values + r * matrixStride({ cols }, widths);
      let dot = 0;
      for (let i = 0; i < cols; i++) dot += query.values[i]! * parameters.getInt8(row + i);
      y[r] = saturate(roundShift(dot * parameters.getUint16(scales + 2 * r, true), shift), INT32_MAX);
    }
    if (get('out')) this.logits(y);
    else vectors.set(y, get('target') * widths.values);
  }
}

/** The mix unit: softmax of a head's scores, and the cached values weighted with it. Source: docs/decoder.md. */
export class MixUnit {
  constructor(
    private readonly machine: Machine,
    private readonly tables: Tables,
    private readonly state: MachineState,
  ) {}

  execute(instruction: Instruction): void {
    const { state, machine } = this;
    const { headDim, context } = machine.config;
    const head = operand(instruction, 'head');
    const buffer = head & 1;
    const first = cacheStart(machine, state.layer, head);
    const exponent = state.mostExponent[first + state.position]!;
    const mixed = new Float64Array(headDim);
    let sum = 0;
    for (let t = 0; t <= state.position; t++) {
      const p = exp2Negative(this.tables, state.top[buffer]! - state.scores[buffer * context + t]!);
      const down = exponent - state.valueExponents[first + t]!;
      sum += p;
      for (let i = 0; i < headDim; i++) {
        mixed[i] = mixed[i]! + roundShift(p * state.values[(first + t) * headDim + i]! * 256, down);
      }
    }
    const spare = bitLength(sum) - 17;
    const { mantissa, half } = reciprocalRoot(this.tables, sum);
    const reciprocal = roundShift(mantissa * mantissa, 16);
    const shift = 54 + 2 * half - spare - exponent;
    const target = operand(instruction, 'target') * machine.widths.values;
    mixed.forEach((value, i) => {
      state.vectors[target + i] = saturate(roundShift(roundShift(value, spare) * reciprocal, shift), INT32_MAX);
    });
  }
}

/** Place of position 0 in the caches of the layer's key/value head that a head attends to. */
function cacheStart({ config }: Machine, layer: number, head: number): number {
  const { heads, kvHeads, context } = config;
  return (layer * kvHeads + Math.floor((head * kvHeads) / heads)) * context;
}
