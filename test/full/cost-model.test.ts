import { describe, expect, it } from 'vitest';
import { DECODER_SIZES, synthesizeDecoder } from '../../bench/support/decoder-units.js';
import { ENGINE_LINEARS, ENGINE_SIZES, synthesizeEngine } from '../../bench/support/synthesis.js';
import { lacks, yosys } from '../support/needs.js';

/** How far the cost model may be from what Yosys counts, as a share of that. */
const TOLERANCE = 0.15;

function expectClose(predicted: number, measured: number): void {
  expect(Math.abs(predicted - measured) / measured).toBeLessThanOrEqual(TOLERANCE);
}

describe.skipIf(lacks(yosys))('the cost model', () => {
  // Yosys uses one core, for less than a minute.
  it.concurrent.each(ENGINE_SIZES)('is close to synthesis for $target and $array', async ({ target, array }) => {
    const { measured, predicted } = await synthesizeEngine(ENGINE_LINEARS, array, target);
    console.log(`${target} ${JSON.stringify(array)}: ${measured.luts} LUTs, ${predicted} predicted`);
    expectClose(predicted, measured.luts);
  });

  // The largest takes more than a minute.
  it.concurrent.each(DECODER_SIZES)('is close to synthesis for $target and $widths', async ({ target, widths }) => {
    const { measured, predicted } = await synthesizeDecoder(widths, target);
    for (const key of ['luts', 'brams', 'dsps'] as const) {
      console.log(`${target} ${JSON.stringify(widths)}: ${measured[key]} ${key}, ${predicted[key]} predicted`);
      expectClose(predicted[key], measured[key]);
    }
  });
});
