import { relative } from 'node:path';
import type { BoardFamily } from '../../boards/board.js';
import { InputError } from '../../errors.js';
import { listScript, synthesisScript } from '../scripts.js';
import { type CellCounts, type Resources, resourcesOf, type Target } from '../targets.js';
import { parseCells, parseModules, passTitle } from '../yosys-output.js';
import { runYosys, type ToolRun, type Yosys } from './yosys.js';

const TOP = 'sdq_top';
/** What lies below a board's wrapper. */
const CORE = 'sdq_core';
const ARRAY = 'sdq_mac_array';
/** Where the weights are decoded when they are written, these stand once beside the array and belong to it. */
const DECODERS = ['sdq_base3_decode', 'sdq_symbol_pack'];

/** A build folder, and how to work on it. */
export interface SynthesisJob extends Omit<ToolRun, 'onLine'> {
  /** Absolute. */
  readonly verilog: readonly string[];
  readonly family: BoardFamily;
  readonly target: Target;
  readonly yosys: Yosys;
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

/** File names as the scripts have them. */
export function scriptFiles({ folder, verilog }: Pick<SynthesisJob, 'folder' | 'verilog'>): string[] {
  return verilog.map((file) => relative(folder, file).replaceAll('\\', '/'));
}

/** The module that is synthesised for a target: that of another family's board is the core, without its primitives. */
export function subjectOf(family: BoardFamily, target: Target): string {
  return family === 'sim' || family === target ? TOP : CORE;
}

/** Lists the modules below the top. @throws InputError if the Verilog cannot be read */
export async function listModules(job: SynthesisJob): Promise<Modules> {
  job.progress('reading the Verilog');
  const output = await runYosys(job.yosys, listScript(scriptFiles(job), TOP), job);
  return parseModules(output);
}

/** The name of a module with its parameters. @throws InputError if the build has no such module */
export function derivedName(job: SynthesisJob, modules: Modules, name: string): string {
  const derived = modules.get(name);
  if (derived === undefined) {
    throw new InputError(`the Verilog in ${job.folder} has no ${name} below ${TOP}: run "sdq generate" again`);
  }
  return derived;
}

/** Synthesises one module. @returns its cells */
async function cellsOf(job: SynthesisJob, modules: Modules, name: string): Promise<CellCounts> {
  const { target, yosys, progress } = job;
  const module = derivedName(job, modules, name);
  const script = synthesisScript({ files: scriptFiles(job), top: TOP, module, target });
  const onLine = (line: string): void => {
    const title = passTitle(line);
    if (title !== null) progress(`${name}: ${title}`);
  };
  const output = await runYosys(yosys, script, { ...job, onLine });
  return parseCells(output);
}

/** The modules below the array. */
async function belowArray(job: SynthesisJob, modules: Modules): Promise<Modules> {
  const script = listScript(scriptFiles(job), TOP, derivedName(job, modules, ARRAY));
  return parseModules(await runYosys(job.yosys, script, job));
}

/** Synthesises a build and, alone, its array. @throws InputError if Yosys refuses the Verilog */
export async function synthesize(job: SynthesisJob, modules: Modules): Promise<Synthesis> {
  const { target } = job;
  const inArray = await belowArray(job, modules);
  const decoders = DECODERS.filter((name) => modules.has(name) && !inArray.has(name));
  const top = subjectOf(job.family, target);
  let array = resourcesOf(target, await cellsOf(job, modules, ARRAY));
  for (const decoder of decoders) array = add(array, resourcesOf(target, await cellsOf(job, modules, decoder)));
  const cells = await cellsOf(job, modules, top);
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
