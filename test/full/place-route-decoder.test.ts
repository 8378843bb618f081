import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBoard } from '../../generator/boards/node/load.js';
import { synth } from '../../generator/cli/commands/synth.js';
import { generate } from '../../generator/emit/node/generate.js';
import { openModel } from '../../generator/model/node/open-model.js';
import type { ModelConfig } from '../../generator/model/types.js';
import { buildPlan, planLinears } from '../../generator/plan/build-plan.js';
import { planHash } from '../../generator/plan/hash.js';
import { planProgram } from '../../generator/schedule/program.js';
import { stories260K } from '../rtl/engine/models.js';
import { ecp5Tools, lacks, yosys } from '../support/needs.js';
import { examplePath } from '../support/shared.js';
import { tempDirectory } from '../support/temp.js';

const NAME = 'ulx3s-85f';
/** A quarter of an hour on a core that has nothing else to do. */
const SLOW = { timeout: 3_600_000 };
const directory = tempDirectory();

function bundledConfig(): ModelConfig {
  const source = openModel(examplePath('tiny-llama'));
  source.close();
  return source.config;
}

/** Tokens per second that the device must generate by itself at its last position. The bundled LLaMA reads weights from SDRAM. */
const MODELS: readonly { readonly config: ModelConfig; readonly leastTokensPerSecond: number }[] = [
  { config: { ...stories260K, context: 256 }, leastTokensPerSecond: 1000 },
  { config: bundledConfig(), leastTokensPerSecond: 0 },
];

beforeAll(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe.skipIf(lacks(yosys, ecp5Tools))('the whole decoder for ulx3s-85f', () => {
  it.each(MODELS)(
    'of $config.name at OSR 2 becomes a bitstream that meets the clock',
    SLOW,
    async ({ config, leastTokensPerSecond }) => {
      const board = loadBoard(NAME, 'decoder');
      const options = { alphabet: 'ternary', frame: 'hadamard', block: 64, placement: 'decoder' } as const;
      const linears = planLinears(config, options, () => 2);
      const plan = buildPlan(config, linears, board, 'decoder');
      const folder = join(directory, config.name);
      const { estimate } = generate(plan, planHash(plan), folder);

      const { json, passed } = await synth(folder, { target: 'ecp5', pnr: true });
      const result = json as { luts: number; brams: number; dsps: number; fmaxMHz: number; problem?: string };
      const { luts, brams, dsps, fmaxMHz } = result;
      const last = config.context - 1;
      const cycles = planProgram(plan, board).stepCycles(last);
      const rate = (hz: number): number => Math.round(hz / cycles);
      console.log(
        `${config.name}: ${fmaxMHz} MHz, ${luts} LUTs (estimated ${estimate.luts}), ${brams} block RAMs, ${dsps} multipliers; ` +
          `${cycles} cycles at position ${last}: ${rate(1e6 * fmaxMHz)} tokens/s, at the board's clock ${rate(board.clockHz)}`,
      );
      expect(result.problem).toBeUndefined();
      expect(passed).toBe(true);
      expect(fmaxMHz).toBeGreaterThanOrEqual(board.clockHz / 1e6);
      expect(rate(board.clockHz)).toBeGreaterThanOrEqual(leastTokensPerSecond);
    },
  );
});
