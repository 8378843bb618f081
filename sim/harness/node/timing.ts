/** What the array of the simulated accelerator did, beside what sizing predicts; the two must agree exactly. */

import { loadBoard } from '../../../generator/boards/node/load.js';
import type { Plan, PlanLinear } from '../../../generator/plan/types.js';
import { planGeometry } from '../../../generator/schedule/resources.js';
import { engineUtilisation, type RunCycles, runCycles } from '../../../generator/sizing/cycles.js';

const FIELDS = ['cycles', 'beats', 'stalls'] as const;

/** Cycles, beats and stalls of several runs together. */
export interface WorkCounts extends RunCycles {
  /** Useful symbols / (cycles · L · R); 0 without a run. */
  readonly utilisation: number;
}

/** All runs of one linear. */
export interface LinearTiming {
  readonly name: string;
  readonly layer: number;
  readonly runs: number;
  /** Runs whose cycles, beats or stalls were not the predicted ones. */
  readonly differingRuns: number;
  readonly predicted: WorkCounts;
  readonly simulated: WorkCounts;
}

interface Tally {
  runs: number;
  differingRuns: number;
  cycles: number;
  beats: number;
  stalls: number;
}

/** Adds up the runs of a plan's linears and compares each with its prediction. */
export class Timing {
  readonly #plan: Plan;
  readonly #predicted: readonly RunCycles[];
  readonly #tallies: readonly Tally[];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#predicted = runCycles(plan, planGeometry(plan, loadBoard(plan.board, plan.placement)));
    this.#tallies = plan.linears.map(() => ({ runs: 0, differingRuns: 0, cycles: 0, beats: 0, stalls: 0 }));
  }

  /** Adds a run of linear `index` of the plan. */
  add(index: number, simulated: RunCycles): void {
    const tally = this.#tallies[index]!;
    const predicted = this.#predicted[index]!;
    tally.runs++;
    for (const field of FIELDS) tally[field] += simulated[field];
    if (FIELDS.some((field) => simulated[field] !== predicted[field])) tally.differingRuns++;
  }

  /** In plan order. */
  linears(): LinearTiming[] {
    return this.#plan.linears.map((linear, index) => {
      const { runs, differingRuns, cycles, beats, stalls } = this.#tallies[index]!;
      const once = this.#predicted[index]!;
      const predicted = { cycles: runs * once.cycles, beats: runs * once.beats, stalls: runs * once.stalls };
      return {
        name: linear.name,
        layer: linear.layer,
        runs,
        differingRuns,
        predicted: this.#work(linear, runs, predicted),
        simulated: this.#work(linear, runs, { cycles, beats, stalls }),
      };
    });
  }

  #work(linear: PlanLinear, runs: number, counts: RunCycles): WorkCounts {
    const utilisation = runs === 0 ? 0 : engineUtilisation(linear, this.#plan.array, counts.cycles / runs);
    return { ...counts, utilisation };
  }
}

/** Linears of one layer, or of all, together; their utilisation is weighted by their cycles. */
export function sumOfWork(parts: readonly WorkCounts[]): WorkCounts {
  const total = (measure: (part: WorkCounts) => number): number => parts.reduce((sum, part) => sum + measure(part), 0);
  const cycles = total((part) => part.cycles);
  return {
    cycles,
    beats: total((part) => part.beats),
    stalls: total((part) => part.stalls),
    utilisation: cycles === 0 ? 0 : total((part) => part.utilisation * part.cycles) / cycles,
  };
}
