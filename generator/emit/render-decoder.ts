/** What a build of placement `decoder` has besides: the program, and what a host or a person wants to know of it. */

import type { Board } from '../boards/board.js';
import type { Plan } from '../plan/types.js';
import type { PlanProgram } from '../schedule/program.js';
import { decoderRegions } from '../schedule/regions.js';

/** Describes the build to hosts; all of it is in the plan and in INFO as well. */
export const BUILD_FILE = 'build.json';

/** Names of regions, in order. */
const REGION_NAMES = ['weights', 'scales', 'activations', 'blocks', 'parameters', 'constants'] as const;

/** What a host needs to know of a device, but for its parameters. */
export function buildDescription(
  plan: Plan,
  planHash: string,
  board: Board,
  { machine, program, assembly }: PlanProgram,
): string {
  const { vocab, context } = plan.model;
  const regions = decoderRegions(plan, machine, assembly.constants.length);
  const description = {
    format: 'sdq-build/1',
    planHash,
    board: board.name,
    clockHz: board.clockHz,
    placement: plan.placement,
    vocab,
    context,
    widths: machine.widths,
    array: plan.array,
    program: {
      instructions: program.instructions.length,
      bits: assembly.encoding.word,
      constants: assembly.constants.length,
    },
    regions: regions.map((region, i) => ({ name: REGION_NAMES[i], ...region })),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}
