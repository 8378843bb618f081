import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Board } from '../../generator/boards/board.js';
import { synth } from '../../generator/cli/commands/synth.js';
import { generate } from '../../generator/emit/node/generate.js';
import { planHash } from '../../generator/plan/hash.js';
import { memoryMap } from '../../generator/sizing/memory.js';
import { TARGETS, type Target } from '../../generator/synth/targets.js';
import { fabricatePlan, llamaConfig } from '../support/golden-models.js';
import { lacks, yosys } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

type Fabric = Pick<Board, 'lutInputs' | 'memoryByteBits'>;

/** What the families' boards would say of them, and the most LUTs that an addition per clock may take. */
const FAMILIES: Readonly<Record<Target, Fabric & { readonly most: number }>> = {
  ice40: { lutInputs: 4, memoryByteBits: 8, most: 30 },
  ecp5: { lutInputs: 4, memoryByteBits: 9, most: 30 },
  xilinx: { lutInputs: 6, memoryByteBits: 9, most: 15 },
};

/** Put in place of the virtual board's own. */
const fabric = vi.hoisted(() => ({ current: {} }));
vi.mock(import('../../generator/boards/node/load.js'), async (original) => {
  const actual = await original();
  return { ...actual, loadBoard: (name) => ({ ...actual.loadBoard(name), ...fabric.current }) };
});

const sandbox = tempDirectory();

/** Rows enough that the lanes' registers and decoders, which the rows share, weigh as much as in an array of use. */
const ARRAY = { lanes: 32, rows: 10 };

/** A build for a small model, as a board of the family would have it. @returns the folder */
function buildFor(target: Target): string {
  const fabricated = fabricatePlan(llamaConfig({ layers: 1 }), { lanes: ARRAY.lanes, arrayRows: ARRAY.rows });
  const plan = { ...fabricated, memory: memoryMap(fabricated.linears, fabricated.array) };
  const folder = join(sandbox, target);
  fabric.current = FAMILIES[target];
  generate(plan, planHash(plan), folder);
  return folder;
}

describe.skipIf(lacks(yosys))('with the real Yosys', () => {
  // Yosys uses one core, for minutes.
  it.concurrent.each(TARGETS)('synthesises a generated build for %s', async (target) => {
    const { json } = await synth(buildFor(target), { target });
    const result = json as Record<'luts' | 'ffs' | 'brams' | 'lutsPerMac' | 'macsPerClock', number>;
    console.log(`${target}: ${result.luts} LUTs, ${result.lutsPerMac.toFixed(2)} per addition and clock`);
    expect(result.macsPerClock).toBe(ARRAY.lanes * ARRAY.rows);
    expect(result.lutsPerMac).toBeGreaterThan(5);
    expect(result.lutsPerMac).toBeLessThanOrEqual(FAMILIES[target].most);
    expect(result.luts).toBeGreaterThan(result.macsPerClock * result.lutsPerMac);
    expect(result.ffs).toBeGreaterThan(500);
    expect(result.brams).toBeGreaterThan(0);
  });
});
