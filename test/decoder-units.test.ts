import { describe, expect, it } from 'vitest';
import type { FieldName, Opcode } from '../generator/schedule/instructions.js';
import { SPACES } from '../generator/schedule/instructions.js';
import { type Machine, machineOf } from '../generator/schedule/machine.js';
import { parameterImage } from '../generator/schedule/parameters.js';
import { Attention } from '../sim/golden/attention.js';
import { fixedPoint } from '../sim/golden/integer.js';
import { DotUnit, MixUnit } from '../sim/golden/machine/attention-units.js';
import { MachineState } from '../sim/golden/machine/state.js';
import { VectorUnit } from '../sim/golden/machine/vector-unit.js';
import { gatedProduct, normalize, normEpsilon } from '../sim/golden/ops.js';
import { fabricateModel, fabricatePlan, llamaConfig, optConfig } from './support/golden-models.js';
import { Random, vectorsOfAllMagnitudes as vectors } from './support/golden-random.js';

/** The units of a machine, to be driven instruction by instruction. */
function rig(config: ReturnType<typeof llamaConfig>) {
  const { model } = fabricateModel(fabricatePlan(config), 3);
  const machine = machineOf(model.plan, { values: 4, attention: 8, drain: 1, banks: 2 });
  const state = new MachineState(machine, parameterImage(model, machine));
  const results: Int32Array[] = [];
  const logits = (): void => {
    throw new Error('no logits are expected');
  };
  const vector = new VectorUnit(machine, model.tables, state, () => results.shift()!, logits);
  const dot = new DotUnit(machine, state, logits);
  const mix = new MixUnit(machine, model.tables, state);
  const instruction = (opcode: Opcode, fields: Partial<Record<FieldName, number>>) => ({ opcode, wait: [], fields });
  const flags = { results: 1, add: 0, biased: 0, rectify: 0, layered: 0, parameters: 0 };
  return {
    model,
    machine,
    state,
    vector: (opcode: Opcode, fields: Partial<Record<FieldName, number>> = {}) =>
      vector.execute(instruction(opcode, fields)),
    dot: (head: number) => dot.execute(instruction('SCORE', { head })),
    mix: (head: number, target: number) => mix.execute(instruction('MIX', { head, target })),
    /** Puts results to the vector RAM as a RUN's are. */
    load: (values: Int32Array, target: number, segment = 0) => {
      results.push(values);
      vector.execute(instruction('PASS', { ...flags, source: 0, target, length: values.length, segment }));
    },
    give: (values: Int32Array) => results.push(values),
    read: (word: number, length: number) => state.vectors.slice(word * machine.widths.values).slice(0, length),
  };
}

const wordOf = (bytes: number, { widths }: Machine): number => bytes / (4 * widths.values);

describe('vector unit', () => {
  it.each([llamaConfig(), optConfig()])('norms as the golden model does, for $architecture', (config) => {
    const { model, machine, vector, load, read } = rig(config);
    const { x, y } = machine.vectors;
    const { dim, normEps } = config;
    const norm = model.layers[0]!.mlpNorm;
    const parameters = wordOf(machine.parameters.mlpNorm, machine);
    for (const input of vectors(dim, new Random(4))) {
      load(input, x);
      vector('MOMENTS', { source: x, length: dim });
      vector('ROOT');
      vector('CENTER', { source: x, target: y, length: dim });
      vector('WEIGHT', { source: y, target: y, length: dim, segment: 0, layered: 1, parameters });
      const expected = normalize(model.tables, norm, input, config.architecture === 'opt', normEpsilon(normEps, dim));
      expect(read(y, dim)).toEqual(expected);
    }
  });

  it('multiplies gates as the golden model does', () => {
    const config = llamaConfig();
    const { model, machine, vector, give, read } = rig(config);
    const { inner } = machine.vectors;
    const length = config.hidden;
    const random = new Random(5);
    const [gates, ups] = [vectors(length, random), vectors(length, random)];
    for (const [i, gate] of gates.entries()) {
      give(gate);
      vector('GATE', { target: inner, length });
      give(ups[i]!);
      vector('PRODUCT', { source: inner, target: inner, length, segment: 0 });
      expect(read(inner, length)).toEqual(gatedProduct(model.tables, gate, ups[i]!));
    }
  });
});

describe('dot and mix units', () => {
  it('attend as the golden model does, whatever the magnitudes', () => {
    const config = llamaConfig({ context: 40 });
    const { model, machine, state, vector, dot, mix, load, read } = rig(config);
    const { heads, kvHeads, headDim, context } = config;
    const attention = (): Attention => new Attention(model.tables, config, fixedPoint(Math.LOG2E / Math.sqrt(headDim)));
    const random = new Random(6);
    const places = machine.vectors;
    const pick = (length: number, most: number): Int32Array => {
      const choices = vectors(length, random).filter((x) => Math.max(...x.map(Math.abs)) <= most);
      return choices[random.integer(0, choices.length - 1)]!;
    };
    const sequence = (most: number, from = 0) =>
      Array.from({ length: context - from }, (_, i) => ({ most, position: from + i }));
    // The second sequence is small, and finds the caches and exponents of the first. The third goes back to an earlier
    // position, after large vectors that must be forgotten.
    const steps = [
      ...sequence(2147483647),
      ...sequence(30),
      ...sequence(2147483647, 9).slice(0, 4),
      ...sequence(30, 8),
    ];
    let golden = attention();
    for (const { most, position } of steps) {
      if (position === 0) golden = attention();
      const [q, k, v] = [heads, kvHeads, kvHeads].map((count) => pick(count * headDim, most)) as [
        Int32Array,
        Int32Array,
        Int32Array,
      ];
      const expected = golden.attend(q, k, v, position);
      state.position = position;
      for (const [values, source, space] of [
        [q, places.q, 'query'],
        [k, places.k, 'keys'],
        [v, places.v, 'values'],
      ] as const) {
        load(values, source, headDim);
        vector('CUT', { source, length: values.length, segment: headDim, space: SPACES.indexOf(space) });
      }
      for (let head = 0; head < heads; head++) {
        dot(head);
        mix(head, places.mixed + (head * headDim) / machine.widths.values);
      }
      expect(read(places.mixed, heads * headDim)).toEqual(expected);
    }
  });
});
