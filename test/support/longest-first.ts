/** Starts the test files that take longest first, so that at the end no core waits for one of them. */

import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * By their time, longest first. Vitest knows it from an earlier run; in a fresh clone it goes by the size of files, which
 * says little: those of the engine's benches are small.
 */
const LONG = [
  // npm run test:full.
  ...['place-route-decoder', 'mutation', 'place-route', 'decoder-simulate', 'cost-model', 'formal', 'page-board'],
  // npm test.
  ...[
    'engine',
    'e2e-simulate',
    'cli-plan',
    'decoder-vector-rtl',
    'page',
    'e2e-run',
    'decoder-whole-rtl',
    'cli-contract',
  ],
  ...[
    'cli-errors',
    'engine-overlap',
    'decoder-attention-rtl',
    'array',
    'cocotb-bridge',
    'sdram',
    'integer-nll',
    'emit',
  ],
  ...['quantize-model', 'verilator-bin-compile', 'cli-outputs', 'boards', 'e2e-decoder', 'quantize-refine'],
];

/** All other files after them, in Vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(basename(moduleId, '.test.ts'));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
