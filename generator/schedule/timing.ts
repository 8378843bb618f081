/** When each instruction of a program begins and ends. Source: docs/decoder.md, "Times". */

import { runCycles } from '../sizing/cycles.js';
import type { EngineGeometry, EnginePlan } from '../sizing/geometry.js';
import { bitLength, ceilDiv } from '../sizing/integers.js';
import { type FieldName, type Instruction, operand, type Program, SPACES, type Unit, unitOf } from './instructions.js';
import { type Machine, type MachineWidths, matrixLanes } from './machine.js';

/** Cycles of the units' pipelines. What the Verilog is built to; each is measured there and corrected here. */
export const LATENCY = {
  /** From one instruction's issue to the next one's. */
  issue: 2,
  /** LOOP: the program's memory is read anew. */
  jump: 4,
  /** Vector unit, from the read of a word to the end of what becomes of it: operands in five, product in three, shift in three, bias, sum, write, peak. */
  vector: 14,
  /** ROW besides: the product that its address is. */
  row: 1,
  /** MOMENTS, but for the sum over lanes, one per cycle. */
  moments: 8,
  /** PHASE, after its pairs. */
  phase: 10,
  /** Norm's constants: leading one in five, table, three products. */
  root: 21,
  /** Of LayerNorm besides: three products of 18 bits at a time. */
  center: 15,
  /** From a RUN's request to the engine until the next one can be issued: it has left the place of the one that waits. */
  handed: 1,
  /** From END's issue to the first one of the next token, where that is generated. */
  step: 4,
  /** From RUN's issue to its request to the engine, where it waits for the array. */
  run: 1,
  /** Dot unit, without its adder tree: address in two, read, register, factors, product, sum, scale in two, shift in two, rounding, write. */
  dot: 13,
  /** Mix unit: address in two, read, difference, 2^−d in four, product, shift; the sum is there with the handover. */
  mix: 10,
  /** From the last sum to the first output: reciprocal root and its square in four products, then product, shift in two, rounding. */
  share: 20,
} as const;

/** What is known of a RUN before it begins. */
export interface ArrayTime {
  /** From its start until the array can take the next one, with two banks. */
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
  const arrays = arrayTimes(plan, geometry);
  const clock = new Clock(machine, arrays, position);
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
  // A RUN may have waited for what came after it.
  let runs = 0;
  for (const [i, execution] of executions.entries()) {
    if (execution.linear === undefined) continue;
    const begin = clock.runStart(runs++);
    executions[i] = { ...execution, begin, end: begin + arrays[execution.linear]!.first };
  }
  return { executions, cycles: executions.at(-1)!.end, beats, occupied };
}

/** Of each linear of the plan. */
export function arrayTimes(plan: EnginePlan, geometry: EngineGeometry): ArrayTime[] {
  return runCycles(plan, geometry).map(({ cycles, beats, occupied }, index) => ({
    occupied,
    first: cycles,
    rows: plan.linears[index]!.rows,
    beats,
  }));
}

/** A RUN that was issued. */
interface Run {
  readonly time: ArrayTime;
  readonly issue: number;
  /** When its last result is taken; unknown before the instruction that takes them. */
  drained: number | null;
}

/** Units but the array. */
type UnitBesides = Exclude<Unit, 'array'>;

class Clock {
  beats = 0;
  occupied = 0;
  /** When the sequencer can issue. */
  #next = 0;
  /** When a unit can take an instruction, and when all it has written is there. */
  readonly #free: Record<UnitBesides, number> = { vector: 0, dot: 0, mix: 0 };
  readonly #idle: Record<UnitBesides, number> = { vector: 0, dot: 0, mix: 0 };
  readonly #runs: Run[] = [];
  readonly #starts: number[] = [];
  #taken = 0;

  constructor(
    private readonly machine: Machine,
    private readonly arrays: readonly ArrayTime[],
    private readonly position: number,
  ) {}

  execute(instruction: Instruction, linear: number | undefined): Pick<Execution, 'issue' | 'begin' | 'end'> {
    const unit = unitOf(instruction);
    const waits = instruction.wait.map((other) => this.#idleTime(other));
    const own = unit === null ? 0 : unit === 'array' ? this.#handed() : this.#free[unit];
    const issue = Math.max(this.#next, own, ...waits);
    this.#next = issue + (instruction.opcode === 'LOOP' ? LATENCY.jump : LATENCY.issue);
    if (unit === null) return { issue, begin: issue, end: issue };
    if (unit === 'array') {
      this.#run(this.arrays[linear!]!, issue);
      return { issue, begin: issue, end: issue };
    }
    const source = takesResults(instruction) ? this.#taken++ : null;
    const results = source === null ? null : this.#issued(source);
    const begin = Math.max(issue, source === null ? 0 : this.runStart(source) + results!.time.first);
    const rows = results === null ? null : results.time.rows;
    const { taking, writing } = unitTime(instruction, this.machine, this.position, rows);
    let taken = begin + taking;
    if (results) results.drained = begin + drainCycles(instruction, taking);
    // Sums are handed over when those of the head before are written.
    if (unit === 'mix') taken = Math.max(taken, this.#idle.mix);
    const end = taken + writing;
    // The vector unit's registers are read by what comes next; the others take the next instruction while they write.
    this.#free[unit] = unit === 'vector' ? end : taken;
    this.#idle[unit] = end;
    return { issue, begin, end };
  }

  /** When the next RUN can be issued. */
  #handed(): number {
    const last = this.#runs.length - 1;
    return last < 0 ? 0 : this.runStart(last) + LATENCY.handed;
  }

  #idleTime(unit: Unit): number {
    if (unit !== 'array') return this.#idle[unit];
    return Math.max(0, ...this.#runs.slice(-2).map(({ drained }) => known(drained)));
  }

  #run(time: ArrayTime, issue: number): void {
    this.#runs.push({ time, issue, drained: null });
    this.beats += time.beats;
    this.occupied += time.occupied;
  }

  #issued(index: number): Run {
    const run = this.#runs[index];
    if (run === undefined) throw new RangeError('results are taken that no RUN gives');
    return run;
  }

