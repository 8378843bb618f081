/**
 * npm run bench -- place-route: the whole decoder of stories260K at OSR 2, with a context of 256, placed and routed for
 * ulx3s-85f: clock, resources, and the tokens per second that the device generates by itself at its last position. It
 * takes Yosys, nextpnr-ecp5 and half an hour or more.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBoard } from '../generator/boards/node/load.js';
import { synth } from '../generator/cli/commands/synth.js';
import { generate } from '../generator/emit/node/generate.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import { planHash } from '../generator/plan/hash.js';
import { planProgram } from '../generator/schedule/program.js';
import { STORIES260K } from './support/decoder-units.js';

/** @param context positions that the device has memory for */
export async function main(context = 256): Promise<void> {
  const board = loadBoard('ulx3s-85f', 'decoder');
  const config = { ...STORIES260K, context };
  const options = { alphabet: 'ternary', frame: 'hadamard', block: 64, placement: 'decoder' } as const;
  const plan = buildPlan(
    config,
    planLinears(config, options, () => 2),
    board,
    'decoder',
  );
  const folder = mkdtempSync(join(tmpdir(), 'sdq-bench-'));
  try {
    const { estimate } = generate(plan, planHash(plan), folder);
    const { json } = await synth(folder, { target: 'ecp5', pnr: true });
    const { luts, brams, dsps, fmaxMHz } = json as Record<'luts' | 'brams' | 'dsps' | 'fmaxMHz', number>;
    const cycles = planProgram(plan, board).stepCycles(context - 1);
    const perSecond = (clock: number): string => (clock / cycles).toFixed(0);
    console.log(`${luts} LUTs (estimated ${estimate.luts}), ${brams} block RAMs, ${dsps} multipliers`);
    console.log(`${fmaxMHz} MHz; the board's file asks for ${board.clockHz / 1e6} MHz`);
    console.log(
      `${cycles} cycles at position ${context - 1}: ${perSecond(1e6 * fmaxMHz)} tokens per second, ` +
        `${perSecond(board.clockHz)} at the board's clock`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
