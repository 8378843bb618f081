/** A decoder's trace beside the interpreter's: each vector, mantissa and result at its instruction, and the first that differs. */

import { disassemble } from '../../../generator/schedule/disassemble.js';
import { type Instruction, type Program, SPACES, type Unit, unitOf } from '../../../generator/schedule/instructions.js';
import type { Machine } from '../../../generator/schedule/machine.js';
import { Interpreter } from '../../golden/machine/interpreter.js';
import { GoldenArray } from '../../golden/machine/run.js';
import { type Written, writtenBy } from '../../golden/machine/written.js';
import type { IntegerModel, LinearWeights } from '../../golden/parameters.js';
import type { TraceEvent } from './trace-events.js';

/** Where device and interpreter part. */
export interface TraceDifference {
  readonly position: number;
  readonly layer: number;
  /** Place in the program. */
  readonly at: number;
  /** Disassembled; with the linear of a RUN. */
  readonly instruction: string;
  readonly what: 'vector' | 'mantissas' | 'results' | 'scores' | 'missing' | 'unexpected' | 'order';
  /** Of the instruction's vector; null where what is wrong is no value. */
  readonly element: number | null;
  readonly golden: number | null;
  readonly actual: number | null;
}

/** What an instruction of a step wrote, as far as it has come. */
export interface TracedWrite {
  readonly position: number;
  readonly layer: number;
  readonly at: number;
  readonly instruction: string;
  readonly golden: Written;
  /** The device's values, as far as `golden` has them. */
  readonly actual: number[];
}

interface Expected {
  readonly position: number;
  readonly layer: number;
  readonly at: number;
  readonly instruction: Instruction;
  readonly linear: string | null;
  readonly written: Written | null;
}

interface Pending extends Expected {
  readonly written: Written;
  readonly actual: number[];
}

/** Takes steps in the order in which the device executes them. */
export class TraceComparison {
  /** The first difference in the order of the program, not of time: what comes after it follows from it. */
  difference: TraceDifference | null = null;
  /** Values that were compared. */
  compared = 0;
  readonly #interpreter: Interpreter;
  readonly #array: GoldenArray;
  #steps: Expected[] = [];

  constructor(
    program: Program,
    private readonly machine: Machine,
    model: IntegerModel,
    weights: LinearWeights,
    parameters: Uint8Array,
    private readonly onWrite: (write: TracedWrite) => void = () => {},
  ) {
    this.#array = new GoldenArray(model, weights);
    this.#interpreter = new Interpreter(program, machine, model.tables, parameters, (at, instruction, results) => {
      const { state } = this.#interpreter;
      const { position } = state;
      // What comes after the last layer counts as part of it.
      const layer = Math.min(state.layer, program.layers - 1);
      const index = (instruction.fields.linear ?? 0) + (instruction.fields.layered ? layer * program.layerLinears : 0);
      const linear = instruction.opcode === 'RUN' ? program.names[index]! : null;
      const written = writtenBy(instruction, results, machine, state);
      this.#steps.push({ position, layer, at, instruction, linear, written });
    });
  }

  /** Compares a step of the device with the interpreter's. @param events those from its first issue on to its end */
  step(token: number, position: number, events: readonly TraceEvent[]): void {
    this.#steps = [];
    this.#array.finish(this.#interpreter.step(token, position));
    const step = new Step(this.#steps, this.machine.widths.values);
    const strayed = step.take(events);
    for (const pending of step.pending) {
      const { written: golden, actual } = pending;
      this.compared += actual.length;
      this.onWrite({ ...place(pending), golden, actual });
    }
    // What is missing after another order says nothing.
    this.difference ??=
      firstOf(step.pending, wrongValue) ??
      (strayed?.what === 'order' ? strayed : (firstOf(step.pending, missingValue) ?? strayed));
  }
}

function firstOf(all: readonly Pending[], find: (pending: Pending) => TraceDifference | null): TraceDifference | null {
  for (const pending of all) {
    const difference = find(pending);
    if (difference !== null) return difference;
  }
  return null;
}

function wrongValue(pending: Pending): TraceDifference | null {
  const { written, actual } = pending;
  const element = actual.findIndex((value, i) => value !== written.values[i]);
  if (element < 0) return null;
  const difference = { element, golden: written.values[element]!, actual: actual[element]! };
  return { ...place(pending), what: written.kind, ...difference };
}

