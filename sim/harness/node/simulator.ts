import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { compile, ensure, type LintResult, lint, VerilatorError } from '@fpga/verilator-bin';
import { SIMULATION_LIST } from '../../../generator/emit/render.js';
import { InputError } from '../../../generator/errors.js';
import { asInput } from '../../../generator/model/node/files.js';
import { packageRoot } from '../../../generator/node/package-root.js';
import { planHash } from '../../../generator/plan/hash.js';
import { readPlan } from '../../../generator/plan/node/read-plan.js';
import type { Plan } from '../../../generator/plan/types.js';
import { boardListFile } from '../../../generator/synth/board-files.js';

export const TOP_MODULE = 'sdq_top';
/** The same ports, with what is simulated around the accelerator where there is something. */
const SIMULATION_MODULE = 'sdq_simulation';

/** What the generated top level says of its plan. */
const PLAN_LINE = /^\/\/ Plan ([0-9a-f]{64})$/m;

/** A folder that `sdq generate` wrote. */
export interface BuildFolder {
  readonly path: string;
  readonly plan: Plan;
  /** 64 hex digits */
  readonly planHash: string;
  /** Every Verilog file of the design in the folder, absolute. */
  readonly verilog: readonly string[];
  /** Those that are only for simulation. */
  readonly simulation: readonly string[];
  /** Those that only the board's wrapper needs, itself included. */
  readonly board: readonly string[];
}

/** Reads a build folder. @throws InputError if it is none */
export function readBuildFolder(path: string): BuildFolder {
  const planFile = join(path, 'plan.json');
  if (!asInput(path, () => statSync(path).isDirectory())) throw new InputError(`${path} is a file, not a build folder`);
  if (!existsSync(planFile)) {
    throw new InputError(`${path} has no plan.json: make it with "sdq generate --plan plan.json -o ${basename(path)}"`);
  }
  const plan = readPlan(planFile);
  const hash = planHash(plan);
  const topFile = join(path, `${TOP_MODULE}.v`);
  if (!existsSync(topFile)) {
    throw new InputError(`${path} has no ${TOP_MODULE}.v: run "sdq generate" again, or name the folder that it wrote`);
  }
  const made = asInput(topFile, () => PLAN_LINE.exec(readFileSync(topFile, 'utf8')))?.[1];
  if (made !== undefined && made !== hash) {
    throw new InputError(
      `the Verilog in ${path} is that of plan ${made}, but the plan.json beside it is ${hash}: run "sdq generate" again`,
    );
  }
  // Two levels, as generated; builds in folders below are not part of this one.
  const verilog = ['.', 'rtl']
    .filter((folder) => existsSync(join(path, folder)))
    .flatMap((folder) => asInput(path, () => readdirSync(join(path, folder))).map((name) => join(folder, name)))
    .filter((name) => name.endsWith('.v'))
    .sort();
  const listed = listedVerilog(join(path, SIMULATION_LIST));
  const absolute = (names: readonly string[]): string[] => names.map((name) => join(path, name));
  return {
    path,
    plan,
    planHash: hash,
    verilog: absolute(verilog.filter((name) => !listed.includes(name))),
    simulation: absolute(verilog.filter((name) => listed.includes(name))),
    board: absolute(listedVerilog(join(path, boardListFile))),
  };
}

/** The Verilog in a list of files, as the list names it; none if there is no such list. */
function listedVerilog(listFile: string): string[] {
  if (!existsSync(listFile)) return [];
  const lines = asInput(listFile, () => readFileSync(listFile, 'utf8')).split('\n');
  return lines.filter((name) => name.endsWith('.v'));
}

export interface Simulator {
  readonly executable: string;
  /** The executable was there already. */
  readonly cached: boolean;
  readonly seconds: number;
}

/**
 * Compiles the Verilog that lies in a build folder, with the harness, into a simulator; installs Verilator if needed.
 * @param log receives a line per step
 * @param signal ends the compilation; its reason is thrown
 * @throws InputError if the tools are missing or the Verilog does not compile, with what they said
 */
export async function buildSimulator(
  build: BuildFolder,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Simulator> {
  const harness = join(packageRoot(), 'sim/harness');
  return await asVerilatorInput(signal, async () => {
    await ensure({ log, signal });
    return await compile({
      name: 'sdq-simulator',
      top: simulatedTop(build),
      verilog: [...build.verilog, ...build.simulation],
      cpp: [join(harness, 'main.cpp')],
      // Tokens come as fast as with 'speed', for which twice as long is compiled.
      optimisation: 'build',
      headers: build.simulation.length > 0 ? [join(harness, `V${TOP_MODULE}.h`)] : [],
      log,
      signal,
    });
  });
}

/**
 * Checks the Verilog that lies in a build folder with Verilator's -Wall: what is simulated, so without the board's wrapper.
 * Paths in the output are relative to the folder.
 * @param log receives a line per step of installing Verilator, if it must be
 * @param signal ends it; its reason is thrown
 * @throws InputError if Verilator is missing
 */
export async function lintBuild(
  build: BuildFolder,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<LintResult> {
  const files = [...build.verilog, ...build.simulation].map((file) => relative(build.path, file));
  return await asVerilatorInput(signal, () => lint({ files, top: simulatedTop(build), cwd: build.path, log, signal }));
}

const simulatedTop = ({ simulation }: BuildFolder): string => (simulation.length > 0 ? SIMULATION_MODULE : TOP_MODULE);

/** What Verilator refuses is an input's fault. */
async function asVerilatorInput<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof VerilatorError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}