  /** When a RUN begins: the array has taken the beats of the one before, and there is a bank for its sums. */
  runStart(index: number): number {
    if (index < 0) return 0;
    const started = this.#starts[index];
    if (started !== undefined) return started;
    const { issue } = this.#issued(index);
    const before = index === 0 ? 0 : this.runStart(index - 1) + this.#issued(index - 1).time.occupied;
    const { banks } = this.machine.widths;
    const bank = index < banks ? 0 : known(this.#issued(index - banks).drained);
    const start = Math.max(issue + LATENCY.run, before, bank);
    this.#starts[index] = start;
    return start;
  }
}

/** An instruction's time in its unit, but what it waits for there. */
export interface UnitTime {
  /** Cycles until the last operand is read. */
  readonly taking: number;
  /** From there until the last value is written. */
  readonly writing: number;
}

/** @param rows of the linear whose results are taken, counted from the first result; null where none are */
export function unitTime(
  instruction: Instruction,
  { widths, config, centered, block }: Machine,
  position: number,
  rows: number | null,
): UnitTime {
  const { values, attention, drain } = widths;
  const get = (name: FieldName): number => operand(instruction, name);
  const vector = (perWord: number): UnitTime => {
    const words = ceilDiv(get('length'), values);
    return {
      taking: Math.max(perWord * words, rows === null ? 0 : resultCycles(rows, words, perWord, values / drain, drain)),
      writing: LATENCY.vector,
    };
  };
  const positions = ((position + 1) * config.headDim) / attention;
  const tree = bitLength(attention - 1);
  switch (instruction.opcode) {
    case 'PHASE':
      return { taking: config.headDim, writing: LATENCY.phase };
    case 'ROW':
      return { taking: vector(1).taking + LATENCY.row, writing: LATENCY.vector };
    case 'MOMENTS':
      return { taking: vector(1).taking, writing: LATENCY.moments + values };
    case 'ROOT':
      return { taking: LATENCY.root + (centered ? LATENCY.center : 0), writing: 0 };
    case 'WEIGHT':
      // Weights and biases come through one port.
      return vector(centered ? 2 : 1);
    case 'CUT':
      // The frame's blocks are whole.
      if (SPACES[get('space')] !== 'frame') return vector(1);
      return { taking: (ceilDiv(get('length'), block) * block) / values, writing: LATENCY.vector };
    case 'SCORE':
      return { taking: positions, writing: LATENCY.dot + tree };
    case 'MATRIX':
      return {
        taking: matrixCycles(get('rows'), get('cols'), widths),
        writing: LATENCY.dot + tree,
      };
    case 'MIX':
      return { taking: positions + LATENCY.mix, writing: LATENCY.share + config.headDim };
    default:
      return vector(hasTwoTerms(instruction) ? 2 : 1);
  }
}

/** Cycles in which an instruction of `taking` cycles takes results: the last element's second term is read when it has all. */
export const drainCycles = (instruction: Instruction, taking: number): number =>
  hasTwoTerms(instruction) ? taking - 1 : taking;

/** Elements of ROTATE and PRODUCT are sums of two products. */
const hasTwoTerms = ({ opcode }: Instruction): boolean => opcode === 'ROTATE' || opcode === 'PRODUCT';

/** Cycles in which the dot unit reads an int8 matrix: its rows, and a word of scales per 2 · W of them. */
export function matrixCycles(rows: number, cols: number, widths: MachineWidths): number {
  return rows * ceilDiv(cols, matrixLanes(widths)) + ceilDiv(rows, 2 * widths.values);
}

/**
 * Cycles in which words of results, `perWord` each, are taken as they come: a word is there when its last result is, and
 * no sooner than the one before it is taken.
 */
function resultCycles(rows: number, words: number, perWord: number, transfers: number, drain: number): number {
  const last = ceilDiv(rows, drain) + perWord - 1;
  return words > 1 ? Math.max(last, (words - 1) * transfers + 2 * perWord - 1) : last;
}

function known(time: number | null): number {
  if (time === null) throw new RangeError('a RUN waits for results that a later instruction takes');
  return time;
}

export function takesResults({ opcode, fields }: Instruction): boolean {
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
