import { type Instruction, operand, type Program, unitOf } from '../../../generator/schedule/instructions.js';
import type { Machine } from '../../../generator/schedule/machine.js';
import { MAX_FINAL_SHIFT, MIN_FINAL_SHIFT } from '../linear.js';
import { argmax } from '../ops.js';
import type { Tables } from '../tables.js';
import { DotUnit, MixUnit } from './attention-units.js';
import { MachineState, type Mantissas } from './state.js';
import { VectorUnit } from './vector-unit.js';

/** What a RUN gives to the array and its frame unit. */
export interface ArrayRun {
  /** Index in plan.linears. */
  readonly index: number;
  /** Of each block, and its exponent from which the reference is subtracted. */
  readonly frame: Mantissas;
  readonly reference: number;
  /** Final shift, −16 … 63. */
  readonly shift: number;
}

export interface MachineAnswer {
  /** Q16, `vocab` values */
  readonly logits: Int32Array;
  /** The token of the largest logit, the first of equals. */
  readonly best: number;
}

/** An instruction was executed; of a RUN, these are its results. */
export type Observer = (at: number, instruction: Instruction, results: Int32Array | null) => void;

/** A step that pauses at each RUN: yields it, and is resumed with the linear's results. */
export type MachineStep = Generator<ArrayRun, MachineAnswer, Int32Array>;

/**
 * Executes a program on memories as the device does, instruction by instruction; only the array and its frame unit are the
 * caller's. Units work side by side on the device: that changes times, which generator/schedule/timing.ts has, and no value.
 * Source: docs/decoder.md.
 */
export class Interpreter {
  readonly state: MachineState;
  readonly #vector: VectorUnit;
  readonly #dot: DotUnit;
  readonly #mix: MixUnit;
  readonly #results: Int32Array[] = [];
  readonly #logits: Int32Array;
  #logitCount = 0;

  constructor(
    private readonly program: Program,
    private readonly machine: Machine,
    tables: Tables,
    parameters: Uint8Array,
    private readonly observe: Observer = () => {},
  ) {
    this.state = new MachineState(machine, parameters);
    this.#logits = new Int32Array(machine.config.vocab);
    const logits = (values: Int32Array): void => {
      this.#logits.set(values, this.#logitCount);
      this.#logitCount += values.length;
    };
    this.#vector = new VectorUnit(machine, tables, this.state, () => this.#takeResults(), logits);
    this.#dot = new DotUnit(machine, this.state, logits);
    this.#mix = new MixUnit(machine, tables, this.state);
  }

  /**
   * Feeds one token.
   * @throws RangeError beyond the context or the vocabulary
   */
  *step(token: number, position: number): MachineStep {
    const { context, vocab, layers } = this.machine.config;
    if (!(token >= 0 && token < vocab)) throw new RangeError(`token ${token} is outside the vocabulary`);
    if (!(position >= 0 && position < context)) throw new RangeError(`position ${position} is outside the context`);
    const { state } = this;
    Object.assign(state, { token, position, layer: 0 });
    this.#logitCount = 0;
    for (let at = 0; ; at++) {
      const instruction = this.program.instructions[at]!;
      if (instruction.opcode === 'RUN') {
        const results = yield this.#run(instruction);
        this.#results.push(results);
        this.observe(at, instruction, results);
        continue;
      }
      if (unitOf(instruction) !== null) this.#execute(instruction);
      this.observe(at, instruction, null);
      if (instruction.opcode === 'END') break;
      if (instruction.opcode === 'LOOP') {
        state.layer++;
        if (state.layer < layers) at = operand(instruction, 'entry') - 1;
      }
    }
    if (this.#results.length > 0) throw new RangeError('results of a RUN were not taken');
    return { logits: this.#logits.slice(), best: argmax(this.#logits) };
  }

  #execute(instruction: Instruction): void {
    const unit = unitOf(instruction);
    if (unit === 'vector') this.#vector.execute(instruction);
    else if (unit === 'dot') this.#dot.execute(instruction);
    else this.#mix.execute(instruction);
  }

  #run(instruction: Instruction): ArrayRun {
    const { state, program } = this;
    const base = operand(instruction, 'layered') ? state.layer * program.layerLinears : 0;
    const index = base + operand(instruction, 'linear');
    const shift = program.finals[index]! - state.reference;
    const clamped = Math.max(MIN_FINAL_SHIFT, Math.min(MAX_FINAL_SHIFT, shift));
    return { index, frame: state.frame, reference: state.reference, shift: clamped };
  }

  #takeResults(): Int32Array {
    const results = this.#results.shift();
    if (results === undefined) throw new RangeError('results are taken that no RUN gave');
    return results;
  }
}
