import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { synth } from '../../generator/cli/commands/synth.js';
import { findTool } from '../../generator/cli/find-tool.js';
import { generate } from '../../generator/emit/node/generate.js';
import { planHash } from '../../generator/plan/hash.js';
import { TARGETS, type Target } from '../../generator/synth/targets.js';
import { smallPlan } from '../support/small-plan.js';
import { tempDirectory } from '../support/temp.js';

const sandbox = tempDirectory();

describe('with the real Yosys', () => {
  const path = findTool('yosys');
  const wanted = path !== null || process.env.CI === 'true';
  if (!wanted) console.warn('SKIPPED: no yosys on PATH; "apt install yosys" to have synthesis tested');

  /** LUTs per addition of an array this small, which shares its lanes' registers among five rows only. */
  const MOST: Readonly<Record<Target, number>> = { ice40: 32, ecp5: 34, xilinx: 16 };

  it.runIf(wanted).each(TARGETS)('synthesises a generated build for %s', { timeout: 1_800_000 }, async (target) => {
    expect(path, 'CI must have yosys on PATH: run "apt install yosys" first').not.toBeNull();
    const plan = smallPlan();
    const folder = join(sandbox, `real-${target}`);
    generate(plan, planHash(plan), folder);
    const { json } = await synth(folder, { target });
    const result = json as Record<'luts' | 'ffs' | 'brams' | 'lutsPerMac' | 'macsPerClock', number>;
    expect(result.macsPerClock).toBe(40);
    expect(result.lutsPerMac).toBeGreaterThan(5);
    expect(result.lutsPerMac).toBeLessThan(MOST[target]);
    expect(result.luts).toBeGreaterThan(40 * result.lutsPerMac);
    expect(result.ffs).toBeGreaterThan(500);
    expect(result.brams).toBeGreaterThan(0);
  });
});
