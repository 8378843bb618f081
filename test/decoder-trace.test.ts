import { describe, expect, it } from 'vitest';
import { compileProgram } from '../generator/schedule/compile.js';
import { SPACES } from '../generator/schedule/instructions.js';
import { machineOf } from '../generator/schedule/machine.js';
import { parameterImage } from '../generator/schedule/parameters.js';
import { Interpreter } from '../sim/golden/machine/interpreter.js';
import { GoldenArray } from '../sim/golden/machine/run.js';
import { writtenBy } from '../sim/golden/machine/written.js';
import { describeDifference, TraceComparison } from '../sim/harness/node/trace-compare.js';
import { type TraceEvent, traceEvents } from '../sim/harness/node/trace-events.js';
import { fabricateModel, fabricatePlan, llamaConfig, optConfig } from './support/golden-models.js';

const WIDTHS = { values: 4, attention: 8, drain: 1, banks: 1 } as const;

/** What a device would show of a step, instruction by instruction, and a comparison with it. */
function prepare(config: ReturnType<typeof llamaConfig>) {
  const { model, weights } = fabricateModel(fabricatePlan(config), 4);
  const machine = machineOf(model.plan, WIDTHS);
  const program = compileProgram(model, machine);
  const parameters = parameterImage(model, machine);
  let events: TraceEvent[] = [];
  const device = new Interpreter(program, machine, model.tables, parameters, (entry, instruction, results) => {
    const { state } = device;
    const layer = Math.min(state.layer, config.layers - 1);
    events.push({ kind: 'issue', entry, layer, position: state.position });
    const written = writtenBy(instruction, results, machine, state);
    if (written === null) return;
    const single = written.kind === 'results' || written.kind === 'scores';
    for (let first = 0; first < written.values.length; first += single ? 1 : 4) {
      // Elements beyond the length of a vector may be anything.
      const values = [...written.values.slice(first, first + 4), 77, 77, 77].slice(0, 4);
      if (written.kind === 'results' || written.kind === 'scores')
        events.push({ kind: written.kind, values: Int32Array.of(values[0]!) });
      else if (written.kind === 'vector')
        events.push({ kind: 'vector', address: written.address + first / 4, values: Int32Array.from(values) });
      else events.push({ kind: 'mantissas', space: SPACES.indexOf(written.space), values: Int16Array.from(values) });
    }
  });
  const array = new GoldenArray(model, weights);
  const step = (token: number, position: number): TraceEvent[] => {
    events = [];
    array.finish(device.step(token, position));
    return events;
  };
  return { step, program, compare: () => new TraceComparison(program, machine, model, weights, parameters) };
}

describe.each([llamaConfig(), optConfig()])('the trace of $name', (config) => {
  const { step, program, compare } = prepare(config);
  const tokens = [5, 9, 2];
  const steps = tokens.map((token, position) => [...step(token, position)]);
  const traced = (change: (events: TraceEvent[]) => TraceEvent[]) => {
    const comparison = compare();
    steps.forEach((events, position) => {
      comparison.step(tokens[position]!, position, position === 1 ? change([...events]) : events);
    });
    return comparison;
  };
  const find = (opcode: string, last = false): number => {
    const at = program.instructions.findIndex((instruction) => instruction.opcode === opcode);
    const all = steps[1]!.flatMap((event, i) => (event.kind === 'issue' && event.entry === at ? [i] : []));
    return all.at(last ? -1 : 0)!;
  };

  it('has no difference where the device is the interpreter', () => {
    const comparison = traced((events) => events);
    expect(comparison.difference).toBeNull();
    expect(comparison.compared).toBeGreaterThan(1000);
  });

  it('has none where words come later than the next instruction, of units side by side', () => {
    const comparison = traced((events) => {
      // The words of a MIX, after the issue that follows it.
      const at = find('MIX');
      const next = events.findIndex((event, i) => i > at && event.kind === 'issue');
      const [issue] = events.splice(next, 1);
      events.splice(at + 1, 0, issue!);
      return events;
    });
    expect(comparison.difference).toBeNull();
  });

  it.each(['WEIGHT', 'CUT', 'RUN', 'SCORE', 'MIX', 'PASS'])('shows a wrong value at its %s', (opcode) => {
    const at = find(opcode, true);
    const comparison = traced((events) => {
      const event = events[at + 1]!;
      if (event.kind === 'issue') throw new Error('no value');
      const wrong = event.values.length === 1 ? 0 : 2;
      events[at + 1] = {
        ...event,
        values: event.values.map((value, i) => (i === wrong ? value ^ 1 : value)),
      } as TraceEvent;
      return events;
    });
    const { position, layer, instruction, element, golden, actual } = comparison.difference!;
    expect([position, layer]).toEqual([1, config.layers - 1]);
    expect(instruction.startsWith(opcode)).toBe(true);
    expect(element).toBe(opcode === 'RUN' || opcode === 'SCORE' ? 0 : 2);
    expect(golden).not.toBe(actual);
    expect(describeDifference(comparison.difference!)).toContain(
      `element ${element}: interpreter ${golden}, accelerator ${actual}`,
    );
  });

  it('shows what is missing, what nobody writes, and another order', () => {
    const at = find('WEIGHT');
    const end = steps[1]!.findIndex((event, i) => i > at && event.kind === 'issue');
    const last = steps[1]!.map(({ kind }) => kind).lastIndexOf('vector');
    const missing = traced((events) => events.filter((_, i) => i !== last)).difference!;
    expect([missing.what, missing.actual, missing.layer]).toEqual(['missing', null, config.layers - 1]);
    const extra: TraceEvent = { kind: 'vector', address: 0xfff, values: new Int32Array(4) };
    const unexpected = traced((events) => [...events.slice(0, end), extra, ...events.slice(end)]).difference!;
    expect([unexpected.what, unexpected.actual]).toEqual(['unexpected', 0xfff]);
    const order = traced((events) => events.filter((_, i) => i !== at)).difference!;
    expect(order.what).toBe('order');
    const ended = traced((events) => events.slice(0, -1)).difference!;
    expect([ended.what, ended.actual]).toEqual(['order', null]);
  });
});

describe('events of the harness', () => {
  it('are read as they are written', () => {
    const bytes = [
      [1, 0x34, 0x12, 3, 0xff, 0],
      [2, 7, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
      [3, 2, 0xfe, 0xff, 5, 0],
      [4, 0, 0, 0, 0x80],
      [5, 3, 0, 0, 0],
    ].flat();
    expect([...traceEvents(Uint8Array.from(bytes), { values: 2, drain: 1 })]).toEqual([
      { kind: 'issue', entry: 0x1234, layer: 3, position: 255 },
      { kind: 'vector', address: 7, values: Int32Array.of(1, -1) },
      { kind: 'mantissas', space: 2, values: Int16Array.of(-2, 5) },
      { kind: 'results', values: Int32Array.of(-0x80000000) },
      { kind: 'scores', values: Int32Array.of(3) },
    ]);
    expect(() => [...traceEvents(Uint8Array.of(9), { values: 2, drain: 1 })]).toThrow('no trace event 9');
    expect(() => [...traceEvents(Uint8Array.of(4, 0), { values: 2, drain: 1 })]).toThrow(RangeError);
  });
});
