/** Whether an accelerator can be built from a plan, and with which over-sampling ratio or context it could. */

import type { Board } from '../boards/board.js';
import { InputError } from '../errors.js';
import { decoderProblem } from '../schedule/placement.js';
import { memoryProblem } from '../sizing/estimate.js';
import { engineGeometry } from '../sizing/geometry.js';
import { checkMemory } from '../sizing/memory.js';
import { buildPlan, MIN_OSR, type PlanOptions, planLinears, SAMPLE_GRANULE } from './build-plan.js';
import { meanOsr } from './memory-size.js';
import type { Plan } from './types.js';

/**
 * @throws InputError if the accelerator of a plan cannot be built for its board, for lack of memory or, in placement
 * `decoder`, of LUTs or multipliers; there with what would fit
 */
export function checkPlanMemory(plan: Plan, board: Board): void {
  if (plan.decoder === undefined) {
    checkMemory(plan.memory, board);
    const problem = memoryProblem(engineGeometry(plan, board), board);
    if (problem !== null) throw new InputError(problem);
    return;
  }
  const problem = decoderProblem(plan, board);
  if (problem !== null) throw new InputError(`${problem}; ${whatFits(plan, board)}`);
}

function whatFits(plan: Plan, board: Board): string {
  const osr = fittingOsr(plan, board);
  const context = fittingContext(plan, board);
  const ways = [
    ...(osr === null ? [] : [`with all linears at OSR ${osr} (--osr ${osr} --uniform)`]),
    ...(context === null ? [] : [`with a context of ${context} (--context ${context})`]),
  ];
  return ways.length > 0
    ? `it would fit ${ways.join(', or ')}`
    : 'neither a smaller over-sampling ratio nor a shorter context alone makes it fit';
}

/** The largest OSR of the layers, below the plan's mean, with which it fits its board; null if there is none. */
export function fittingOsr(plan: Plan, board: Board): number | null {
  const [first] = plan.linears;
  const { alphabet, frame, block } = first!;
  const options: PlanOptions = { alphabet, frame, block, placement: plan.placement };
  const osrOf = (step: number): number => (step * SAMPLE_GRANULE) / block;
  const least = Math.ceil((MIN_OSR * block) / SAMPLE_GRANULE);
  const { layers } = plan.model;
  const head = plan.linears.filter(({ layer }) => layer === layers);
  const mean = meanOsr({ linears: plan.linears.filter(({ layer }) => layer < layers) });
  const most = Math.ceil((mean * block) / SAMPLE_GRANULE) - 1;
  const step = largest(least, most, (step) => {
    const linears = [...planLinears(plan.model, options, () => osrOf(step)), ...head];
    return fits(() => buildPlan(plan.model, linears, board, plan.placement), board);
  });
  return step === null ? null : osrOf(step);
}

/** The longest context, below the plan's, with which it fits its board; null if there is none. */
export function fittingContext(plan: Plan, board: Board): number | null {
  return largest(1, plan.model.context - 1, (context) =>
    fits(() => buildPlan({ ...plan.model, context }, [...plan.linears], board, plan.placement), board),
  );
}

function fits(build: () => Plan, board: Board): boolean {
  try {
    return decoderProblem(build(), board) === null;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** The largest number from least to most with which something is so that is so with every smaller one. */
function largest(least: number, most: number, isSo: (value: number) => boolean): number | null {
  if (most < least || !isSo(least)) return null;
  let [low, high] = [least, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isSo(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
