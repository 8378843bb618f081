import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../generator/model/types.js';
import { compileProgram } from '../generator/schedule/compile.js';
import { assemble, decode } from '../generator/schedule/instructions.js';
import { type MachineWidths, machineOf } from '../generator/schedule/machine.js';
import { parameterImage } from '../generator/schedule/parameters.js';
import { IntegerDecoder } from '../sim/golden/decoder.js';
import { Interpreter } from '../sim/golden/machine/interpreter.js';
import { GoldenArray } from '../sim/golden/machine/run.js';
import { argmax } from '../sim/golden/ops.js';
import { goldenLinear, runGolden } from '../sim/golden/run.js';
import {
  type FabricatedModel,
  fabricateModel,
  fabricatePlan,
  llamaConfig,
  optConfig,
  optPostNormConfig,
} from './support/golden-models.js';
import { Random } from './support/golden-random.js';

const CONFIGS: readonly ModelConfig[] = [
  llamaConfig(),
  llamaConfig({ name: 'llama with an untied head and equal heads', tiedHead: false, kvHeads: 4 }),
  optConfig(),
  optConfig({ name: 'opt with one layer and no final norm', layers: 1, finalNorm: false }),
  optPostNormConfig(),
];
const WIDTHS: readonly MachineWidths[] = [
  { values: 2, attention: 2, drain: 1, banks: 2 },
  { values: 4, attention: 16, drain: 2, banks: 2 },
  { values: 8, attention: 8, drain: 8, banks: 2 },
];
/** Vocabularies of several groups of rows, the last of them smaller. */
const HEAD_CONFIGS: readonly ModelConfig[] = [
  llamaConfig({ name: 'llama with its head on the array', vocab: 250 }),
  optPostNormConfig({ name: 'opt with projections and its head on the array', vocab: 300 }),
];
const CASES = [
  ...CONFIGS.map((config) => ({ config, sdqHead: false })),
  ...HEAD_CONFIGS.map((config) => ({ config, sdqHead: true })),
].flatMap((model) =>
  (['ternary', 'binary'] as const).flatMap((alphabet) => WIDTHS.map((widths) => ({ ...model, alphabet, widths }))),
);

/** Element by element would take seconds. */
function expectEqual(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(Array.from(actual).join()).toBe(Array.from(expected).join());
}

/** The program, read back from its words. */
function prepare({ model }: FabricatedModel, widths: MachineWidths) {
  const machine = machineOf(model.plan, widths);
  const program = compileProgram(model, machine);
  const assembly = assemble(program, machine, model.plan);
  const decoded = { ...program, instructions: assembly.words.map((word) => decode(word, assembly)) };
  return { machine, program, decoded, assembly };
}

describe.each(CASES)('$config.name, $alphabet, $widths.values elements', ({ config, sdqHead, alphabet, widths }) => {
  const fabricated = fabricateModel(fabricatePlan(config, { alphabet, sdqHead }), 7);
  const { model, weights } = fabricated;
  const { machine, program, decoded, assembly } = prepare(fabricated, widths);

  it('runs what the integer decoder runs, on the same vectors, to the same logits', () => {
    const golden = new IntegerDecoder(model);
    const interpreter = new Interpreter(decoded, machine, model.tables, parameterImage(model, machine));
    const random = new Random(3);
    let runs = 0;
    // The second sequence finds the caches of the first.
    for (const length of [config.context, 3]) {
      golden.reset();
      for (let position = 0; position < length; position++) {
        const token = random.integer(0, config.vocab - 1);
        const expected = golden.step(token);
        const actual = interpreter.step(token, position);
        let [call, run] = [expected.next(), actual.next()];
        while (!call.done && !run.done) {
          const { vector } = call.value;
          expect([run.value.index, run.value.shift, run.value.reference]).toEqual([
            call.value.index,
            call.value.shift,
            vector.reference,
          ]);
          const { values, exponents } = run.value.frame;
          expectEqual(values.subarray(0, vector.mantissas.length), vector.mantissas);
          const relative = Int32Array.from(vector.mantissaExponents, (_, b) => exponents[b]! - vector.reference);
          expectEqual(relative, vector.mantissaExponents);
          const results = goldenLinear(call.value, weights);
          runs++;
          // The decoder works on what it is given.
          [call, run] = [expected.next(results.slice()), actual.next(results)];
        }
        if (!call.done || !run.done) throw new Error('one of the decoders ends before the other');
        expectEqual(run.value.logits, call.value);
        expect(run.value.best).toBe(argmax(call.value));
      }
    }
    expect(runs).toBe((config.context + 3) * model.plan.linears.length);
  });

  it('has words that do not depend on parameters', () => {
    const exponents = model.exponents.map((exponent) => exponent + 1);
    const embedding = { ...model.embedding, exponent: model.embedding.exponent - 1 };
    const other = assemble(compileProgram({ ...model, exponents, embedding }, machine), machine, model.plan);
    expect(other.words).toEqual(assembly.words);
    const rowShift = model.plan.linears.length;
    const finals = assembly.constants.subarray(0, rowShift);
    expect(other.constants.subarray(0, rowShift)).toEqual(finals.map((final) => final - 1));
    expect(other.constants[rowShift]).toBe(assembly.constants[rowShift]! + 1);
  });

  it('has words that are read back as they were written', () => {
    expect(decoded.instructions).toEqual(program.instructions);
    for (const word of assembly.words) expect(word >> BigInt(assembly.encoding.word)).toBe(0n);
  });
});

describe('decoder by itself', () => {
  const { model, weights } = fabricateModel(fabricatePlan(llamaConfig()), 5);

  it('frames its vectors as the golden decoder does, and generates the same tokens', () => {
    const { machine, decoded } = prepare({ model, linears: [], weights }, WIDTHS[1]!);
    const interpreter = new Interpreter(decoded, machine, model.tables, parameterImage(model, machine));
    const array = new GoldenArray(model, weights);
    const golden = new IntegerDecoder(model);
    let token = 3;
    for (let position = 0; position < model.config.context; position++) {
      const logits = runGolden(golden.step(token), weights);
      const answer = array.finish(interpreter.step(token, position));
      expectEqual(answer.logits, logits);
      token = answer.best;
    }
  });

  it('is refused where it cannot be built', () => {
    const fourier = fabricatePlan(llamaConfig(), { frame: 'fourier' });
    expect(() => machineOf(fourier, WIDTHS[0]!)).toThrow('frame fourier');
    const wide: MachineWidths = { values: 8, attention: 24, drain: 1, banks: 2 };
    expect(() => machineOf(model.plan, wide)).toThrow('24 multipliers for attention do not divide heads of 16');
  });
});
