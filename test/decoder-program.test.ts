import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../generator/model/types.js';
import { compileProgram } from '../generator/schedule/compile.js';
import { decode, encode, encodingOf } from '../generator/schedule/instructions.js';
import { machineOf } from '../generator/schedule/machine.js';
import { parameterImage } from '../generator/schedule/parameters.js';
import { IntegerDecoder } from '../sim/golden/decoder.js';
import { Interpreter } from '../sim/golden/machine/interpreter.js';
import { argmax } from '../sim/golden/ops.js';
import { goldenLinear } from '../sim/golden/run.js';
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
const WIDTHS = [
  { values: 1, attention: 1, drain: 1 },
  { values: 4, attention: 16, drain: 2 },
  { values: 8, attention: 8, drain: 8 },
];
const CASES = CONFIGS.flatMap((config) =>
  (['ternary', 'binary'] as const).flatMap((alphabet) => WIDTHS.map((widths) => ({ config, alphabet, widths }))),
);

/** Element by element would take seconds. */
function expectEqual(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(Array.from(actual).join()).toBe(Array.from(expected).join());
}

/** The program, read back from its words. */
function prepare({ model }: FabricatedModel, widths: (typeof WIDTHS)[number]) {
  const machine = machineOf(model.plan, widths);
  const program = compileProgram(model, machine);
  const encoding = encodingOf(machine, model.plan, program.instructions.length);
  const words = program.instructions.map((instruction) => encode(instruction, encoding));
  const decoded = { ...program, instructions: words.map((word) => decode(word, encoding)) };
  return { machine, program, decoded, encoding, words };
}

describe.each(CASES)('$config.name, $alphabet, $widths.values elements', ({ config, alphabet, widths }) => {
  const fabricated = fabricateModel(fabricatePlan(config, { alphabet }), 7);
  const { model, weights } = fabricated;
  const { machine, program, decoded, encoding, words } = prepare(fabricated, widths);

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

  it('has words that are read back as they were written', () => {
    expect(decoded.instructions).toEqual(program.instructions);
    for (const word of words) expect(word >> BigInt(encoding.word)).toBe(0n);
  });
});
