import { describe, expect, it } from 'vitest';
import { resultParameters } from '../generator/sizing/geometry.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { OVERLAP_CASES } from './rtl/engine/cases.js';
import { engineVerilog, runEngine } from './rtl/engine/icarus.js';
import { caseParameters, type EngineRun, engineWork } from './rtl/engine/vectors.js';
import { icarus, lacks } from './support/needs.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const SEED = 60;
const TARGETS = [
  { lutInputs: 4, memoryByteBits: 8 },
  { lutInputs: 6, memoryByteBits: 9 },
] as const;

/** Cycles of requests, first and last results, as engine_tb.v prints them. */
interface Times {
  readonly run: readonly number[];
  readonly first: readonly number[];
  readonly done: readonly number[];
}

function timesOf(output: string): Times {
  const cycles = (what: string): number[] =>
    [...output.matchAll(new RegExp(`^${what} (\\d+)$`, 'gm'))].map(([, cycle]) => Number(cycle));
  return { run: cycles('run'), first: cycles('first'), done: cycles('done') };
}

/** From the last result of a linear to the first one of the next, if that waits. */
const READ_CYCLES = 7;

/** When a run is taken that is offered at once, and when its first result comes, by what was before. */
function expectedTimes(runs: readonly EngineRun[], i: number, { run, done }: Times) {
  const before = i === 0 ? 0 : run[i - 1]! + runs[i - 1]!.occupied;
  const bank = i < 2 ? 0 : done[i - 2]! + 1;
  const read = i === 0 ? 0 : done[i - 1]! + READ_CYCLES;
  return { taken: Math.max(before, bank), first: Math.max(run[i]! + runs[i]!.cycles, read) };
}

describe.skipIf(lacks(icarus))('sdq_engine with two banks', () => {
  const directory = tempDirectory();

  it.each(OVERLAP_CASES.map((engineCase, i) => [engineCase.name, engineCase, i] as const))(
    `computes %s (seeds from ${SEED})`,
    (_, engineCase, i) => {
      const target = TARGETS[i % 2]!;
      const seed = SEED + i;
      // As fast as it goes: requests and results in the cycles that are predicted.
      const fast = { seed, stall: 0, idle: 0, times: true };
      const output = runEngine(directory, engineCase, target, uniform(seed), fast);
      expect(output).toMatch(/^PASS /m);
      const { runs } = engineWork(engineCase, uniform(seed));
      const times = timesOf(output);
      expect([times.run.length, times.first.length, times.done.length]).toEqual(
        runs.map(() => runs.length).slice(0, 3),
      );
      runs.forEach(({ follows }, r) => {
        const { taken, first } = expectedTimes(runs, r, times);
        expect(times.first[r]).toBe(first);
        if (follows) expect(times.run[r]).toBe(taken);
      });
      // With a reader that is slow.
      const slow = { seed, stall: [30, 80, 90][i % 3]!, idle: [30, 0][i % 2]! };
      expect(runEngine(directory, engineCase, target, uniform(seed + 100), slow)).toMatch(/^PASS /m);
    },
  );

  it.each(OVERLAP_CASES.filter((_, i) => i % 4 === 0).map((engineCase) => [engineCase.name, engineCase] as const))(
    'is clean for verilator -Wall: %s',
    async (_, engineCase) => {
      const params = caseParameters(engineCase, TARGETS[0]);
      const { ok, output } = await lint({ files: engineVerilog(), top: 'sdq_engine', params });
      expect(output).toBe('');
      expect(ok).toBe(true);
    },
  );

  it('refuses a number of results that its words do not give', () => {
    expect(() => resultParameters({ units: 5 }, { banks: 2, results: 2 })).toThrow(/2 results at a time .* of 5/);
  });
});
