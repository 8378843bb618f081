/**
 * npm run bench -- utilisation: useful symbols / (cycles · L · R) of a 288 × 288 linear at OSR 2 in blocks of 128, from the
 * request to the first result, with its vector framed already and including framing on the device. Simulated in Icarus Verilog, which
 * compares values and cycles with the prediction.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBoard } from '../generator/boards/node/load.js';
import { sizeArray } from '../generator/sizing/array.js';
import { engineUtilisation, framingCycles, linearCycles } from '../generator/sizing/cycles.js';
import { runEngine } from '../test/rtl/engine/icarus.js';
import { caseGeometry, type EngineCase, linearOf } from '../test/rtl/engine/vectors.js';
import { uniform } from '../test/support/random.js';

const LINEAR = linearOf({ rows: 288, cols: 288, block: 128, samples: 256 });
const TARGET = { lutInputs: 4, memoryByteBits: 9 } as const;

/** Arrays with a frame unit: what sizing chooses for board `sim`, and others of useful size. */
const ARRAYS = [
  { name: 'board sim', ...sizeArray([LINEAR], loadBoard('sim')) },
  { name: '8 × 10', lanes: 8, rows: 10, frame: 8 },
  { name: '8 × 10', lanes: 8, rows: 10, frame: 16 },
  { name: '8 × 15', lanes: 8, rows: 15, frame: 16 },
  { name: '16 × 10', lanes: 16, rows: 10, frame: 16 },
  { name: '16 × 10', lanes: 16, rows: 10, frame: 32 },
  { name: '16 × 15', lanes: 16, rows: 15, frame: 16 },
  { name: '16 × 15', lanes: 16, rows: 15, frame: 32 },
  { name: '32 × 10', lanes: 32, rows: 10, frame: 32 },
  { name: '32 × 15', lanes: 32, rows: 15, frame: 32 },
];

export function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'sdq-utilisation-'));
  try {
    for (const array of ARRAYS) {
      const engineCase: EngineCase = { ...array, linears: [LINEAR] };
      const output = runEngine(folder, engineCase, TARGET, uniform(1), { seed: 1, stall: 0, idle: 0 });
      if (!output.startsWith('PASS')) throw new Error(output);
      const geometry = caseGeometry(engineCase);
      const share = (cycles: number): string =>
        `${cycles} cycles, ${(100 * engineUtilisation(LINEAR, geometry.array, cycles)).toFixed(1)} %`;
      console.log(
        `${array.name}: ${array.lanes} lanes, ${array.rows} rows, ${array.frame ?? 'no'} numbers per cycle framed: ` +
          `framed ${share(linearCycles(LINEAR, geometry))}; with framing ${share(framingCycles([LINEAR], 0, geometry))}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
