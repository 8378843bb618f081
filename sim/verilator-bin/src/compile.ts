import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { Cache } from './cache.js';
import {
  checkCxxFlags,
  checkIdentifier,
  checkVerilatorArgs,
  defineArgs,
  type ParameterValue,
  parameterArgs,
} from './check-options.js';
import { ensure } from './ensure.js';
import { firstErrorLine, VerilatorError } from './errors.js';
import { readGenerated, writeUnits } from './generated.js';
import { currentHost, digest, type Host } from './host.js';
import { type Inputs, readInputs } from './inputs.js';
import { withLock } from './lock.js';
import { type Log, mapLimit, run } from './process.js';
import {
  type CxxContext,
  commonFlags,
  compileObject,
  libraryFlags,
  modelFlags,
  runtimeHash,
  runtimeObject,
} from './runtime.js';
import type { Toolchain } from './toolchain.js';
import { PACKAGE_VERSION } from './version.js';

/**
 * How the model's C++ is compiled: `speed` for simulations that run for seconds or more, `build` for short tests of
 * large designs (about half the compile time).
 */
export type Optimisation = 'speed' | 'build';

export interface CompileOptions {
  /** File name of the executable. */
  readonly name: string;
  /** Top module; the C++ class is V<top>, its header "V<top>.h". */
  readonly top: string;
  /** Verilog sources. */
  readonly verilog: readonly string[];
  /** C++ sources, one of them with main(). */
  readonly cpp: readonly string[];
  /** C++ headers that they include. A build sees only the files that it is given. */
  readonly headers?: readonly string[];
  /** Folders for Verilog's `include and for modules by file name; their Verilog files count as inputs. */
  readonly includeDirs?: readonly string[];
  /** .vlt files. Match files by base name ("*\/mac.v"): folders are renamed in a build. */
  readonly waivers?: readonly string[];
  readonly defines?: Readonly<Record<string, string | number | true>>;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /** Further Verilator arguments, e.g. --trace, --threads 2, --x-initial unique. Blanket waivers are refused. */
  readonly verilatorArgs?: readonly string[];
  /** Further flags for C++ compiler and linker, e.g. -DTRACE=1, -g, -lutil. */
  readonly cxxFlags?: readonly string[];
  /** Default 'speed'. */
  readonly optimisation?: Optimisation;
  /** Compiler processes at once; default: all cores. */
  readonly jobs?: number;
  /** Default: `ensure()`. */
  readonly toolchain?: Toolchain;
  /** The machine to work on; the current one unless a test hands in another. */
  readonly host?: Host;
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CompileResult {
  /** Path of the executable in the cache; never changes under this name. */
  readonly executable: string;
  readonly cached: boolean;
  /** Wall-clock time of this call. */
  readonly seconds: number;
}

const FLAGS: Readonly<
  Record<Optimisation, { readonly fast: string; readonly slow: string; readonly runtime: string }>
> = {
  speed: { fast: '-O2', slow: '-O1', runtime: '-O2' },
  build: { fast: '-O1', slow: '-O0', runtime: '-O2' },
};

/** Two-state simulation that starts from zeros. --x-initial unique in `verilatorArgs` finds registers without reset. */
const VERILATOR_DEFAULTS = ['-O3', '--x-assign', 'fast', '--x-initial', 'fast'];

/**
 * Compiles Verilog and a C++ harness to an executable, or returns the one made before from the same content.
 *
 * The key covers the content of every file, all names and flags, Verilator, the compiler and this package's version;
 * not where the files lie, so a copy of the project hits as well. Safe to call from several processes at once.
 * @throws VerilatorError BAD_OPTION, VERILOG_FAILED (lint warnings included), CXX_FAILED, LINK_FAILED, ABORTED, or what
 * `ensure` throws
 */
export async function compile(options: CompileOptions): Promise<CompileResult> {
  const started = performance.now();
  checkOptions(options);
  const log = options.log ?? (() => undefined);
  const host = options.host ?? currentHost();
  const tool = options.toolchain ?? (await ensure({ host, log, signal: options.signal }));
  const cache = new Cache(host);
  const context: CxxContext = { tool, host, cache, log, signal: options.signal };
  const inputs = await readInputs({ headers: [], includeDirs: [], waivers: [], ...options });
  const library = await runtimeHash(tool);
  const key = buildKey(options, inputs, tool, library);
  const finish = (executable: string, cached: boolean): CompileResult => ({
    executable,
    cached,
    seconds: (performance.now() - started) / 1000,
  });

  const hit = await cache.find('builds', key, options.name);
  if (hit) return finish(hit, true);
  const lock = { log, signal: options.signal, purpose: `it compiles ${options.name}` };
  return withLock(cache.lockPath(key), lock, async () => {
    const made = await cache.find('builds', key, options.name);
    if (made) return finish(made, true);
    const folder = await cache.partial();
    try {
      const executable = await build(folder, options, inputs, library, context);
      const stored = await cache.store('builds', key, executable, options.name);
      const result = finish(stored, false);
      log(`built ${options.name} in ${result.seconds.toFixed(1)} s`);
      await cache.prune();
      return result;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function checkOptions(options: CompileOptions): void {
  const bad = (summary: string, step: string) => new VerilatorError('BAD_OPTION', summary, step);
  if (!/^[\w.-]+$/.test(options.name))
    throw bad(`name "${options.name}" is not a file name.`, 'Use letters, digits, . _ -');
  checkIdentifier('Top module', options.top);
  if (options.verilog.length === 0) throw bad('compile was given no Verilog.', 'Pass at least one file in verilog.');
  if (options.cpp.length === 0) throw bad('compile was given no C++.', 'Pass the file with main() in cpp.');
  checkVerilatorArgs(options.verilatorArgs ?? []);
  checkCxxFlags(options.cxxFlags ?? []);
}

function verilatorArguments(options: CompileOptions): string[] {
  return [
    ...VERILATOR_DEFAULTS,
    ...(options.verilatorArgs ?? []),
    ...defineArgs(options.defines ?? {}),
    ...parameterArgs(options.params ?? {}),
  ];
}

function buildKey(options: CompileOptions, inputs: Inputs, tool: Toolchain, library: string): string {
  const { cxx } = tool;
  return digest([
    PACKAGE_VERSION,
    options.name,
    options.top,
    inputs.hash,
    JSON.stringify([verilatorArguments(options), options.cxxFlags ?? [], options.optimisation ?? 'speed']),
    tool.versionLine,
    library,
    JSON.stringify([cxx.path, cxx.version, cxx.args, cxx.linkArgs]),
  ]);
}

async function build(
  folder: string,
  options: CompileOptions,
  inputs: Inputs,
  library: string,
  context: CxxContext,
): Promise<string> {
  const { tool, log, signal, host } = context;
  const prefix = `V${options.top}`;
  await inputs.writeTo(folder);
  log(`verilating ${options.top} (${inputs.verilog.length} files, Verilator ${tool.version})`);
  const verilated = await run(
    tool.binary,
    [
      ...['--cc', '--Mdir', 'obj', '--prefix', prefix, '--top-module', options.top],
      ...verilatorArguments(options),
      ...inputs.verilogFolders.map((name) => `-I${name}`),
      ...inputs.waivers,
      ...inputs.verilog,
    ],
    { env: { ...host.env, ...tool.env }, cwd: folder, signal },
  );
  if (verilated.code !== 0) {
    const output = inputs.unstage(verilated.output);
    const step = 'Correct the design; a message that is wrong here can be waived by rule in a .vlt file.';
    throw new VerilatorError(
      'VERILOG_FAILED',
      `Verilator rejected ${options.top}: ${firstErrorLine(output)}`,
      step,
      output,
    );
  }

  const objects = await compileAll(folder, prefix, options, inputs, library, context);
  log('linking');
  const flags = [...commonFlags(tool, false), ...tool.cxx.linkArgs];
  const link = await run(tool.cxx.path, [...flags, ...objects, ...(options.cxxFlags ?? []), '-o', options.name], {
    env: { ...host.env, ...tool.cxx.env },
    cwd: folder,
    signal,
  });
  if (link.code !== 0) {
    const output = inputs.unstage(link.output);
    const step = 'Add the missing source to cpp, or the library to cxxFlags (-l…).';
    throw new VerilatorError(
      'LINK_FAILED',
      `${options.name} could not be linked: ${firstErrorLine(output)}`,
      step,
      output,
    );
  }
  return join(folder, options.name);
}

/** Compiles harness, model and run-time library side by side; returns the object files. */
async function compileAll(
  folder: string,
  prefix: string,
  options: CompileOptions,
  inputs: Inputs,
  library: string,
  context: CxxContext,
): Promise<string[]> {
  const generated = await readGenerated(join(folder, 'obj'), prefix);
  const level = FLAGS[options.optimisation ?? 'speed'];
  const cxxFlags = options.cxxFlags ?? [];
  const common = commonFlags(context.tool, generated.timing);
  const shared = [...common, ...generated.macros, '-Iobj'];
  const model = modelFlags(cxxFlags);
  const object = async (source: string, flags: readonly string[]): Promise<string> => {
    const target = `${source.replace(/[/.]/g, '_')}.o`;
    await compileObject(source, target, flags, folder, context, (output) => inputs.unstage(output));
    return join(folder, target);
  };

  const units = (label: string, names: readonly string[], optimise: string) =>
    writeUnits(join(folder, 'obj'), `unit_${label}`, names).then((files) =>
      files.map((file) => () => object(join('obj', file), [...shared, '-w', optimise, ...model])),
    );
  const fast = await units('fast', generated.fast, level.fast);
  const slow = await units('slow', generated.slow, level.slow);
  const harness = inputs.cpp.map((source) => () => {
    const folders = inputs.cppFolders.map((name) => `-I${name}`);
    return object(source, [...shared, ...folders, '-Wall', level.fast, ...model, ...cxxFlags]);
  });
  const flags = [...common, level.runtime, ...libraryFlags(cxxFlags)];
  const runtime = generated.runtime.map((name) => () => runtimeObject(basename(name), flags, library, context));

  const jobs = options.jobs ?? availableParallelism();
  context.log(`compiling ${harness.length} harness and ${fast.length + slow.length} model units with ${jobs} jobs`);
  // The library first: when it is not cached yet, its large file takes longest.
  const tasks = [...runtime, ...fast, ...harness, ...slow];
  return mapLimit(tasks, jobs, (task) => task());
}
