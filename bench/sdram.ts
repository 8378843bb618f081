/** npm run bench -- sdram [words]: SDRAM beats used while weights stream, at several clocks, in simulation and as predicted. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeightStreamTimes } from '../generator/sizing/sdram.js';
import { caseParameters, compileSdramBench, PART, streamsOf } from '../test/rtl/sdram/bench.js';

const WORD_BYTES = 96;

export function main(words = 4000): void {
  const beats = (words * WORD_BYTES) / 2;
  console.log(`${beats} beats of 16 bits in sequence, from start to the last word; refresh and row changes included`);
  const folder = mkdtempSync(join(tmpdir(), 'sdq-sdram-'));
  try {
    for (const clockHz of [25e6, 50e6, 80e6, 100e6, 133e6]) {
      const sdramCase = { part: PART, clockHz, wordBytes: WORD_BYTES };
      const { stdout, stderr } = compileSdramBench(folder, sdramCase).run({ stream: words });
      const [stream] = streamsOf(stdout);
      if (stream === undefined) throw new Error(stderr || stdout);
      const times = new WeightStreamTimes(caseParameters(sdramCase), 0);
      let predicted = 0;
      for (let k = 0; k < words; k++) predicted = times.next(predicted + 1);
      const share = ((100 * beats) / stream.cycles).toFixed(2);
      console.log(
        `${clockHz / 1e6} MHz: ${stream.cycles} cycles (predicted ${predicted}), ${share} % of the beats used`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
