import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { AcceleratorLinears } from '../firmware/session/accelerator-linears.js';
import { Comparison, describeMismatch } from '../firmware/session/compare.js';
import { uploadImages } from '../firmware/session/upload.js';
import { cached } from '../generator/image/image.js';
import { openImage } from '../generator/image/node/open-image.js';
import type { Plan } from '../generator/plan/types.js';
import { type DecoderStep, IntegerDecoder, type LinearCall } from '../sim/golden/decoder.js';
import type { LinearWeights } from '../sim/golden/parameters.js';
import { goldenLinear, runDecoder } from '../sim/golden/run.js';
import { spawnHarness } from '../sim/harness/node/harness.js';
import { buildSimulator, readBuildFolder } from '../sim/harness/node/simulator.js';
import {
  bundled,
  type GoldenRun,
  goldenRun,
  goldenText,
  jsonOf,
  outcomeOf,
  type Prepared,
  prepare,
  refusalOf,
  sdq,
  sdqJson,
  spawnSdq,
  writeSmallModel,
} from './support/cli.js';
import { examplePath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

interface Counts {
  readonly cycles: number;
  readonly beats: number;
  readonly stalls: number;
}

interface Simulated {
  readonly bitExact: boolean;
  readonly cycleExact: boolean;
  readonly linears: readonly {
    readonly runs: number;
    readonly differingRuns: number;
    readonly predicted: Counts;
    readonly simulated: Counts;
  }[];
  readonly compared: number;
  readonly mismatches: number;
  readonly cycles: number;
  readonly cyclesPerToken: number;
  readonly text: string;
}

// Compiling a simulator may take a minute on a busy machine.
const SLOW = { timeout: 600_000 };

const folder = tempDirectory();
const file = (name: string): string => join(folder, name);
let llama: Prepared;

beforeAll(async () => {
  llama = await bundled('tiny-llama');
}, SLOW.timeout);

function copyOfBuild(name: string): string {
  cpSync(llama.build, file(name), { recursive: true });
  return file(name);
}

const simulateArgs = (of: Prepared, prompt: string, tokens: number): string[] => [
  ...['simulate', of.build, '--model', of.model, '--weights', of.weights],
  ...['--prompt', prompt, '--tokens', String(tokens)],
];

/** Simulates and expects what the golden model computes. */
async function expectBitExact(of: Prepared, prompt: string, most: number): Promise<Simulated & GoldenRun> {
  const golden = goldenRun(of, prompt, most);
  const result = await sdqJson<Simulated>(simulateArgs(of, prompt, most));
  expect(result).toMatchObject({ bitExact: true, cycleExact: true, mismatches: 0, text: golden.text });
  for (const { runs, predicted, simulated } of result.linears) {
    expect(runs).toBe(golden.fed);
    expect(simulated).toEqual(predicted);
    expect(simulated.beats).toBeGreaterThan(0);
  }
  expect(result.compared).toBe(golden.fed * golden.rowsPerToken);
  expect(result.cyclesPerToken).toBeCloseTo(result.cycles / golden.tokens, 6);
  return { ...golden, ...result };
}

describe('the generated accelerator computes what the golden model does', () => {
  it('tiny-llama, and takes the same cycles each time', SLOW, async () => {
    const first = await expectBitExact(llama, 'Once upon', 16);
    expect(first.text).not.toBe('');
    const generate = ['generate', '--plan', llama.plan, '-o', file('generated')];
    const { estimate } = await sdqJson<{ estimate: { cyclesPerToken: number } }>(generate);
    // Engine cycles are exact; those of the link depend a little on the data, which are stuffed.
    expect(Math.abs(first.cyclesPerToken / estimate.cyclesPerToken - 1)).toBeLessThan(0.01);
    const short = simulateArgs(llama, '', 1);
    expect(await sdqJson(short)).toEqual(await sdqJson(short));
  });

  it('tiny-llama, with tokens that are drawn', SLOW, async () => {
    const options = [...simulateArgs(llama, 'The', 3), '--temperature', '2', '--seed', '2'];
    const { bitExact, text } = await sdqJson<Simulated>(options);
    expect(bitExact).toBe(true);
    expect(text).toBe(await goldenText(llama, 'The', 3, { temperature: 2, seed: 2 }));
    expect(text).not.toBe(goldenRun(llama, 'The', 3).text);
  });

  it('tiny-opt, whose vectors the device frames', SLOW, async () => {
    const opt = await bundled('tiny-opt');
    const { array } = JSON.parse(readFileSync(opt.plan, 'utf8')) as { array: object };
    expect(array).toHaveProperty('frame');
    await expectBitExact(opt, 'Once upon', 16);
  });

  it('a fourier frame', SLOW, async () => {
    // The published search takes a minute on a bundled model. The last block of 104 columns is padded with zeros.
    const options = ['--frame', 'fourier', '--osr', '1.5', '--uniform'];
    const model = writeSmallModel(file('small'), { num_hidden_layers: 1 });
    const fourier = await prepare(file('fourier'), model, options);
    await expectBitExact(fourier, 'the', 2);

    // Generation ends when the context is full: its last token comes out, but does not go in again.
    const { fed, tokens } = await expectBitExact(fourier, 'the', 100);
    expect([fed, tokens]).toEqual([24, 25]);
  });

  it('with the table engine, and the head on the array', SLOW, async () => {
    const model = writeSmallModel(file('small-tables'), { num_hidden_layers: 1 });
    const options = ['--board', 'sim-lut6', '--engine', 'table', '--osr', '2.5', '--uniform', '--head-osr', '3'];
    const tables = await prepare(file('tables'), model, options);
    const { array, linears } = JSON.parse(readFileSync(tables.plan, 'utf8')) as Plan;
    expect(array).toMatchObject({ engine: 'table' });
    expect(linears.at(-1)).toMatchObject({ role: 'lm_head', layer: 1, osr: 3 });
    await expectBitExact(tables, 'the', 4);
  });

  it('binary symbols', SLOW, async () => {
    const options = ['--alphabet', 'binary', '--osr', '2', '--uniform'];
    await expectBitExact(await prepare(file('binary'), examplePath('tiny-opt'), options), '', 2);
  });
});

describe('the check sees', () => {
  it('a single weight that differs on the accelerator', SLOW, async () => {
    const build = readBuildFolder(llama.build);
    const image = openImage(llama.weights);
    const golden = cached(image);
    const bos = image.plan.model.bos;
    const flip = flipThatShows(new IntegerDecoder(image.integerModel()).step(bos), golden, 3, 7);
    const { executable } = await buildSimulator(build, () => {});
    const harness = spawnHarness(executable);
    const comparison = new Comparison();
    try {
      const device = await Accelerator.open(harness, { planHash: build.planHash, timeoutMs: SLOW.timeout });
      await device.upload(uploadImages(build.plan, flip.weights));
      const accelerator = new AcceleratorLinears(device, build.plan);
      const decoder = new IntegerDecoder(image.integerModel());
      await runDecoder(decoder.step(bos), async (call) => {
        const wanted = goldenLinear(call, golden);
        comparison.add(call, wanted, await accelerator.run(call));
        return wanted;
      });
    } finally {
      await harness.close();
    }
    const { right, wrong } = flip;
    expect(comparison.mismatchCount).toBe(1);
    expect(comparison.mismatches).toEqual([
      { token: 0, layer: 0, linear: 'layers.0.self_attn.o_proj', row: 7, golden: right, actual: wrong },
    ]);
    expect(describeMismatch(comparison.mismatches[0]!)).toBe(
      `token 0, layer 0, layers.0.self_attn.o_proj, row 7: golden ${right}, accelerator ${wrong}`,
    );
  });

  it('an operator changed in the generated Verilog', SLOW, async () => {
    const mutant = { ...llama, build: copyOfBuild('mutant') };
    const unit = join(mutant.build, 'rtl/sdq_scale_unit.v');
    const verilog = readFileSync(unit, 'utf8');
    expect(verilog).toContain('total * scale');
    writeFileSync(unit, verilog.replace('total * scale', 'total - scale'));
    const args = simulateArgs(mutant, '', 1);

    const outcome = await sdq([...args, '--json', '--junit', file('junit.xml')]);
    expect(outcome.code, outcome.stderr).toBe(1);
    const result = jsonOf<Simulated>(outcome);
    expect(result.bitExact).toBe(false);
    expect(result.mismatches).toBeGreaterThan(result.compared / 2);

    const junit = readFileSync(file('junit.xml'), 'utf8');
    expect(junit).toMatch(/^<\?xml .*\n<testsuites name="sdq simulate" tests="56" failures="28" errors="0" /);
    expect(junit).toMatch(
      /<failure message="\d+ of \d+ values differ from the golden model" type="mismatch">token 0, layer 0, layers\./,
    );

    const forPeople = await sdq(args);
    expect(forPeople.code).toBe(1);
    expect(forPeople.stdout).toMatch(
      /\nMISMATCH token 0, layer 0, layers\.0\.self_attn\.q_proj, row \d+: golden -?\d+, accelerator -?\d+\n/,
    );
    expect(forPeople.stdout).toMatch(/\n\.\.\. and \d+ more\n$/);
  });

  it('an array that takes its beats otherwise than predicted, though every value is right', SLOW, async () => {
    const late = { ...llama, build: copyOfBuild('late') };
    const engine = join(late.build, 'rtl/sdq_engine.v');
    const verilog = readFileSync(engine, 'utf8');
    const beat = /assign beat_o +=.*;/;
    expect(verilog).toMatch(beat);
    writeFileSync(engine, verilog.replace(beat, 'assign beat_o = run_valid_i && run_ready_o;'));
    const args = [...simulateArgs(late, '', 1), '--junit', file('late.xml')];

    const outcome = await sdq([...args, '--json']);
    expect(outcome.code, outcome.stderr).toBe(1);
    const result = jsonOf<Simulated>(outcome);
    expect(result).toMatchObject({ bitExact: true, mismatches: 0, cycleExact: false });
    for (const { runs, differingRuns, predicted, simulated } of result.linears) {
      expect(differingRuns).toBe(runs);
      expect(simulated).toMatchObject({ cycles: predicted.cycles, beats: runs });
    }
    expect(readFileSync(file('late.xml'), 'utf8')).toMatch(
      /<testsuites .* tests="56" failures="28" [\s\S]* name="sdq\.simulate\.cycles" tests="28" failures="28"/,
    );
    expect((await sdq(args)).stdout).toMatch(
      /\nDIFFERENT layers\.0\.self_attn\.q_proj, 2 of 2 runs: cycles (\d+) predicted, \1 simulated; beats \d+ predicted, /,
    );
  });

  it('a bit that was damaged in the weights', SLOW, async () => {
    const bytes = readFileSync(llama.weights);
    const symbols = Math.floor(bytes.length / 4);
    bytes[symbols]! ^= 0x10;
    writeFileSync(file('damaged.sdq'), bytes);
    const damaged = { ...llama, weights: file('damaged.sdq') };
    const refusal = refusalOf(await sdq(simulateArgs(damaged, '', 1)), { progress: true });
    expect(refusal).toMatch(/damaged\.sdq is damaged: .*checksum of layers\..* does not match/);
  });
});

describe('sdq simulate', () => {
  it('writes a JUnit report and a trace', SLOW, async () => {
    const build = copyOfBuild('traced');
    const args = [...simulateArgs({ ...llama, build }, '', 1), '--trace', '--junit', file('passed.xml')];
    const result = await sdqJson<Simulated>(args);
    expect(readFileSync(file('passed.xml'), 'utf8')).toMatch(/ tests="56" failures="0" errors="0" skipped="0" /);
    const trace = readFileSync(join(build, 'trace.jsonl'), 'utf8').trimEnd().split('\n');
    const calls = trace.map((line) => JSON.parse(line) as { golden: number[]; accelerator: number[] });
    expect(calls.reduce((sum, { golden }) => sum + golden.length, 0)).toBe(result.compared);
    for (const { golden, accelerator } of calls) expect(accelerator).toEqual(golden);
  });

  it('leaves no trace when it is interrupted', SLOW, async () => {
    const build = copyOfBuild('interrupted');
    const child = spawnSdq([...simulateArgs({ ...llama, build }, '', 200), '--trace']);
    const ended = outcomeOf(child);
    const begun = (): boolean => readdirSync(build).some((name) => name.endsWith('.partial'));
    while (!begun()) await sleep(20);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/\nsdq: interrupted\n$/),
    });
    expect(begun()).toBe(false);
    expect(existsSync(join(build, 'trace.jsonl'))).toBe(false);
  });
});

interface Flip {
  /** The weights with one symbol of the other sign. */
  readonly weights: LinearWeights;
  /** The row's output without and with the flip. */
  readonly right: number;
  readonly wrong: number;
}

/** Flips the first symbol of a linear's row that changes the row's output for a token, which rounding may hide. */
function flipThatShows(step: DecoderStep, golden: LinearWeights, index: number, row: number): Flip {
  let state = step.next();
  while (!state.done && state.value.index !== index) state = step.next(goldenLinear(state.value, golden));
  const call = state.value as LinearCall;
  const right = goldenLinear(call, golden)[row]!;
  const linear = golden.linear(index);
  const perRow = linear.symbols.length / call.linear.rows;
  for (let at = row * perRow; at < (row + 1) * perRow; at++) {
    const symbols = linear.symbols.slice();
    symbols[at] = -symbols[at]!;
    const weights: LinearWeights = { linear: (i) => (i === index ? { ...linear, symbols } : golden.linear(i)) };
    const wrong = goldenLinear(call, weights)[row]!;
    if (wrong !== right) return { weights, right, wrong };
  }
  throw new Error(`no symbol of row ${row} matters`);
}
