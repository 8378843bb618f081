import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache } from './cache.js';
import { firstErrorLine, VerilatorError } from './errors.js';
import { digest, type Host } from './host.js';
import { withLock } from './lock.js';
import { type Log, run } from './process.js';
import type { Toolchain } from './toolchain.js';

export interface CxxContext {
  readonly tool: Toolchain;
  readonly host: Host;
  readonly cache: Cache;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** Flags that every object of a simulation is compiled with. */
export function commonFlags(tool: Toolchain, timing: boolean): string[] {
  return [
    ...tool.cxx.args,
    timing ? '-std=gnu++20' : '-std=gnu++17',
    '-pthread',
    `-I${join(tool.root, 'include')}`,
    `-I${join(tool.root, 'include/vltstd')}`,
    '-DVM_SC=0',
  ];
}

/** The caller's flags for the model: all that concern code generation, not the harness's own macros and libraries. */
export function modelFlags(cxxFlags: readonly string[]): string[] {
  return cxxFlags.filter((flag) => /^-([fmgO]|std=|DVL_|DVM_)/.test(flag));
}

/**
 * The caller's flags for the run-time library: only those that it must share with the model (sanitizers, ABI, debug
 * checks), so that builds with and without, say, -g share one library.
 */
export function libraryFlags(cxxFlags: readonly string[]): string[] {
  return cxxFlags.filter((flag) => /^-([fm]|std=|DVL_)/.test(flag));
}

/** Hash over the library's headers and sources: a rebuilt Verilator may keep its version number. */
export async function runtimeHash(tool: Toolchain): Promise<string> {
  const hash = createHash('sha256');
  const folder = join(tool.root, 'include');
  for (const name of (await readdir(folder)).filter((entry) => /\.(h|cpp|sv|vlt)$/.test(entry)).sort()) {
    hash.update(`${name}:`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex');
}

/**
 * Object file of one source of Verilator's run-time library, compiled once per Verilator, compiler and flags.
 * @param name base name without '.cpp', e.g. 'verilated_vcd_c'
 * @throws VerilatorError CXX_FAILED
 */
export async function runtimeObject(
  name: string,
  flags: readonly string[],
  hash: string,
  context: CxxContext,
): Promise<string> {
  const { tool, cache, log, signal } = context;
  const key = digest([name, hash, tool.cxx.version, tool.cxx.path, ...flags]);
  const file = `${name}.o`;
  const hit = await cache.find('objects', key, file);
  if (hit) return hit;
  return withLock(cache.lockPath(key), { log, signal, purpose: `it compiles ${name}` }, async () => {
    const made = await cache.find('objects', key, file);
    if (made) return made;
    log(`compiling Verilator's run-time library, once: ${name}`);
    const folder = await cache.partial();
    try {
      const object = join(folder, file);
      await compileObject(join(tool.root, 'include', `${name}.cpp`), object, ['-w', ...flags], folder, context);
      return await cache.store('objects', key, object, file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Compiles one C++ file. @throws VerilatorError CXX_FAILED with the compiler's output */
export async function compileObject(
  source: string,
  object: string,
  flags: readonly string[],
  cwd: string,
  { tool, host, signal }: CxxContext,
  explain: (output: string) => string = (output) => output,
): Promise<void> {
  const env = { ...host.env, ...tool.cxx.env };
  const result = await run(tool.cxx.path, [...flags, '-c', source, '-o', object], { env, cwd, signal });
  if (result.code === 0) return;
  const output = explain(result.output);
  throw new VerilatorError(
    'CXX_FAILED',
    `The C++ compiler rejected ${explain(source)}: ${firstErrorLine(output)}`,
    nextStep(output),
    output,
  );
}

function nextStep(output: string): string {
  if (/No such file or directory/.test(output)) {
    return 'A build sees only the files that it was given: list missing headers in `headers`.';
  }
  if (/Killed|out of memory|virtual memory exhausted/i.test(output)) {
    return 'The compiler ran out of memory: lower `jobs`, or use optimisation "build".';
  }
  return 'Correct the file; the output has the details.';
}
