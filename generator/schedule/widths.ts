/** Widths of the decoder's units, and the array beside them, for a plan and a board. */

import type { Board } from '../boards/board.js';
import { InputError } from '../errors.js';
import type { ModelConfig } from '../model/types.js';
import type { PlanArray, PlanDecoder, PlanLinear, PlanMemory } from '../plan/types.js';
import { LINK_COST, memoryProblem } from '../sizing/estimate.js';
import { engineGeometry } from '../sizing/geometry.js';
import { decoderLuts } from '../sizing/luts.js';
import { memoryMap } from '../sizing/memory.js';
import { compileProgram, modelOfPlan } from './compile.js';
import { type MachinePlan, machineOf } from './machine.js';
import { boardBeside, decoderResources } from './resources.js';
import { tokenTime } from './timing.js';

/** Widths that units are built with. Wider ones gain little, and miss the clock. */
const VALUE_CHOICES = [2, 4, 8] as const;
const MOST_ATTENTION = 16;

/** One result per cycle and one bank: what a small model needs. */
const RESULTS = { drain: 1, banks: 1 } as const;

/** A token may take this much longer than with the fastest widths, for smaller units: they are easier to route. */
const SLOWNESS = 1.1;

/** Array and widths that belong together. */
export interface DecoderSize {
  readonly array: PlanArray;
  readonly decoder: PlanDecoder;
  readonly memory: PlanMemory;
}

/**
 * Chooses the smallest widths with which a token at the end of the context takes at most SLOWNESS of the time that it takes
 * with the fastest ones, of those that the board has LUTs, multipliers and memories for; where it has them for none, of all.
 *
 * @param sizeEngine the array for what the units leave of a board, with a frame unit of at least so many numbers per cycle;
 * null if they leave too little
 * @throws InputError if the device cannot run the model, or the board has not even LUTs for the least units and an array
 */
export function sizeDecoder(
  config: ModelConfig,
  linears: PlanLinear[],
  board: Board,
  sizeEngine: (board: Board, leastFrame: number) => PlanArray | null,
): DecoderSize {
  const plan: MachinePlan = { model: config, linears };
  const choices = widthChoices(config, linears[0]!.block);
  const candidates = choices.flatMap((decoder) => {
    const machine = machineOf(plan, decoder);
    const resources = decoderResources(plan, machine, board);
    const left = boardBeside(resources, board);
    const array = sizeEngine(left, decoder.values);
    if (array === null) return [];
    const memory = memoryMap(linears, array);
    const engine = { linears, array, memory };
    const geometry = engineGeometry(engine, left);
    const program = compileProgram(modelOfPlan(plan), machine);
    const { cycles } = tokenTime(program, machine, engine, geometry, config.context - 1);
    const multipliers = board.multipliers === null || resources.multipliers <= board.multipliers;
    const fits = multipliers && memoryProblem(geometry, left) === null;
    return [{ size: { array, decoder, memory }, cycles, luts: decoderLuts(decoder, board), fits }];
  });
  const fitting = candidates.some(({ fits }) => fits) ? candidates.filter(({ fits }) => fits) : candidates;
  const fastest = Math.min(...fitting.map(({ cycles }) => cycles));
  const [smallest] = fitting.filter(({ cycles }) => cycles <= SLOWNESS * fastest).sort((a, b) => a.luts - b.luts);
  if (smallest === undefined) {
    const least = Math.min(...choices.map((decoder) => decoderLuts(decoder, board)));
    throw new InputError(
      `the least units of the decoder and the host link take ${least + LINK_COST[board.lutInputs].luts} LUTs, and an array comes on top; ` +
        `board ${board.name} has ${board.luts}: it is one for placement linear`,
    );
  }
  return smallest.size;
}

/** @throws InputError if there are none */
function widthChoices({ headDim, name }: ModelConfig, block: number): PlanDecoder[] {
  const choices = VALUE_CHOICES.filter((values) => block % values === 0).flatMap((values) =>
    Array.from({ length: MOST_ATTENTION / values }, (_, i) => (i + 1) * values)
      .filter((attention) => headDim % attention === 0)
      .map((attention) => ({ values, attention, ...RESULTS })),
  );
  if (choices.length === 0) throw new InputError(`the decoder of ${name} has heads of ${headDim}, an odd number`);
  return choices;
}
