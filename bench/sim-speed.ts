/**
 * npm run bench -- sim-speed [pairs]: simulated cycles per second through the harness, and in a loop that does nothing
 * but clock the same model with the same bytes. The ratio is that of processor time, which a loaded machine disturbs least.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '@fpga/verilator-bin';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { openImage } from '../generator/image/node/open-image.js';
import { simulate } from '../sim/harness/node/simulate.js';
import { buildSimulator, readBuildFolder, TOP_MODULE } from '../sim/harness/node/simulator.js';
import {
  chunksOf,
  type Replay,
  recordingSimulator,
  replayBare,
  replayThroughHarness,
  writeSession,
} from './support/session-replay.js';

const MODEL = 'examples/tiny-llama';
const PROMPT = 'Once';
const TOKENS = 4;
const LEAST_RATIO = 0.9;

const perSecond = ({ cycles, seconds }: Replay): number => cycles / seconds;
const perCpuSecond = ({ cycles, cpuSeconds }: Replay): number => cycles / cpuSeconds;

const both = (run: Replay): string => `${perCpuSecond(run).toFixed(0)} (${perSecond(run).toFixed(0)})`;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Prints each pair of runs and the median of their ratios. @param pairs an odd number, so that there is a middle one */
export async function main(pairs = 7): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sdq-sim-speed-'));
  const file = (name: string): string => join(folder, name);
  const sdq = (...args: string[]): void => {
    execFileSync(process.execPath, ['bin/sdq.mjs', ...args], { stdio: 'ignore' });
  };
  try {
    sdq('plan', MODEL, '--osr', '2', '-o', file('plan.json'));
    sdq('quantize', MODEL, '--plan', file('plan.json'), '-o', file('weights.sdq'), '--effort', '1');
    sdq('generate', '--plan', file('plan.json'), '-o', file('build'));
    const build = readBuildFolder(file('build'));
    const harness = await buildSimulator(build, (line) => console.error(line));
    const bare = await compile({
      name: 'bare-loop',
      top: TOP_MODULE,
      verilog: build.verilog,
      cpp: ['bench/support/bare-loop.cpp'],
      log: (line) => console.error(line),
    });

    recordingSimulator(file('recorder'), harness.executable, file('recording'));
    const tokenizer = loadTokenizer(MODEL);
    await simulate(build, file('recorder'), openImage(file('weights.sdq')), tokenizer, {
      prompt: PROMPT,
      maxTokens: TOKENS,
    });
    const chunks = chunksOf(file('recording'));
    const first = await replayThroughHarness(harness.executable, chunks);
    writeSession(file('session'), chunks, first.chunkCycles);
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    console.log(`${MODEL}: ${bytes} bytes in ${chunks.length} chunks, ${first.cycles} cycles, upload included`);
    console.log('cycles per second of processor time (by the clock on the wall), and the ratio of the former:');

    const ratios: number[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Taking turns at being first: what runs beside the benchmark meets both alike.
      const runs = {
        bare: async (): Promise<Replay> => replayBare(bare.executable, file('session')),
        harness: (): Promise<Replay> => replayThroughHarness(harness.executable, chunks),
      };
      const results = new Map<string, Replay>();
      const order = ['bare', 'harness'] as const;
      for (const name of pair % 2 === 0 ? order : [...order].reverse()) results.set(name, await runs[name]());
      const [own, least] = [results.get('harness')!, results.get('bare')!];
      if (own.cycles !== least.cycles || own.answered !== least.answered) {
        throw new Error(`not the same run: ${JSON.stringify({ own, least })}`);
      }
      ratios.push(perCpuSecond(own) / perCpuSecond(least));
      console.log(`harness ${both(own)}, bare loop ${both(least)}: ${ratios.at(-1)!.toFixed(3)}`);
    }
    const ratio = median(ratios);
    console.log(
      `median ratio of ${pairs}: ${ratio.toFixed(3)} (${ratio >= LEAST_RATIO ? 'at least' : 'LESS THAN'} ${LEAST_RATIO})`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
