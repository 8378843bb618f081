/** The generated files of a build folder: what depends on the plan. The cores in `rtl/` are copied beside them. */

import { encodeInfoConstant, PROTOCOL_VERSION } from '../../firmware/protocol/messages.js';
import type { Board } from '../boards/board.js';
import { checkPlanMemory } from '../plan/fit.js';
import { prettyPlan } from '../plan/hash.js';
import type { Plan } from '../plan/types.js';
import { type PlanProgram, planProgram } from '../schedule/program.js';
import { decoderRegions } from '../schedule/regions.js';
import { planGeometry } from '../schedule/resources.js';
import { type FrameGeometry, signsIndexWidth, signWords } from '../sizing/framing.js';
import { type EngineGeometry, engineGeometry, engineParameters, storedWidth } from '../sizing/geometry.js';
import { indexWidth, log2Exact } from '../sizing/integers.js';
import { regionSpan } from '../sizing/memory.js';
import { scheduleFields, scheduleOf, scheduleParameters, scheduleWord } from '../sizing/schedule.js';
import { sdramModelParameters } from '../sizing/sdram.js';
import { VERSION } from '../version.js';
import { BOARD_TEMPLATES, renderBoard } from './render-board.js';
import { BUILD_FILE, buildDescription, decoderTables, decoderTopContext, traceWidths } from './render-decoder.js';
import { PROGRAM_FILE, PROGRAM_TEMPLATE, renderProgram } from './render-program.js';
import { renderTables, TABLES_FILE, TABLES_TEMPLATE } from './render-tables.js';
import { render, separated } from './template.js';

/** The module that a board's tools, or the simulator, begin with. */
export const TOP_MODULE = 'sdq_top';

/** The accelerator with what is simulated around it, where there is something. */
export const SIMULATION_FILE = 'sdq_simulation.v';
/** Lists it and the models that it uses. */
export const SIMULATION_LIST = 'simulation.f';

/** Names of the templates, as they lie in `templates/`. */
export const TEMPLATES = [
  'sdq_top.v.hbs',
  'sdq_simulation.v.hbs',
  'sdq_schedule.v.hbs',
  'sdq_signs.v.hbs',
  'sdq_decoder_top.v.hbs',
  PROGRAM_TEMPLATE,
  TABLES_TEMPLATE,
  'files.f.hbs',
  ...BOARD_TEMPLATES,
] as const;
export type TemplateName = (typeof TEMPLATES)[number];

/** Bytes of INFO per line of the generated source. */
const INFO_ROW_BYTES = 16;

export interface RenderInput {
  readonly plan: Plan;
  /** 64 hex digits */
  readonly planHash: string;
  readonly board: Board;
  /** Text of each template. */
  readonly templates: Readonly<Record<TemplateName, string>>;
  /** Paths of the copied cores within the build folder, those of the board's wrapper apart. */
  readonly cores: readonly string[];
  /** Paths of the copied models of what is around the FPGA. */
  readonly models: readonly string[];
  readonly boardCores: readonly string[];
}

/**
 * Renders what depends on the plan: `plan.json`, `sdq_top.v`, `sdq_schedule.v`, where the device frames `sdq_signs.v`,
 * the file list `files.f` and the files of the board, by path within the build folder. The same input gives the same
 * bytes.
 *
 * @throws InputError if the plan's memories do not fit the board
 */
export function renderFiles(input: RenderInput): Map<string, string> {
  const { plan, planHash, board, templates, cores, boardCores, models } = input;
  checkPlanMemory(plan, board);
  const { frame } = planGeometry(plan, board);
  const decoder = plan.decoder === undefined ? null : planProgram(plan, board);
  const context = topContext(plan, planHash, board, decoder);
  const top = decoder === null ? 'sdq_top.v.hbs' : 'sdq_decoder_top.v.hbs';
  const about = preamble(plan, planHash);
  const verilog: [string, string][] = [
    ['sdq_schedule.v', render(templates['sdq_schedule.v.hbs'], scheduleContext(plan, planHash, board))],
    ['sdq_top.v', render(templates[top], context)],
  ];
  if (frame !== null) {
    verilog.unshift(['sdq_signs.v', render(templates['sdq_signs.v.hbs'], signsContext(plan, planHash, frame))]);
  }
  if (decoder !== null) {
    verilog.unshift(
      [PROGRAM_FILE, renderProgram(decoder.assembly, board, about, templates[PROGRAM_TEMPLATE])],
      [TABLES_FILE, renderTables(decoderTables(plan), about, templates[TABLES_TEMPLATE])],
    );
  }
  const generated = verilog.map(([name]) => name);
  return new Map([
    ['plan.json', prettyPlan(plan)],
    ...(decoder === null ? [] : ([[BUILD_FILE, buildDescription(plan, planHash, board, decoder)]] as const)),
    ...verilog,
    ...(context.sdram === null
      ? []
      : ([
          [SIMULATION_FILE, render(templates['sdq_simulation.v.hbs'], context)],
          [SIMULATION_LIST, render(templates['files.f.hbs'], { files: [...models, SIMULATION_FILE] })],
        ] as const)),
    ['files.f', render(templates['files.f.hbs'], { files: [...cores, ...generated] })],
    ...renderBoard(
      board,
      about,
      templates,
      { design: [...cores, ...generated], board: boardCores },
      context.sdram !== null,
      plan.decoder === undefined ? null : traceWidths(plan.decoder),
    ),
  ]);
}

