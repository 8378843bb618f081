/** When each instruction of a program begins and ends. Source: docs/decoder.md, "Times". */

import { runCycles } from '../sizing/cycles.js';
import type { EngineGeometry, EnginePlan } from '../sizing/geometry.js';
import { bitLength, ceilDiv } from '../sizing/integers.js';
import { arrayCycles } from '../sizing/shape.js';
import { type FieldName, type Instruction, operand, type Program, type Unit, unitOf } from './instructions.js';
import { type Machine, matrixLanes } from './machine.js';

/** Cycles of the units' pipelines. What the Verilog is built to; each is measured there and corrected here. */
export const LATENCY = {
  /** From one instruction's issue to the next one's. */
  issue: 2,
  /** LOOP: the program's memory is read anew. */
  jump: 4,
  /** Vector unit, from the read of a word to the write of what becomes of it: read, select, three stages of product, shift in two, saturation and two sums, write. */
  vector: 12,
  /** Norm's constants: leading one, shift in two, table, three products. */
  root: 20,
  /** Of LayerNorm besides: three products of 18 bits at a time. */
  center: 24,
  /** From RUN's issue to the array's first cycle: the look-up of its schedule. */
  run: 4,
  /** Dot unit, without its adder tree: read, product, scale in four, shift in two, largest. */
  dot: 12,
  /** Mix unit: read, difference, table, shift, product, shift in two, sum. */
  mix: 12,
  /** From the last sum to the first output: reciprocal root and its square, shift, product, shift. */
  share: 30,
} as const;

/** What is known of a RUN before it begins. */
interface ArrayTime {
  /** From its start until the array can take the next one. */
  readonly occupied: number;
  /** From its start to the first result. */
  readonly first: number;
  readonly rows: number;
  readonly beats: number;
}

/** An execution of an instruction. */
export interface Execution {
  /** Index in the program. */
  readonly at: number;
  readonly layer: number;
  readonly issue: number;
  /** When its unit begins with it, and when all it writes is written. */
  readonly begin: number;
  readonly end: number;
  /** Linear of a RUN. */
  readonly linear?: number;
}

export interface TokenTime {
  readonly executions: readonly Execution[];
  readonly cycles: number;
  /** Cycles in which the array takes a beat. */
  readonly beats: number;
  /** Cycles in which a RUN occupies the array, waits for its operands included. */
  readonly occupied: number;
}

/** Times of one token. @param position its place in the sequence, from 0 */
export function tokenTime(
  program: Program,
  machine: Machine,
  plan: EnginePlan,
  geometry: EngineGeometry,
  position: number,
): TokenTime {
  const clock = new Clock(machine, arrayTimes(plan, geometry), position);
  const executions: Execution[] = [];
  let layer = 0;
  for (let at = 0; ; at++) {
    const instruction = program.instructions[at]!;
    const layered = instruction.fields.layered ? layer * program.layerLinears : 0;
    const linear = instruction.opcode === 'RUN' ? operand(instruction, 'linear') + layered : undefined;
    executions.push({ at, layer, ...clock.execute(instruction, linear), ...(linear !== undefined && { linear }) });
    if (instruction.opcode === 'END') break;
    if (instruction.opcode === 'LOOP' && ++layer < program.layers) at = operand(instruction, 'entry') - 1;
  }
  const { beats, occupied } = clock;
  return { executions, cycles: executions.at(-1)!.end, beats, occupied };
}

function arrayTimes(plan: EnginePlan, geometry: EngineGeometry): ArrayTime[] {
  return runCycles(plan, geometry).map(({ cycles, beats, stalls }, index) => {
    const linear = plan.linears[index]!;
    const working = arrayCycles(linear, plan.array, geometry.phases) + stalls;
    return { occupied: LATENCY.run + working, first: LATENCY.run + cycles, rows: linear.rows, beats };
  });
}

/** A RUN under way. */
interface Run {
  readonly start: number;
  readonly free: number;
  readonly first: number;
  readonly rows: number;
  /** When its last result is taken; unknown before the instruction that takes them. */
  drained: number | null;
}

class Clock {
  beats = 0;
  occupied = 0;
  /** When the sequencer can issue. */
  #next = 0;
  /** When a unit can take an instruction, and when all it has written is there. */
  readonly #free: Record<Unit, number> = { vector: 0, array: 0, dot: 0, mix: 0 };
  readonly #idle: Record<Unit, number> = { vector: 0, array: 0, dot: 0, mix: 0 };
  readonly #runs: Run[] = [];
  #taken = 0;

  constructor(
    private readonly machine: Machine,
    private readonly arrays: readonly ArrayTime[],
    private readonly position: number,
  ) {}

