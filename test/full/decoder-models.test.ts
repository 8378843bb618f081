import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cached } from '../../generator/image/image.js';
import { openImage } from '../../generator/image/node/open-image.js';
import { compileProgram } from '../../generator/schedule/compile.js';
import { machineOf } from '../../generator/schedule/machine.js';
import { parameterImage } from '../../generator/schedule/parameters.js';
import { IntegerDecoder } from '../../sim/golden/decoder.js';
import { Interpreter } from '../../sim/golden/machine/interpreter.js';
import { GoldenArray } from '../../sim/golden/machine/run.js';
import { argmax } from '../../sim/golden/ops.js';
import { runGolden } from '../../sim/golden/run.js';
import { sdqJson } from '../support/cli.js';
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
const CASES = MODELS.flatMap((model) => (['ternary', 'binary'] as const).map((alphabet) => ({ ...model, alphabet })));
const folder = tempDirectory();

describe.each(CASES)('$name, $alphabet, as a program of the device', ({ name, path, needs, alphabet }) => {
  it.skipIf(lacks(...needs))('generates what the golden decoder generates, with the same logits', async () => {
    const [plan, weights] = ['plan.json', 'weights.sdq'].map((file) => join(folder, `${name}-${alphabet}-${file}`)) as [
      string,
      string,
    ];
    await sdqJson(['plan', path, '-o', plan, '--osr', '2', '--alphabet', alphabet]);
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
