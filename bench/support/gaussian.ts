/** A linear with Gaussian weights, the same in every run. */

import { gainShiftsFor } from '../../generator/plan/build-plan.js';
import type { Alphabet, FrameMode, PlanLinear } from '../../generator/plan/types.js';
import {
  type QuantizeLinearOptions,
  type QuantizeLinearResult,
  quantizeLinear,
} from '../../generator/quantize/quantize-linear.js';
import { drawSigns } from '../../generator/quantize/signs.js';

const BLOCK = 128;

export interface GaussianLinear {
  readonly weights: Float32Array;
  readonly plan: PlanLinear;
}

/** @param cols a multiple of 128 */
export function gaussianLinear(
  rows: number,
  cols: number,
  osr: number,
  alphabet: Alphabet,
  frame: FrameMode = 'hadamard',
): GaussianLinear {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = (): number => 0.05 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    weights: Float32Array.from({ length: rows * cols }, normal),
    plan: {
      name: 'layers.0.fc1',
      layer: 0,
      role: 'fc1',
      rows,
      cols,
      osr,
      block: BLOCK,
      samples: Math.floor(BLOCK * osr),
      tail: null,
      alphabet,
      frame,
      signSeed: 1,
      packing: alphabet === 'ternary' ? 'base3' : 'bits',
      gainShifts: gainShiftsFor({ frame, alphabet }, osr),
    },
  };
}

export function quantizeGaussian(linear: GaussianLinear, options: QuantizeLinearOptions): QuantizeLinearResult {
  const { weights, plan } = linear;
  return quantizeLinear(weights, plan, drawSigns(1, plan.gainShifts.length, BLOCK), options);
}
