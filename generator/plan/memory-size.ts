import { linearBytes } from '../image/symbols.js';
import type { Plan, PlanLinear } from './types.js';

/** Memory that a plan's linears take: packed symbols and scales, in bytes. */
export function planBytes(plan: Pick<Plan, 'linears'>): number {
  return plan.linears.reduce((sum, linear) => {
    const { symbols, scales, means } = linearBytes(linear);
    return sum + symbols + scales + means;
  }, 0);
}

/** Stored bits per weight, scales included. */
export function bitsPerWeight(plan: Pick<Plan, 'linears'>): number {
  return (8 * planBytes(plan)) / weightCount(plan.linears);
}

/** OSR averaged over the weights. */
export function meanOsr(plan: Pick<Plan, 'linears'>): number {
  const sum = plan.linears.reduce((total, { rows, cols, osr }) => total + rows * cols * osr, 0);
  return sum / weightCount(plan.linears);
}

function weightCount(linears: readonly PlanLinear[]): number {
  return linears.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
}
