import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, symbolsPerRow } from '../../generator/plan/blocks.js';
import { memoryMap } from '../../generator/sizing/memory.js';
import { tileLinear } from '../../generator/sizing/tile.js';
import { type CocotbOptions, runCocotb } from '../../sim/cocotb-bridge/src/run.js';
import { ROOT, rtlFolders } from '../rtl/bench.js';
import { linearOf } from '../rtl/engine/vectors.js';
import { session, smallAccelerator } from '../rtl/top/session.js';
import { cocotbSetup } from '../support/cocotb.js';
import { fabricateLinearWeights } from '../support/golden-models.js';
import { Random } from '../support/golden-random.js';
import { lacks, SKIPPED } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

const { detection, env } = await cocotbSetup();
const simulators = detection.available ? detection.simulators : [];
if (detection.available) for (const reason of detection.unsuitable) console.warn(`${SKIPPED}cocotb: ${reason}`);
const cocotb = detection.available ? null : `cocotb cannot run: ${detection.reason}`;

/** Each seed is logged in the test's name. */
const SEED = 50;

/** The modules that simulators without the boards' primitives take. */
const library = rtlFolders().flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.v') && !/^sdq_(pll|sdram_pins)_/.test(file))
    .map((file) => join(folder, file)),
);

const common = { testDirs: [join(ROOT, 'test/cocotb')], seed: SEED, env, detection } satisfies Partial<CocotbOptions>;

async function expectPassed(options: CocotbOptions, tests: number): Promise<void> {
  const result = await runCocotb(options);
  expect(result, JSON.stringify(result, null, 2)).toMatchObject({ status: 'passed' });
  if (result.status !== 'skipped') expect(result.tests).toHaveLength(tests);
}

/** The beats of a linear as the host lays it out, each with its sums by definition. */
function beatsOf(lanes: number, rows: number) {
  const random = new Random(SEED);
  const linear = linearOf({ rows: rows + 2, cols: 108, block: 64, samples: 160 });
  const plan = { linears: [linear], array: { lanes, rows }, memory: memoryMap([linear], { lanes, rows }) };
  const quantized = fabricateLinearWeights(linear, random);
  const { stride, wordBytes } = plan.memory.weights;
  const [weights] = tileLinear(plan, 0, quantized);
  const perRow = symbolsPerRow(linear);
  const hex = (bytes: Iterable<number>): string =>
    Array.from(bytes, (byte) => (byte & 0xff).toString(16).padStart(2, '0'))
      .reverse()
      .join('');
  const beats: { word: string; activations: string; last: boolean; lastLane: number; sums: number[] }[] = [];
  for (const { samples, symbolOffset } of blocksOf(linear)) {
    const values = Array.from({ length: samples }, () => random.integer(-128, 127));
    for (let group = 0; group < linear.rows; group += rows) {
      for (let first = 0; first < samples; first += lanes) {
        const at = beats.length * stride;
        const used = Math.min(lanes, samples - first);
        beats.push({
          word: hex(weights!.bytes.subarray(at, at + wordBytes)),
          // What stands in lanes that are not in use must not count.
          activations: hex(Array.from({ length: lanes }, (_, l) => values[first + l] ?? random.integer(-128, 127))),
          last: first + lanes >= samples,
          lastLane: used - 1,
          sums: Array.from({ length: rows }, (_, r) => {
            let sum = 0;
            if (group + r >= linear.rows) return 0;
            for (let l = 0; l < used; l++) {
              sum += quantized.symbols[(group + r) * perRow + symbolOffset + first + l]! * values[first + l]!;
            }
            return sum;
          }),
        });
      }
    }
  }
  return beats;
}

describe.skipIf(lacks(cocotb))('cocotb', () => {
  const folder = tempDirectory();
  const [lanes, rows] = [8, 10];

  const array = (signTree: number): Omit<CocotbOptions, 'buildDir' | 'sources'> => ({
    ...common,
    toplevel: 'sdq_mac_array',
    testModule: 'test_mac_array',
    parameters: { LANES: lanes, LEVELS: 3, ROWS: rows, WEIGHT_BYTES: 16, SUM_WIDTH: 11, SIGN_TREE: signTree },
    oracle: {
      shape: () => ({ levels: 3, rows, sumWidth: 11, signTree }),
      beats: () => beatsOf(lanes, rows),
    },
  });

  describe.each(simulators)('on $name $version', ({ name: simulator }) => {
    it.each([0, 1])(`plays a linear to the array, sign tree %i (seed ${SEED})`, async (signTree) => {
      const buildDir = join(folder, `array-${simulator}-${signTree}`);
      await expectPassed({ ...array(signTree), sources: library, simulator, buildDir }, 1);
    });

    it(`holds a session with the generated top (seed ${SEED})`, async () => {
      const build = join(folder, `top-${simulator}`);
      const { made, verilog } = smallAccelerator(build);
      const exchanges = session(made, [0, 3]);
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
      const at = (params: unknown) => exchanges[(params as { index: number }).index]!;
      const options: CocotbOptions = {
        ...common,
        simulator,
        toplevel: 'sdq_top',
        testModule: 'test_top',
        sources: verilog.map((file) => join(build, file)),
        buildDir: join(folder, `cocotb-top-${simulator}`),
        oracle: {
          count: () => exchanges.length,
          request: (params) => hex(at(params).request),
          answer: (params) => hex(at(params).answer),
        },
      };
      await expectPassed(options, 2);
    });
  });

  it('is seen to fail: an array that drops a carry', async () => {
    const source = join(ROOT, 'rtl/array/sdq_adder_node.v');
    const text = readFileSync(source, 'utf8');
    const broken = join(folder, 'sdq_adder_node.v');
    writeFileSync(broken, text.replace('sign_o <= right_sign_i', "sign_o <= 1'b0"));
    expect(readFileSync(broken, 'utf8')).not.toBe(text);
    const sources = library.map((file) => (file === source ? broken : file));
    const result = await runCocotb({ ...array(0), sources, buildDir: join(folder, 'broken') });
    expect(result).toMatchObject({ status: 'failed' });
    if (result.status !== 'skipped') expect(result.output).toMatch(/AssertionError: beat \d+: \[.*\], not \[.*\]/);
  });
});
