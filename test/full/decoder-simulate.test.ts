import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonOf, sdq, sdqJson, writeSmallModel } from '../support/cli.js';
import {
  type DecodedSimulation,
  type PreparedDecoder,
  prepareDecoder,
  simulateArgs,
} from '../support/decoder-simulation.js';
import { data, lacks } from '../support/needs.js';
import { examplePath, sharedPath } from '../support/shared.js';
import { tempDirectory } from '../support/temp.js';

const TOKENS = 64;

const STORIES = 'models/stories260K';
const MODELS = [
  { name: 'tiny-llama', model: examplePath('tiny-llama'), tokenizer: null, needs: [] },
  { name: 'tiny-opt', model: examplePath('tiny-opt'), tokenizer: null, needs: [] },
  {
    name: 'stories260K',
    model: sharedPath(`${STORIES}/stories260K.bin`),
    tokenizer: sharedPath(`${STORIES}/tok512.bin`),
    needs: [data(STORIES)],
  },
];
const CASES = [
  ...MODELS.flatMap((one) => [
    { ...one, what: 'ternary', chosen: [] },
    { ...one, what: 'binary', chosen: ['--alphabet', 'binary'] },
  ]),
  { ...MODELS[2]!, what: 'head in SDQ', chosen: ['--head-osr', '3'] },
];
const folder = tempDirectory();
const file = (name: string): string => join(folder, name);
const SLOW = { timeout: 1_200_000 };

describe.each(CASES)(
  '$name, $what, as a decoder in the simulator',
  ({ name, model, tokenizer, needs, what, chosen }) => {
    it.skipIf(lacks(...needs))(
      'generates 64 tokens as the golden model does, in the predicted cycles',
      SLOW,
      async () => {
        const options = ['--osr', '2', '--uniform', '--context', '128', ...chosen];
        const prepared = await prepareDecoder(file(`${name}-${what}`), { model, tokenizer }, options);
        const prompt = 'Once upon a time';
        const result = await sdqJson<DecodedSimulation>(simulateArgs(prepared, prompt, TOKENS));
        expect(result).toMatchObject({ bitExact: true, cycleExact: true, mismatches: 0, generatedTokens: TOKENS });
        expect(result.steps).toHaveLength(TOKENS);
        expect(result.compared).toBe(TOKENS * (prepared.config.vocab + 3));
        // On two cores that have nothing else to do, 5 or more of stories260K.
        console.log(`${name}, ${what}: ${result.tokensPerSecond.toFixed(1)} tokens per second`);

        const traced = await sdqJson<DecodedSimulation>([...simulateArgs(prepared, prompt, 4), '--trace']);
        expect(traced.trace).toMatchObject({ difference: null });
        expect(traced.trace!.compared).toBeGreaterThan(10_000);
      },
    );
  },
);

/** What is changed in a module, and the instruction whose values show it first. */
const FAULTS = [
  { module: 'sdq_sigmoid.v', from: '.wdata_i(wdata_i)', to: ".wdata_i(wdata_i ^ 16'd64)", opcode: 'GATE' },
  { module: 'sdq_share.v', from: 'AMOUNT = 54', to: 'AMOUNT = 53', opcode: 'MIX' },
] as const;

describe('a fault in the Verilog', () => {
  let small: PreparedDecoder;

  beforeAll(async () => {
    const model = writeSmallModel(file('small'));
    small = await prepareDecoder(file('prepared'), { model }, ['--osr', '2', '--uniform']);
  }, SLOW.timeout);

  it.each(FAULTS)('of $module is shown at $opcode', SLOW, async ({ module, from, to, opcode }) => {
    const build = file(module);
    cpSync(small.build, build, { recursive: true });
    const path = join(build, 'rtl', module);
    const verilog = readFileSync(path, 'utf8');
    expect(verilog).toContain(from);
    writeFileSync(path, verilog.replace(from, to));
    const outcome = await sdq([...simulateArgs(small, 'a b', 4, build), '--trace', file(`${module}.jsonl`), '--json']);
    expect(outcome.code, outcome.stderr).toBe(1);
    const { bitExact, trace } = jsonOf<DecodedSimulation>(outcome);
    expect(bitExact).toBe(false);
    const { instruction, layer, position, golden, actual } = trace!.difference!;
    expect(instruction).toMatch(new RegExp(`^${opcode} `));
    expect([layer, position]).toEqual([0, 0]);
    expect(actual).not.toBe(golden);
  });
});
