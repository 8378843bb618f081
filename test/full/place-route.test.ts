import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBoard } from '../../generator/boards/node/load.js';
import { synth } from '../../generator/cli/commands/synth.js';
import { generate } from '../../generator/emit/node/generate.js';
import { buildPlan, planLinears } from '../../generator/plan/build-plan.js';
import { planHash } from '../../generator/plan/hash.js';
import { stories260K } from '../rtl/engine/models.js';
import { ecp5Tools, ice40Tools, lacks, yosys } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

const directory = tempDirectory();

/**
 * The generated top must reach at least this, whatever clock the board's file asks for. At OSR 2 the weights fit the
 * iCEBreaker; at OSR 2.5 the ULX3S frames on the device, which is the harder design.
 */
const BOARDS = [
  { name: 'icebreaker', target: 'ice40', need: ice40Tools, osr: 2, leastMHz: 24 },
  { name: 'ulx3s-85f', target: 'ecp5', need: ecp5Tools, osr: 2.5, leastMHz: 80 },
] as const;

/** What a bitstream of the family has near its beginning. */
const PREAMBLE = { ice40: [0x7e, 0xaa, 0x99, 0x7e], ecp5: [0xff, 0xff, 0xbd, 0xb3] } as const;

beforeAll(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe.each(BOARDS)(
  'the accelerator of stories260K at OSR $osr for $name',
  ({ name, target, need, osr, leastMHz }) => {
    it.skipIf(lacks(yosys, need))('becomes a bitstream that meets the clock', async () => {
      const board = loadBoard(name);
      const options = { alphabet: 'ternary', frame: 'hadamard', block: 64, placement: 'linear' } as const;
      const linears = planLinears(stories260K, options, () => osr);
      const plan = buildPlan(stories260K, linears, board, 'linear');
      if (name === 'ulx3s-85f') expect(plan.array).toHaveProperty('frame');
      const folder = join(directory, name);
      const { estimate } = generate(plan, planHash(plan), folder);

      const { json, passed } = await synth(folder, { target, pnr: true });
      const result = json as {
        luts: number;
        fmaxMHz: number;
        bitstream: string;
        program: string;
        problem?: string;
        cells: Record<string, number>;
      };
      console.log(`${name}: ${result.fmaxMHz} MHz, ${result.luts} LUTs (estimated ${estimate.luts})`);
      expect(result.problem).toBeUndefined();
      expect(passed).toBe(true);
      expect(result.fmaxMHz).toBeGreaterThanOrEqual(Math.max(leastMHz, board.clockHz / 1e6));

      const bitstream = readFileSync(result.bitstream);
      expect(bitstream.subarray(0, 1024).includes(Buffer.from(PREAMBLE[target]))).toBe(true);
      expect(statSync(result.bitstream).size).toBeGreaterThan(50_000);
      expect(result.program).toBe(`openFPGALoader ${board.device!.openFPGALoader.join(' ')} ${result.bitstream}`);
      if (board.singlePortRam !== null) expect(result.cells.SB_SPRAM256KA).toBe(board.singlePortRam.count);
    });
  },
);
