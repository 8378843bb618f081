import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { linearOf } from './rtl/engine/vectors.js';
import { type FrameCase, frameCaseParameters, frameVerilog, runFrame } from './rtl/frame/icarus.js';
import { icarus, lacks } from './support/needs.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

function frameCase(values: number, lanes: number, block: number, cols: number, samples: number): FrameCase {
  return { values, lanes, linear: linearOf({ rows: 5, cols, block, samples }) };
}

/** Numbers per cycle, lanes, block, columns, samples: what is at a limit of the unit, with whole blocks and tails. */
const CASES: readonly FrameCase[] = [
  frameCase(2, 8, 32, 64, 80),
  frameCase(2, 8, 64, 108, 160),
  frameCase(2, 8, 8, 47, 8),
  frameCase(2, 32, 64, 129, 136),
  frameCase(4, 8, 16, 35, 27),
  frameCase(4, 16, 128, 200, 256),
  frameCase(8, 16, 64, 66, 161),
  frameCase(8, 8, 256, 600, 640),
  frameCase(16, 16, 128, 288, 256),
  frameCase(16, 8, 32, 65, 96),
  frameCase(32, 16, 128, 288, 256),
  frameCase(32, 32, 64, 70, 448),
  frameCase(32, 16, 64, 67, 65),
  frameCase(32, 32, 256, 513, 512),
];

/** Each seed is logged in the test's name. */
const SEED = 40;

describe('sdq_frame_unit', () => {
  const directory = tempDirectory();

  it.skipIf(lacks(icarus))('is seen to fail: with an exponent that is one too small', () => {
    const verilog = frameVerilog().map((file) => {
      if (!file.endsWith('sdq_frame_peak.v')) return file;
      const broken = readFileSync(file, 'utf8').replace("5'd6", "5'd7");
      const copy = join(directory, 'sdq_frame_peak.v');
      writeFileSync(copy, broken);
      return copy;
    });
    expect(runFrame(directory, CASES[0]!, uniform(SEED), verilog)).toMatch(/exponent .*FAIL\n$/s);
  });

  CASES.forEach((c, i) => {
    const { values, lanes, linear } = c;
    const name = `${linear.cols} columns in blocks of ${linear.block}, ${linear.samples} samples, ${values} at once, ${lanes} lanes`;
    it.skipIf(lacks(icarus))(`frames ${name} (seed ${SEED + i})`, () => {
      expect(runFrame(directory, c, uniform(SEED + i))).toMatch(/^PASS /);
    });

    it(`is clean for verilator -Wall: ${name}`, async () => {
      const { output } = await lint({ files: frameVerilog(), top: 'sdq_frame_unit', params: frameCaseParameters(c) });
      expect(output).toBe('');
    });
  });
});
