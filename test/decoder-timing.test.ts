import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../generator/model/types.js';
import { compileProgram } from '../generator/schedule/compile.js';
import { listing } from '../generator/schedule/disassemble.js';
import { type Instruction, type Opcode, operand, SPACES, unitOf } from '../generator/schedule/instructions.js';
import { type Machine, type MachineWidths, machineOf } from '../generator/schedule/machine.js';
import { tokenTime } from '../generator/schedule/timing.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import { memoryMap } from '../generator/sizing/memory.js';
import { fabricateModel, fabricatePlan, llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';

function timed(config: ModelConfig, widths: MachineWidths) {
  const fabricated = fabricatePlan(config);
  const array = { ...fabricated.array, frame: 4 };
  const plan = { ...fabricated, array, memory: memoryMap(fabricated.linears, array) };
  const { model } = fabricateModel(plan, 2);
  const machine = machineOf(plan, widths);
  const program = compileProgram(model, machine);
  const geometry = engineGeometry(plan);
  return { machine, program, at: (position: number) => tokenTime(program, machine, plan, geometry, position) };
}

const CASES = [llamaConfig(), optConfig(), optPostNormConfig()].flatMap((config) =>
  ([1, 2] as const).map((banks) => ({ config, widths: { values: 4, attention: 8, drain: 2, banks } })),
);

/** A memory, or words from … to − 1 of the vector RAM. */
interface Access {
  readonly memory: string;
  readonly from: number;
  readonly to: number;
  readonly write: boolean;
}

/** What an instruction reads and writes, but scores and registers. */
function accesses({ opcode, fields }: Instruction, { config, widths }: Machine): Access[] {
  const length = opcode === 'MIX' ? config.headDim : opcode === 'MATRIX' ? fields.rows : fields.length;
  const words = (word: number | undefined, write: boolean): Access[] =>
    word === undefined || fields.out
      ? []
      : [{ memory: 'vectors', from: word, to: word + Math.ceil(length! / widths.values), write }];
  const whole = (memory: string, write: boolean): Access => ({ memory, from: 0, to: 1, write });
  const others: Partial<Record<Opcode, Access[]>> = {
    PHASE: [whole('rotation', true)],
    ROTATE: [whole('rotation', false)],
    RUN: [whole('frame', false)],
    MATRIX: [whole('query', false)],
    SCORE: [whole('query', false), whole('keys', false)],
    MIX: [whole('values', false)],
    CUT: [whole(SPACES[fields.space ?? 0]!, true)],
  };
  return [...words(fields.source, false), ...words(fields.target, true), ...(others[opcode] ?? [])];
}

const conflict = (a: Access, b: Access): boolean =>
  a.memory === b.memory && (a.write || b.write) && a.from < b.to && b.from < a.to;

describe.each(CASES)('$config.name with $widths.banks banks', ({ config, widths }) => {
  const { machine, program, at } = timed(config, widths);

  it.each([0, config.context - 1])('has no conflict at position %i', (position) => {
    const time = at(position);
    const steps = time.executions.map((execution) => ({
      ...execution,
      instruction: program.instructions[execution.at]!,
    }));
    const free = new Map<string, number>();
    const runs: { begin: number; end: number }[] = [];
    const scored = new Map<number, number>();
    const read = new Map<number, number>();
    let taken = 0;
    for (const { instruction, begin, end, linear } of steps) {
      const unit = unitOf(instruction);
      const { opcode, fields } = instruction;
      if (linear !== undefined) {
        expect(begin).toBeGreaterThanOrEqual(runs.at(-1)?.begin ?? 0);
        runs.push({ begin, end });
      } else if (unit === 'vector') {
        expect(begin).toBeGreaterThanOrEqual(free.get(unit) ?? 0);
        free.set(unit, end);
      }
      if (fields.results === 1 || ['ROTATE', 'GATE', 'PRODUCT', 'LOGITS'].includes(opcode)) {
        expect(begin).toBeGreaterThanOrEqual(runs[taken++]!.end);
      }
      if (opcode === 'SCORE') {
        const buffer = operand(instruction, 'head') % 2;
        expect(begin).toBeGreaterThanOrEqual(read.get(buffer) ?? 0);
        scored.set(buffer, end);
      }
      if (opcode === 'MIX') {
        const buffer = operand(instruction, 'head') % 2;
        expect(begin).toBeGreaterThanOrEqual(scored.get(buffer)!);
        // Positions are read one after another, in headDim / A cycles each.
        read.set(buffer, begin + ((position + 1) * config.headDim) / widths.attention);
      }
    }
    expect(taken).toBe(runs.length);
    expect(Math.max(...steps.map(({ end }) => end))).toBe(time.cycles);
  });

  it('never has two units at work on the same words', () => {
    const busy = at(config.context - 1).executions.map(({ at: place, begin, end }) => {
      const instruction = program.instructions[place]!;
      return { unit: unitOf(instruction), begin, end, uses: accesses(instruction, machine) };
    });
    let pairs = 0;
    for (const [i, a] of busy.entries()) {
      for (const b of busy.slice(i + 1)) {
        if (a.unit === b.unit || Math.max(a.begin, b.begin) >= Math.min(a.end, b.end)) continue;
        pairs++;
        expect(a.uses.some((use) => b.uses.some((other) => conflict(use, other)))).toBe(false);
      }
    }
    expect(pairs).toBeGreaterThan(config.layers * config.heads);
  });

  it('is executed in full', () => {
    const time = at(3);
    const lines = listing(program, time);
    const runs = lines.filter(({ text }) => text.startsWith('RUN')).reduce((sum, { count }) => sum + count, 0);
    expect(runs).toBe(program.names.length);
    expect(lines.at(-1)!.end).toBe(time.cycles);
  });
});

it('takes the time of one head more than there are for a position, where attention is longest', () => {
  const config = llamaConfig({ context: 4096 });
  const { at } = timed(config, { values: 4, attention: 8, drain: 2, banks: 2 });
  const perPosition = (config.layers * (config.heads + 1) * config.headDim) / 8;
  expect(at(4000).cycles - at(3000).cycles).toBe(1000 * perPosition);
});

it('takes less time with two banks than with one', () => {
  const [one, two] = ([1, 2] as const).map((banks) =>
    timed(llamaConfig(), { values: 4, attention: 8, drain: 1, banks }).at(5),
  );
  expect(two!.cycles).toBeLessThan(one!.cycles);
  expect(two!.beats).toBe(one!.beats);
});
