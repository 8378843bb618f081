/** Runs sdram_tb.v in Icarus Verilog. */

import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../generator/node/package-root.js';
import { log2Exact, nextPowerOfTwo } from '../../../generator/sizing/integers.js';
import {
  type SdramPart,
  sdramModelParameters,
  sdramParameters,
  streamParameters,
} from '../../../generator/sizing/sdram.js';
import type { Bench } from '../bench.js';

const ROOT = packageRoot();

/** A 32 MB part of the speed that the slowest of the usual ones have. */
export const PART: SdramPart = {
  rowWidth: 13,
  columnWidth: 9,
  casLatency: 2,
  retentionMicroseconds: 64000,
  powerUpMicroseconds: 200,
  ns: { rcd: 20, rp: 20, ras: 45, rc: 65, rrd: 15, rfc: 66, wr: 15 },
};

/** The same with a quarter of its rows and a short power-up time, for simulations that should be short. */
export const SMALL_PART: SdramPart = {
  ...PART,
  rowWidth: 11,
  retentionMicroseconds: 16000,
  powerUpMicroseconds: 20,
};

export const RTL: readonly string[] = [
  ...readdirSync(join(ROOT, 'rtl/sdram'))
    .filter((file) => file.endsWith('.v'))
    .map((file) => join(ROOT, 'rtl/sdram', file)),
  join(ROOT, 'rtl/memory/sdq_ram_1r1w.v'),
];
export const MODEL = join(ROOT, 'sim/sdram/sdq_sdram_model.v');

export interface SdramCase {
  readonly part: SdramPart;
  readonly clockHz: number;
  readonly wordBytes: number;
  /** Beats of the FIFO; a power of two. */
  readonly depth?: number;
}

/** The parameters of sdq_sdram_weights for a case, its address widths aside. */
export function caseParameters({ part, clockHz, wordBytes, depth }: SdramCase): Record<string, number> {
  return {
    ...sdramParameters(part, clockHz),
    ...streamParameters(wordBytes),
    ...(depth === undefined ? {} : { DEPTH: depth, DEPTH_WIDTH: log2Exact(depth) }),
  };
}

export interface Compiled {
  /** Plays with plusargs. */
  run(plusargs: Readonly<Record<string, number>>): { readonly stdout: string; readonly stderr: string };
}

/** Parameters of sdram_tb for a case, `changes` aside those that the part asks for. */
function benchParameters(sdramCase: SdramCase, changes: Readonly<Record<string, number>>): Record<string, number> {
  const model = Object.entries(sdramModelParameters(sdramCase.part, sdramCase.clockHz))
    .filter(([name]) => name.startsWith('T_'))
    .map(([name, value]) => [`MODEL_${name}`, value] as const);
  return {
    ...caseParameters(sdramCase),
    ...Object.fromEntries(model),
    BYTE_INDEX_WIDTH: log2Exact(nextPowerOfTwo(sdramCase.wordBytes)),
    ...changes,
  };
}

const SOURCES = [MODEL, join(ROOT, 'test/rtl/sdram/sdram_tb.v')];

/** The bench of a case as a bench among others: it passes without a complaint of the memory's model. */
export function sdramBench(
  sdramCase: SdramCase,
  changes: Readonly<Record<string, number>>,
  plusargs: Readonly<Record<string, number>>,
): Bench {
  const { clockHz, part, wordBytes } = sdramCase;
  return {
    name: `sdram_tb, ${clockHz / 1e6} MHz, CL ${part.casLatency}, words of ${wordBytes} bytes`,
    top: 'sdram_tb',
    sources: SOURCES,
    parameters: benchParameters(sdramCase, changes),
    plusargs,
    passes: (output) => /^PASS$/m.test(output) && !/sdq_sdram_model: /.test(output),
  };
}

/**
 * Compiles the bench for a case.
 *
 * @param changes parameters of the controller that differ from what the part asks for
 * @param verilog replaces the design's files
 */
export function compileSdramBench(
  directory: string,
  sdramCase: SdramCase,
  changes: Readonly<Record<string, number>> = {},
  verilog: readonly string[] = RTL,
): Compiled {
  const parameters = benchParameters(sdramCase, changes);
  const program = join(directory, `sdram-${Object.values(parameters).join('-')}.vvp`);
  execFileSync('iverilog', [
    ...['-g2005', '-Wall', '-s', 'sdram_tb', '-o', program],
    ...Object.entries(parameters).map(([name, value]) => `-Psdram_tb.${name}=${value}`),
    ...[...verilog, ...SOURCES],
  ]);
  return {
    run(plusargs) {
      const words = Object.entries(plusargs).map(([name, value]) => `+${name}=${value}`);
      const { stdout, stderr } = spawnSync('vvp', ['-n', program, ...words], { encoding: 'utf8', maxBuffer: 1 << 26 });
      return { stdout, stderr };
    },
  };
}

/** Words and cycles of the streams that a run has printed. */
export function streamsOf(
  stdout: string,
): { readonly words: number; readonly first: number; readonly cycles: number }[] {
  return [...stdout.matchAll(/^STREAM (\d+) (\d+) (\d+)$/gm)].map((match) => ({
    first: Number(match[1]),
    words: Number(match[2]),
    cycles: Number(match[3]),
  }));
}
