import { describe, expect, it } from 'vitest';
import { ENGINE_LINEARS, ENGINE_SIZES, synthesizeEngine } from '../../bench/support/synthesis.js';
import { lacks, yosys } from '../support/needs.js';

/** How far the cost model may be from what Yosys counts, as a share of that. */
const TOLERANCE = 0.15;

describe.skipIf(lacks(yosys))('the cost model', () => {
  // Yosys uses one core, for less than a minute.
  it.concurrent.each(ENGINE_SIZES)('is close to synthesis for $target and $array', async ({ target, array }) => {
    const { measured, predicted } = await synthesizeEngine(ENGINE_LINEARS, array, target);
    console.log(`${target} ${JSON.stringify(array)}: ${measured.luts} LUTs, ${predicted} predicted`);
    expect(Math.abs(predicted - measured.luts) / measured.luts).toBeLessThanOrEqual(TOLERANCE);
  });
});
