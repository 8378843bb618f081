import { describe, expect, it } from 'vitest';
import { engineParameters } from '../generator/sizing/geometry.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ENGINE_CASES } from './rtl/engine/cases.js';
import { engineVerilog, runEngine } from './rtl/engine/icarus.js';
import { caseGeometry, caseParameters } from './rtl/engine/vectors.js';
import { icarus, lacks } from './support/needs.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const TARGETS = [
  { lutInputs: 4, memoryByteBits: 8 },
  { lutInputs: 6, memoryByteBits: 9 },
] as const;

/** Each seed is logged in the test's name. */
const SEED = 20;

/** What the targets differ in, the adder tree and the form of its weights, is neither in tables nor in framing. */
const FIRST_TARGET_ONLY = /^tables: |^a linear that is done before|^one framing for three/;

describe.each(TARGETS)('sdq_engine for $lutInputs-input LUTs and $memoryByteBits-bit bytes', (target) => {
  const directory = tempDirectory();

  ENGINE_CASES.forEach((engineCase, i) => {
    if (target !== TARGETS[0] && FIRST_TARGET_ONLY.test(engineCase.name)) return;
    it.skipIf(lacks(icarus))(`computes ${engineCase.name} (seed ${SEED + i})`, () => {
      const stall = [0, 40, 80][i % 3]!;
      const idle = [30, 0][i % 2]!;
      const output = runEngine(directory, engineCase, target, uniform(SEED + i), { seed: SEED + i, stall, idle });
      expect(output).toMatch(/^PASS /);
    });

    it(`is clean for verilator -Wall: ${engineCase.name}`, async () => {
      const params = caseParameters(engineCase, target);
      const { ok, output } = await lint({ files: engineVerilog(), top: 'sdq_engine', params });
      expect(output).toBe('');
      expect(ok).toBe(true);
    });
  });
});

describe('sdq_engine with its weights in memory of one port', () => {
  const target = { lutInputs: 4, memoryByteBits: 8, singlePortRam: { words: 16384, width: 16, count: 4 } } as const;
  const directory = tempDirectory();
  const cases = [0, 3, 6, 11, 12, 15].map((i) => ENGINE_CASES[i]!);

  it.skipIf(lacks(icarus)).each(cases.map((engineCase) => [engineCase.name, engineCase] as const))(
    `computes %s (seed ${SEED})`,
    (_, engineCase) => {
      expect(engineParameters(caseGeometry(engineCase), target).WEIGHT_SINGLE_PORT).toBe(1);
      const output = runEngine(directory, engineCase, target, uniform(SEED), { seed: SEED, stall: 40, idle: 30 });
      expect(output).toMatch(/^PASS /);
    },
  );
});
