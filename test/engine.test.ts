import { describe, expect, it } from 'vitest';
import { runEngine } from './rtl/engine/icarus.js';
import { type EngineCase, linearOf } from './rtl/engine/vectors.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const CASES: readonly EngineCase[] = [
  {
    name: 'stories260K shapes with tails and gains',
    lanes: 32,
    rows: 5,
    linears: [
      linearOf({ rows: 64, cols: 64, block: 64, samples: 160, gainShifts: [0, 0, 1] }),
      linearOf({ rows: 32, cols: 64, block: 64, samples: 128, gainShifts: [0, 0] }),
      linearOf({ rows: 64, cols: 172, block: 64, samples: 160, gainShifts: [0, 1, 2] }),
    ],
  },
];

const TARGETS = [
  { lutInputs: 4, memoryByteBits: 8 },
  { lutInputs: 6, memoryByteBits: 9 },
] as const;

describe('sdq_engine', () => {
  const directory = tempDirectory();
  CASES.forEach((engineCase, i) => {
    for (const target of TARGETS) {
      it(`computes ${engineCase.name}, ${target.lutInputs}-input LUTs`, () => {
        const output = runEngine(directory, engineCase, target, uniform(100 + i), { seed: i, stall: 40, idle: 10 });
        expect(output).toMatch(/^PASS /);
      });
    }
  });
});
