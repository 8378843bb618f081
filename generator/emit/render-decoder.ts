/** What a build of placement `decoder` has besides: the program, and what a host or a person wants to know of it. */

import { buildTables } from '../../sim/golden/tables.js';
import type { Board } from '../boards/board.js';
import type { Plan, PlanDecoder } from '../plan/types.js';
import { decoderParameters } from '../schedule/hardware.js';
import type { PlanProgram } from '../schedule/program.js';
import { decoderRegions } from '../schedule/regions.js';
import type { EngineGeometry } from '../sizing/geometry.js';
import { indexWidth } from '../sizing/integers.js';
import { tableWords } from './render-tables.js';
import { separated } from './template.js';

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

/** Words of the ROM from which the device's tables are loaded. */
export const decoderTables = ({ model }: Pick<Plan, 'model'>): number[] =>
  tableWords(buildTables(model), model.architecture === 'llama');

/** What the templates of the top level need of a decoder besides. */
export function decoderTopContext(plan: Plan, geometry: EngineGeometry, board: Board, design: PlanProgram): object {
  const tables = decoderTables(plan).length;
  const { decoder, engine } = decoderParameters(design, plan, geometry, board, tables);
  return {
    decoder: list(decoder),
    engine: list(engine),
    entryWidth: decoder.ENTRY_WIDTH,
    instructionWidth: decoder.INSTRUCTION_WIDTH,
    tableIndexWidth: indexWidth(tables),
    blockAddrWidth: engine.BLOCK_ADDR_WIDTH,
    frameValues: geometry.frame!.values,
    ...traceWidths(design.machine.widths),
  };
}

/** Highest bits of trace ports. */
export interface TraceWidths {
  readonly dataTop: number;
  readonly mantissasTop: number;
  readonly resultsTop: number;
}

export const traceWidths = ({ values, drain }: PlanDecoder): TraceWidths => ({
  dataTop: 32 * values - 1,
  mantissasTop: 16 * values - 1,
  resultsTop: 32 * drain - 1,
});

const list = (parameters: Readonly<Record<string, number | string>>): object[] =>
  separated(Object.entries(parameters).map(([name, value]) => ({ name, value })));