  execute(instruction: Instruction, linear: number | undefined): Pick<Execution, 'issue' | 'begin' | 'end'> {
    const unit = unitOf(instruction);
    const waits = instruction.wait.map((other) => this.#idleTime(other));
    const issue = Math.max(this.#next, unit === null ? 0 : this.#free[unit], ...waits);
    this.#next = issue + (instruction.opcode === 'LOOP' ? LATENCY.jump : LATENCY.issue);
    if (unit === null) return { issue, begin: issue, end: issue };
    if (linear !== undefined) return { issue, ...this.#run(this.arrays[linear]!, issue) };
    const results = takesResults(instruction) ? this.#take() : null;
    const begin = Math.max(issue, results?.first ?? 0);
    const { taking, writing } = this.#cycles(instruction, results);
    let taken = begin + taking;
    if (results) results.drained = taken;
    // Sums are handed over when those of the head before are written.
    if (unit === 'mix') taken = Math.max(taken, this.#idle.mix);
    const end = taken + writing;
    // The vector unit's registers are read by what comes next; the others take the next instruction while they write.
    this.#free[unit] = unit === 'vector' ? end : taken;
    this.#idle[unit] = end;
    return { issue, begin, end };
  }

  #idleTime(unit: Unit): number {
    if (unit !== 'array') return this.#idle[unit];
    return Math.max(0, ...this.#runs.slice(-2).map(({ drained }) => known(drained)));
  }

  /** One RUN is under way and one waits; a third finds its results' bank free when those of the first are taken. */
  #run(time: ArrayTime, issue: number): Pick<Execution, 'begin' | 'end'> {
    const last = this.#runs.at(-1);
    const before = this.#runs.at(-2);
    const start = Math.max(issue, last?.free ?? 0, before ? known(before.drained) : 0);
    const [free, first] = [start + time.occupied, start + time.first];
    this.#runs.push({ start, free, first, rows: time.rows, drained: null });
    this.#free.array = start;
    this.beats += time.beats;
    this.occupied += time.occupied;
    return { begin: start, end: first };
  }

  #take(): Run {
    const run = this.#runs[this.#taken++];
    if (run === undefined) throw new RangeError('results are taken that no RUN gives');
    return run;
  }

  /** Cycles until the last operand is read, and from there until the last value is written. */
  #cycles(instruction: Instruction, results: Run | null): { taking: number; writing: number } {
    const { widths, config, centered } = this.machine;
    const { values, attention, drain } = widths;
    const get = (name: FieldName): number => operand(instruction, name);
    const words = (perWord: number): number => perWord * ceilDiv(get('length'), values);
    const vector = (perWord: number): { taking: number; writing: number } => ({
      taking: Math.max(words(perWord), results ? ceilDiv(results.rows, drain) : 0),
      writing: LATENCY.vector,
    });
    const positions = ((this.position + 1) * config.headDim) / attention;
    const tree = bitLength(attention - 1);
    switch (instruction.opcode) {
      case 'PHASE':
        return { taking: config.headDim, writing: LATENCY.vector };
      case 'ROOT':
        return { taking: LATENCY.root + (centered ? LATENCY.center : 0), writing: 0 };
      case 'ROTATE':
      case 'PRODUCT':
        return vector(2);
      case 'WEIGHT':
        // Weights and biases come through one port.
        return vector(centered ? 2 : 1);
      case 'SCORE':
        return { taking: positions, writing: LATENCY.dot + tree };
      case 'MATRIX':
        return {
          taking: get('rows') * ceilDiv(get('cols'), matrixLanes(widths)) + ceilDiv(get('rows'), 2 * values),
          writing: LATENCY.dot + tree,
        };
      case 'MIX':
        return { taking: positions + LATENCY.mix, writing: LATENCY.share + config.headDim };
      default:
        return vector(1);
    }
  }
}

function known(time: number | null): number {
  if (time === null) throw new RangeError('a RUN waits for results that a later instruction takes');
  return time;
}

function takesResults({ opcode, fields }: Instruction): boolean {
  return fields.results === 1 || ['ROTATE', 'GATE', 'PRODUCT', 'LOGITS'].includes(opcode);
}

/** Cycles in which each unit has something to do. */
export function unitCycles({ executions }: TokenTime, program: Program): Record<Unit, number> {
  const sums: Record<Unit, number> = { vector: 0, array: 0, dot: 0, mix: 0 };
  for (const { at, begin, end } of executions) {
    const unit = unitOf(program.instructions[at]!);
    if (unit !== null) sums[unit] += end - begin;
  }
  return sums;
}