function preamble(plan: Plan, planHash: string): string[] {
  return [
    `Generated by sdq-forge ${VERSION} with "sdq generate" from plan.json. Do not edit.`,
    `Plan ${planHash}`,
    `Model ${plan.model.name.replaceAll(/[^\x20-\x7e]/g, '?')}, board ${plan.board}, placement ${plan.placement}, ` +
      `${plan.linears.length} linears, array of ${plan.array.lanes} lanes and ${plan.array.rows} rows.`,
  ];
}

function scheduleContext(plan: Plan, planHash: string, board: Board): object {
  const geometry = engineGeometry(plan, null, planGeometry(plan, board).units);
  const fields = scheduleFields(geometry);
  return {
    preamble: preamble(plan, planHash),
    fields: fields.map(({ name, width }) => ({ name, width })),
    width: scheduleParameters(geometry).SCHEDULE_WIDTH,
    romStyle: board.romStyle,
    lastEntry: plan.linears.length - 1,
    indexWidth: indexWidth(plan.linears.length),
    unusedIndex: indexWidth(plan.linears.length) < 16,
    entries: scheduleOf(plan, geometry).map((entry, index) => ({
      index,
      name: entry.name,
      word: scheduleWord(geometry, entry).toString(16),
    })),
  };
}

function signsContext(plan: Plan, planHash: string, frame: FrameGeometry): object {
  return {
    preamble: preamble(plan, planHash),
    values: frame.values,
    indexWidth: signsIndexWidth(frame),
    entries: signWords(plan.signs, frame).map((word, index) => ({ index, word: word.toString(16) })),
  };
}

/** What the templates of the top level and of its simulation need. */
interface TopContext extends Readonly<Record<string, unknown>> {
  readonly sdram: object | null;
}

function topContext(plan: Plan, planHash: string, board: Board, decoder: PlanProgram | null): TopContext {
  const geometry = planGeometry(plan, board);
  const { weights, scales, activations, blocks } = plan.memory;
  const regions =
    decoder === null
      ? [weights, scales, activations, blocks]
      : decoderRegions(plan, decoder.machine, decoder.assembly.constants.length);
  const { vocab, context } = decoder === null ? { vocab: 0, context: 0 } : plan.model;
  const info = encodeInfoConstant({
    version: PROTOCOL_VERSION,
    regionCount: regions.length,
    maxBody: board.link.maxBody,
    rxBytes: board.link.rxBytes,
    clockHz: board.clockHz,
    linears: plan.linears.length,
    planHash: bytesOfHex(planHash),
    regions,
    vocab,
    context,
  });
  const link: { name: string; value: number | string }[] = [
    { name: 'INFO_BYTES', value: info.length },
    { name: 'INFO', value: 'INFO' },
    { name: 'LINEARS', value: plan.linears.length },
    ...regions.map((region, i) => ({ name: `REGION${i}_BYTES`, value: `32'd${regionSpan(region)}` })),
    { name: 'MAX_BODY', value: board.link.maxBody },
    { name: 'RX_BYTES', value: board.link.rxBytes },
  ];
  const steps = [
    { name: 'STEPS', value: 1 },
    { name: 'VOCAB', value: vocab },
    { name: 'CONTEXT', value: context },
  ];
  const parameters = [
    ...link,
    ...Object.entries(engineParameters(geometry, board)).map(([name, value]) => ({ name, value })),
    ...Object.entries(scheduleParameters(geometry)).map(([name, value]) => ({ name, value })),
  ];
  return {
    preamble: preamble(plan, planHash),
    board: board.name,
    infoBits: 8 * info.length,
    infoRows: separated(hexRows(info)),
    scheduleWidth: scheduleParameters(geometry).SCHEDULE_WIDTH,
    framed: geometry.frame !== null,
    // Without a frame unit, as wide as the core's defaults make these ports.
    signsIndexWidth: geometry.frame === null ? 5 : signsIndexWidth(geometry.frame),
    values: geometry.frame?.values ?? 2,
    parameters: separated(parameters),
    link: separated([...link, ...steps]),
    ...(decoder !== null && decoderTopContext(plan, geometry, board, decoder)),
    weights: {
      addrWidth: indexWidth(weights.words) + log2Exact(weights.stride),
      wordWidth: indexWidth(weights.words),
      wordBits: weights.wordBytes * storedWidth(geometry, board),
    },
    sdram: sdramContext(geometry, board),
  };
}

/** What is generated around weights in an SDRAM; null if they lie on chip. */
function sdramContext({ stream, memory }: EngineGeometry, { sdram, clockHz }: Board): object | null {
  if (stream === null || sdram === null) return null;
  const list = (parameters: Readonly<Record<string, number>>): object[] =>
    separated(Object.entries(parameters).map(([name, value]) => ({ name, value })));
  const { words, stride } = memory.weights;
  return {
    parameters: list({
      WORD_WIDTH: indexWidth(words),
      BYTE_INDEX_WIDTH: log2Exact(stride),
      ...stream.parameters,
    }),
    model: list(sdramModelParameters(sdram, clockHz)),
  };
}

function bytesOfHex(hex: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new RangeError(`${hex} is not a hash in hex digits`);
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Rows of a Verilog concatenation that holds byte 0 in the low bits: the last bytes come first. */
function hexRows(bytes: Uint8Array): { readonly bits: number; readonly hex: string }[] {
  const rows: { bits: number; hex: string }[] = [];
  for (let at = 0; at < bytes.length; at += INFO_ROW_BYTES) {
    const row = bytes.subarray(at, at + INFO_ROW_BYTES);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0'))
      .reverse()
      .join('');
    rows.unshift({ bits: 8 * row.length, hex });
  }
  return rows;
}
