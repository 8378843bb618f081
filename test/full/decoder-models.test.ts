import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cached } from '../../generator/image/image.js';
import { openImage } from '../../generator/image/node/open-image.js';
import { shapeConfig } from '../../generator/model/shapes.js';
import { compileProgram } from '../../generator/schedule/compile.js';
import { machineOf } from '../../generator/schedule/machine.js';
import { parameterImage } from '../../generator/schedule/parameters.js';
import { IntegerDecoder } from '../../sim/golden/decoder.js';
import { Interpreter } from '../../sim/golden/machine/interpreter.js';
import { GoldenArray } from '../../sim/golden/machine/run.js';
import { argmax } from '../../sim/golden/ops.js';
import { runGolden } from '../../sim/golden/run.js';
import { sdqJson } from '../support/cli.js';
import { fabricateModel, fabricatePlan } from '../support/golden-models.js';
import { data, lacks } from '../support/needs.js';
import { examplePath, sharedPath } from '../support/shared.js';
import { tempDirectory } from '../support/temp.js';

/** Tokens that are generated. */
const TOKENS = 64;

const MODELS = [
  { name: 'tiny-llama', path: examplePath('tiny-llama'), needs: [] },
  { name: 'tiny-opt', path: examplePath('tiny-opt'), needs: [] },
  { name: 'stories260K', path: sharedPath('models/stories260K/stories260K.bin'), needs: [data('models/stories260K')] },
];
const CASES = MODELS.flatMap((model) => [
  { ...model, what: 'ternary', options: [] },
  { ...model, what: 'binary', options: ['--alphabet', 'binary'] },
  { ...model, what: 'head in SDQ', options: ['--head-osr', '3'] },
]);
const folder = tempDirectory();

describe.each(CASES)('$name, $what, as a program of the device', ({ name, path, needs, what, options }) => {
  it.skipIf(lacks(...needs))('generates what the golden decoder generates, with the same logits', async () => {
    const [plan, weights] = ['plan.json', 'weights.sdq'].map((file) => join(folder, `${name}-${what}-${file}`)) as [
      string,
      string,
    ];
    await sdqJson(['plan', path, '-o', plan, '--osr', '2', ...options]);
    await sdqJson(['quantize', path, '--plan', plan, '-o', weights, '--effort', '1']);
    const image = openImage(weights);
    const model = image.integerModel();
    const linears = cached(image);
    const machine = machineOf(model.plan, { values: 4, attention: 8, drain: 1, banks: 2 });
    const parameters = parameterImage(model, machine);
    const interpreter = new Interpreter(compileProgram(model, machine), machine, model.tables, parameters);
    const array = new GoldenArray(model, linears);
    const golden = new IntegerDecoder(model);
    let token = model.config.bos;
    for (let position = 0; position < TOKENS; position++) {
      const logits = runGolden(golden.step(token), linears);
      const answer = array.finish(interpreter.step(token, position));
      expect(answer.logits).toEqual(logits);
      expect(answer.best).toBe(argmax(logits));
      token = answer.best;
    }
  });
});

describe('a model of random symbols in the shape of stories15M, its head in SDQ', () => {
  it('is computed by the program of the device as by the golden decoder', () => {
    const plan = fabricatePlan(shapeConfig('stories15M'), {
      ...{ sdqHead: true, block: 128, samples: (_, block) => 2 * block, gain: () => 0 },
      ...{ lanes: 32, arrayRows: 10, frameUnit: 32 },
    });
    const { model, weights } = fabricateModel(plan);
    const machine = machineOf(plan, { values: 8, attention: 24, drain: 2, banks: 2 });
    const parameters = parameterImage(model, machine);
    const interpreter = new Interpreter(compileProgram(model, machine), machine, model.tables, parameters);
    const array = new GoldenArray(model, weights);
    const golden = new IntegerDecoder(model);
    let token = model.config.bos;
    for (let position = 0; position < 3; position++) {
      const { logits, best } = array.finish(interpreter.step(token, position));
      // Element by element would take seconds.
      expect(logits.join()).toBe(runGolden(golden.step(token), weights).join());
      expect(new Set(logits).size).toBeGreaterThan(1000);
      token = best;
    }
  });
});
