import { relative } from 'node:path';
import type { Board } from '../../boards/board.js';
import { InputError } from '../../errors.js';
import { BOARD_TOP, netlistFile } from '../board-files.js';
import { listScript, type SynthesisScript, synthesisScript } from '../scripts.js';
import { type CellCounts, type Resources, resourcesOf, type Target } from '../targets.js';
import { parseCells, parseModules, passTitle } from '../yosys-output.js';
import type { Program } from './provide.js';
import { runYosys, type ToolRun } from './yosys.js';

const TOP = 'sdq_top';
/** What lies below a board's wrapper; that of a whole decoder has none. */
const CORE = 'sdq_core';
/** A build has one of them. */
const ARRAYS = ['sdq_mac_array', 'sdq_table_array'];
/** Where the weights are decoded when they are written, these stand once beside the array and belong to it. */
const DECODERS = ['sdq_base3_decode', 'sdq_symbol_pack'];

/** A build folder, and how to work on it. */
export interface SynthesisJob extends Omit<ToolRun, 'onLine'> {
  /** Absolute. */
  readonly verilog: readonly string[];
  /** What only the board's wrapper needs. Absolute. */
  readonly boardVerilog: readonly string[];
  readonly board: Board;
  readonly target: Target;
  readonly yosys: Program;
  /** Told what is being done. */
  readonly progress: (text: string) => void;
}

export interface Synthesis {
  /** The module that was synthesised, as its source calls it. */
  readonly top: string;
  readonly total: Resources;
  readonly cells: CellCounts;
  /** The MAC array with its decoder, synthesised alone. */
  readonly array: Resources;
}

/** The modules of a build, as Yosys names them with their parameters. */
export type Modules = ReadonlyMap<string, string>;

/** Inputs that a board's wrapper drives and that would take pins without one. */
const WRAPPER_INPUTS = ['nonce_i'];
/** Outputs that only a simulation looks at. */
const TRACE_OUTPUTS = ['trace_*'];

/** Whether the board's wrapper is part of the design: a family's primitives are for that family. */
const hasWrapper = ({ board, target }: SynthesisJob): boolean => board.family === target;

/** Where the hierarchy begins. */
const rootOf = (job: SynthesisJob): string => (hasWrapper(job) ? BOARD_TOP : TOP);

/** The module that is synthesised for a target: that of another family's board is the core, if there is one. */
function subjectOf(job: SynthesisJob, modules: Modules): string {
  const whole = job.board.family === 'sim' || hasWrapper(job) || !modules.has(CORE);
  return whole ? rootOf(job) : CORE;
}

/** File names as the scripts have them. */
function scriptFiles(job: SynthesisJob): string[] {
  const files = hasWrapper(job) ? [...job.verilog, ...job.boardVerilog] : job.verilog;
  return files.map((file) => relative(job.folder, file).replaceAll('\\', '/'));
}

/** Where the netlist goes, within the folder. */
export function netlistOf(job: SynthesisJob): string {
  return hasWrapper(job) ? netlistFile : `synth-${job.target}.json`;
}

/** Lists the modules below the top. @throws InputError if the Verilog cannot be read */
export async function listModules(job: SynthesisJob): Promise<Modules> {
  job.progress('reading the Verilog');
  const output = await runYosys(job.yosys, listScript(scriptFiles(job), rootOf(job)), job);
  return parseModules(output);
}

/** The name of a module with its parameters. @throws InputError if the build has no such module */
function derivedName(job: SynthesisJob, modules: Modules, name: string): string {
  const derived = modules.get(name);
  if (derived === undefined) {
    throw new InputError(`the Verilog in ${job.folder} has no ${name} below ${rootOf(job)}: run "sdq generate" again`);
  }
  return derived;
}

/** Synthesises one module. @returns its cells */
async function cellsOf(
  job: SynthesisJob,
  modules: Modules,
  name: string,
  options: Pick<SynthesisScript, 'netlist' | 'constantInputs' | 'unusedOutputs'> = {},
): Promise<CellCounts> {
  const { target, yosys, progress } = job;
  const module = derivedName(job, modules, name);
  const script = synthesisScript({ files: scriptFiles(job), top: rootOf(job), module, target, ...options });
  const onLine = (line: string): void => {
    const title = passTitle(line);
    if (title !== null) progress(`${name}: ${title}`);
  };
  const output = await runYosys(yosys, script, { ...job, onLine });
  return parseCells(output);
}

/** The modules below the array. */
async function belowArray(job: SynthesisJob, modules: Modules, array: string): Promise<Modules> {
  const script = listScript(scriptFiles(job), rootOf(job), derivedName(job, modules, array));
  return parseModules(await runYosys(job.yosys, script, job));
}

/**
 * Synthesises a build and, alone, its array.
 * @param netlist write what `implement` places; inputs that only a wrapper drives are constant in it
 * @throws InputError if Yosys refuses the Verilog
 */
export async function synthesize(job: SynthesisJob, modules: Modules, netlist: boolean): Promise<Synthesis> {
  const { target } = job;
  const arrayName = ARRAYS.find((name) => modules.has(name)) ?? ARRAYS[0]!;
  const inArray = await belowArray(job, modules, arrayName);
  const decoders = DECODERS.filter((name) => modules.has(name) && !inArray.has(name));
  const top = subjectOf(job, modules);
  let array = resourcesOf(target, await cellsOf(job, modules, arrayName));
  for (const decoder of decoders) array = add(array, resourcesOf(target, await cellsOf(job, modules, decoder)));
  const unusedOutputs = top === TOP && !modules.has(CORE) ? TRACE_OUTPUTS : [];
  const placed = { netlist: netlistOf(job), constantInputs: hasWrapper(job) ? [] : WRAPPER_INPUTS };
  const cells = await cellsOf(job, modules, top, { unusedOutputs, ...(netlist && placed) });
  return { top, total: resourcesOf(target, cells), cells, array };
}

function add(a: Resources, b: Resources): Resources {
  return {
    luts: a.luts + b.luts,
    lutRams: a.lutRams + b.lutRams,
    ffs: a.ffs + b.ffs,
    brams: a.brams + b.brams,
    dsps: a.dsps + b.dsps,
  };
}