function missingValue(pending: Pending): TraceDifference | null {
  const { written, actual } = pending;
  const element = actual.length;
  if (element === written.values.length) return null;
  return { ...place(pending), what: 'missing', element, golden: written.values[element]!, actual: null };
}

function place({ position, layer, at, instruction, linear }: Expected) {
  const text = disassemble(instruction);
  return { position, layer, at, instruction: linear === null ? text : `${text} (${linear})` };
}

/** One step: what was issued of it and has yet to be written, by the unit that writes. */
class Step {
  readonly pending: readonly Pending[];
  readonly #queues: Readonly<Record<Unit, Pending[]>> = { vector: [], array: [], dot: [], mix: [] };
  #issued = 0;

  constructor(
    private readonly expected: readonly Expected[],
    private readonly width: number,
  ) {
    this.pending = expected.flatMap(({ written, ...rest }) =>
      written === null ? [] : [{ ...rest, written, actual: [] }],
    );
  }

  /** @returns another order, or else the first event that no instruction accounts for */
  take(events: readonly TraceEvent[]): TraceDifference | null {
    let strayed: TraceDifference | null = null;
    let next = 0;
    for (const event of events) {
      if (event.kind === 'issue') {
        const wanted = this.expected[this.#issued++];
        if (wanted === undefined || wanted.at !== event.entry || wanted.layer !== event.layer) {
          return this.#stray('order', wanted?.at ?? null, event.entry);
        }
        if (wanted.written === null) continue;
        const pending = this.pending[next++]!;
        this.#queues[unitOf(wanted.instruction)!].push(pending);
      } else if (!this.#write(event)) {
        strayed ??= this.#stray('unexpected', null, event.kind === 'vector' ? event.address : null);
      }
    }
    const missing = this.expected[this.#issued];
    return missing === undefined ? strayed : this.#stray('order', missing.at, null);
  }

  /** Gives what was written to the instruction that writes there next. */
  #write(event: Exclude<TraceEvent, { kind: 'issue' }>): boolean {
    if (event.kind === 'results') return this.#give(this.#queues.array, event.values);
    if (event.kind === 'scores') return this.#give(this.#queues.dot, event.values);
    if (event.kind === 'mantissas') {
      const [cut] = this.#queues.vector.filter(({ written }) => written.kind === 'mantissas');
      const space = cut?.written.kind === 'mantissas' ? cut.written.space : null;
      return space === SPACES[event.space] && this.#give(this.#queues.vector, event.values, cut);
    }
    for (const unit of ['vector', 'dot', 'mix'] as const) {
      const [first] = this.#queues[unit].filter(({ written }) => written.kind === 'vector');
      if (first?.written.kind !== 'vector') continue;
      if (first.written.address + first.actual.length / this.width !== event.address) continue;
      return this.#give(this.#queues[unit], event.values, first);
    }
    return false;
  }

  #give(queue: Pending[], values: ArrayLike<number>, pending: Pending | undefined = queue[0]): boolean {
    if (pending === undefined) return false;
    const { written, actual } = pending;
    const room = written.values.length - actual.length;
    for (let i = 0; i < Math.min(room, values.length); i++) actual.push(values[i]!);
    if (actual.length === written.values.length) queue.splice(queue.indexOf(pending), 1);
    return true;
  }

  #stray(what: 'order' | 'unexpected', golden: number | null, actual: number | null): TraceDifference {
    const near = this.expected[Math.max(0, Math.min(this.#issued, this.expected.length) - 1)]!;
    return { ...place(near), what, element: null, golden, actual };
  }
}

/** A difference as one line. */
export function describeDifference(difference: TraceDifference): string {
  const { position, layer, at, instruction, what, element, golden, actual } = difference;
  const where = `position ${position}, layer ${layer}, instruction ${at} (${instruction})`;
  switch (what) {
    case 'order':
      return `${where}: instruction ${golden ?? 'none'} comes next in the program, and ${actual ?? 'none'} was issued`;
    case 'unexpected':
      return `${where}: ${actual === null ? 'values' : `word ${actual} of the vector RAM`} written that no instruction writes`;
    case 'missing':
      return `${where}: element ${element} is never written; interpreter ${golden}`;
    default:
      return `${where}: ${what}, element ${element}: interpreter ${golden}, accelerator ${actual}`;
  }
}
