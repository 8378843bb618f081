import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import type { Board } from '../../boards/board.js';
import { loadBoard } from '../../boards/node/load.js';
import { InputError } from '../../errors.js';
import { asInput } from '../../model/node/files.js';
import { makeFolder, writeFileAtomic } from '../../node/atomic-file.js';
import { packageRoot } from '../../node/package-root.js';
import type { Plan, PlanDecoder } from '../../plan/types.js';
import type { Unit } from '../../schedule/instructions.js';
import { decoderEstimate, type PlacedMemory, placedMemories } from '../../schedule/placement.js';
import { planProgram } from '../../schedule/program.js';
import { planGeometry } from '../../schedule/resources.js';
import { unitCycles } from '../../schedule/timing.js';
import { utilisation } from '../../sizing/array.js';
import { type TokenBound, tokenBound } from '../../sizing/bound.js';
import { tokenCycles } from '../../sizing/cycles.js';
import { estimate } from '../../sizing/estimate.js';
import type { EngineGeometry } from '../../sizing/geometry.js';
import { type LinkTarget, simulatedLink } from '../../sizing/link.js';
import {
  BOARD_FOLDER,
  BOARD_TOP,
  boardListFile,
  constraintFile,
  ROUTED_FAMILIES,
  scriptFile,
} from '../../synth/board-files.js';
import { renderFiles, SIMULATION_LIST, TEMPLATES, type TemplateName, TOP_MODULE } from '../render.js';
import { BUILD_FILE } from '../render-decoder.js';

/** Folders of the Verilog library whose modules every build gets; `rtl/sdq_core.v` joins them. */
const CORE_FOLDERS = ['array', 'control', 'engine', 'frame', 'link', 'memory'];
/** Those of builds of placement `decoder`, whose top joins them. */
const DECODER_FOLDERS = ['attention', 'decoder', 'vector'];

/** Where the cores lie in a build folder. */
export const CORES = 'rtl';

/** What a decoder on the device takes, and how long. */
export interface DecoderFacts {
  readonly widths: PlanDecoder;
  /** Of 18 × 18 bits. */
  readonly multipliers: number;
  readonly cyclesAt: readonly { readonly position: number; readonly cycles: number }[];
  /** Cycles in which each unit works, at the last position. */
  readonly busy: Readonly<Record<Unit, number>>;
  readonly memories: readonly PlacedMemory[];
}

export interface GenerateResult {
  /** Paths within the folder, in order of compilation where they are Verilog. */
  readonly files: readonly string[];
  readonly top: string;
  readonly planHash: string;
  readonly estimate: {
    readonly luts: number;
    readonly brams: number;
    /**
     * Engine and link cycles of a decoder step as "sdq simulate" has it: with one byte per cycle on the link. In placement
     * `decoder` those of the step at the last position.
     */
    readonly cyclesPerToken: number;
    /** With the board's own link, the host's work aside. */
    readonly tokensPerSecond: number;
  };
  /** What bounds the design, and the cycles of a token that each part needs; null in placement `decoder`. */
  readonly roofline: TokenBound | null;
  /** Null in placement `linear`. */
  readonly decoder: DecoderFacts | null;
  /** Useful symbols / (array cycles · L · R) of each linear, in plan order. */
  readonly utilisation: readonly { readonly name: string; readonly utilisation: number }[];
}

/**
 * Writes the accelerator that a plan describes to a folder: the cores it is made of, what is generated around them, and
 * the plan. Files that are the same already are left alone; files that an earlier run wrote and that are not part of
 * this build any more are removed; others are not touched.
 *
 * @throws InputError if the folder holds something else than a build, or the plan does not fit its board
 */
export function generate(plan: Plan, planHash: string, outDir: string): GenerateResult {
  const board = loadBoard(plan.board, plan.placement);
  const geometry = planGeometry(plan, board);
  const streams = geometry.stream !== null;
  const cores = coreFiles(plan, [
    ...CORE_FOLDERS,
    ...(plan.decoder === undefined ? [] : DECODER_FOLDERS),
    ...(streams ? ['sdram'] : []),
  ]);
  const models = streams ? modelFiles() : new Map<string, string>();
  const boardCores = boardFiles(board, streams);
  const paths = { cores: [...cores.keys()], boardCores: [...boardCores.keys()], models: [...models.keys()] };
  const files = new Map([
    ...renderFiles({ plan, planHash, board, templates: readTemplates(), ...paths }),
    ...cores,
    ...boardCores,
    ...models,
  ]);
  checkBuildFolder(outDir);
  const stale = staleFiles(outDir, files);
  // The plan first: it marks the folder as a build.
  for (const [path, text] of files) writeIfChanged(join(outDir, path), text);
  for (const path of stale) rmSync(join(outDir, path), { force: true });

  return {
    files: [...files.keys()].sort(),
    top: board.device === null ? TOP_MODULE : BOARD_TOP,
    planHash,
    ...(plan.decoder === undefined ? linearEstimate(plan, board, geometry) : decoderFacts(plan, board)),
    utilisation: plan.linears.map((linear) => ({
      name: linear.name,
      utilisation: utilisation([linear], geometry.array, geometry.units),
    })),
  };
}

type Estimates = Pick<GenerateResult, 'estimate' | 'roofline' | 'decoder'>;

function linearEstimate(plan: Plan, board: Board, geometry: EngineGeometry): Estimates {
  const cyclesWith = (link: LinkTarget): number => {
    const cycles = tokenCycles(plan, geometry, link);
    return cycles.engine + cycles.link;
  };
  return {
    estimate: {
      ...estimate(geometry, board),
      cyclesPerToken: cyclesWith(simulatedLink(board)),
      tokensPerSecond: board.clockHz / cyclesWith(board),
    },
    roofline: tokenBound(plan, board, geometry),
    decoder: null,
  };
}

/** A token takes longest at the end of the context. */
function decoderFacts(plan: Plan, board: Board): Estimates {
  const { stepCycles, time, program, machine } = planProgram(plan, board);
  const last = plan.model.context - 1;
  const positions = [...new Set([0, Math.floor(last / 2), last])];
  const { multipliers, ...resources } = decoderEstimate(plan, board);
  const cyclesPerToken = stepCycles(last);
  return {
    estimate: { ...resources, cyclesPerToken, tokensPerSecond: board.clockHz / cyclesPerToken },
    roofline: null,
    decoder: {
      widths: machine.widths,
      multipliers,
      cyclesAt: positions.map((position) => ({ position, cycles: stepCycles(position) })),
      busy: unitCycles(time(last), program),
      memories: placedMemories(plan, board),
    },
  };
}

/** The cores' texts by path within a build folder. */
function coreFiles({ decoder }: Plan, folders: readonly string[]): Map<string, string> {
  const library = join(packageRoot(), 'rtl');
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const file of readdirSync(join(library, folder)).sort()) {
      if (file.endsWith('.v')) files.set(`${CORES}/${file}`, readFileSync(join(library, folder, file), 'utf8'));
    }
  }
  if (decoder === undefined) files.set(`${CORES}/sdq_core.v`, readFileSync(join(library, 'sdq_core.v'), 'utf8'));
  return files;
}

/** What is simulated around the FPGA. */
function modelFiles(): Map<string, string> {
  const file = 'sdq_sdram_model.v';
  return new Map([[`${CORES}/${file}`, readFileSync(join(packageRoot(), 'sim/sdram', file), 'utf8')]]);
}

/** The texts of what a board's wrapper is made of, by path within a build folder; of what families differ in, that of its own. */
function boardFiles(board: Board, sdram: boolean): Map<string, string> {
  if (board.device === null) return new Map();
  const library = join(packageRoot(), 'rtl/board');
  const names = readdirSync(library)
    .filter((file) => file.endsWith('.v') && (!/_(ice40|ecp5)\.v$/.test(file) || file.endsWith(`_${board.family}.v`)))
    .filter((file) => sdram || !file.startsWith('sdq_sdram_pins_'))
    .sort();
  return new Map(names.map((file) => [`${BOARD_FOLDER}/${file}`, readFileSync(join(library, file), 'utf8')]));
}

function readTemplates(): Record<TemplateName, string> {
  const folder = join(packageRoot(), 'templates');
  return Object.fromEntries(TEMPLATES.map((name) => [name, readFileSync(join(folder, name), 'utf8')])) as Record<
    TemplateName,
    string
  >;
}

/** @throws InputError if a folder that exists is neither empty nor a build, which must not be mixed with one */
export function checkBuildFolder(outDir: string): void {
  if (!existsSync(outDir) || asInput(outDir, () => readdirSync(outDir)).length === 0) return;
  if (!holdsPlan(join(outDir, 'plan.json'))) {
    throw new InputError(`${outDir} is not empty and is not a build folder: it has no plan.json of sdq`);
  }
}

/** Files of an earlier build in the folder that the new one does not have. */
function staleFiles(outDir: string, files: ReadonlyMap<string, string>): string[] {
  const lists = ['files.f', SIMULATION_LIST, boardListFile].filter((list) => existsSync(join(outDir, list)));
  const verilog = lists.flatMap((list) => readFileSync(join(outDir, list), 'utf8').split('\n'));
  const others = lists.includes(boardListFile)
    ? [boardListFile, scriptFile, ...ROUTED_FAMILIES.map(constraintFile)]
    : [];
  if (lists.includes(SIMULATION_LIST)) others.push(SIMULATION_LIST);
  if (existsSync(join(outDir, BUILD_FILE))) others.push(BUILD_FILE);
  return [...verilog.filter((path) => path.endsWith('.v')), ...others].filter(
    (path) => !files.has(path) && isInside(path),
  );
}

function holdsPlan(path: string): boolean {
  try {
    const plan: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof plan === 'object' && plan !== null && 'format' in plan && String(plan.format).startsWith('sdq-plan/');
  } catch {
    return false;
  }
}

/** A relative path that does not lead out of its folder. */
function isInside(path: string): boolean {
  return !isAbsolute(path) && normalize(path) === path && !path.startsWith('..');
}

function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  makeFolder(dirname(path));
  writeFileAtomic(path, text);
}
