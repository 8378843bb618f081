import { mkdir, mkdtemp, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { VerilatorError } from './errors.js';
import { cacheHome, digest, type Host } from './host.js';
import { type RunResult, run, which } from './process.js';
import type { CxxCompiler, Origin } from './toolchain.js';

/** What is known of a compiler before it has been tried. */
export type CxxCandidate = Omit<CxxCompiler, 'version'>;

/** Uses the library headers, exceptions and threads that a verilated model uses; exits 0 when all of them work. */
const PROBE = `#include <atomic>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
int main() {
  std::atomic<int> done{0};
  std::thread worker([&] { done = 1; });
  worker.join();
  try { throw std::runtime_error("ok"); } catch (const std::exception& e) { std::cout << e.what() << std::endl; }
  return done == 1 ? 0 : 1;
}
`;

const NAMES = ['g++', 'clang++', 'c++'];

/**
 * The first compiler that works: CXX, then g++, clang++ and c++ on PATH.
 * A clang++ without headers, or a stub that only offers to install something, does not count.
 * @returns the compiler, or why each candidate was turned down
 * @throws VerilatorError CXX_BROKEN when CXX is set but does not work: a wish must not be ignored silently
 */
export async function findSystemCxx(host: Host): Promise<CxxCompiler | string[]> {
  const wish = (host.env.CXX ?? '').trim().split(/\s+/);
  if (wish[0]) {
    const path = await which(wish[0], host);
    const next = 'Set CXX to a working C++17 compiler, or unset it to have one found.';
    if (path === undefined) throw new VerilatorError('CXX_BROKEN', `CXX names ${wish[0]}, which does not exist.`, next);
    const tried = await tryCxx(plainCandidate(path, wish.slice(1), 'environment'), host);
    if ('failure' in tried)
      throw new VerilatorError('CXX_BROKEN', `CXX names ${path}, but ${tried.failure}.`, next, tried.output);
    return tried.cxx;
  }
  const rejected: string[] = [];
  for (const name of NAMES) {
    const path = await which(name, host);
    if (path === undefined) continue;
    const tried = await tryCxx(plainCandidate(path, [], 'system'), host);
    if ('cxx' in tried) return tried.cxx;
    rejected.push(`${path}: ${tried.failure}`);
  }
  return rejected;
}

function plainCandidate(path: string, args: readonly string[], origin: Origin): CxxCandidate {
  return { path, args, linkArgs: [], env: {}, origin };
}

type Tried = { readonly cxx: CxxCompiler } | { readonly failure: string; readonly output: string };

/**
 * Compiles, links and runs a probe. The verdict "works" is remembered in the cache until the compiler's file changes,
 * because the probe takes most of a second.
 */
export async function tryCxx(candidate: CxxCandidate, host: Host): Promise<Tried> {
  const memo = await memoPath(candidate, host);
  const remembered = memo === undefined ? undefined : await readFile(memo, 'utf8').catch(() => undefined);
  if (remembered) return { cxx: { ...candidate, version: remembered } };
  const tried = await probe(candidate, host);
  if ('cxx' in tried && memo !== undefined) await remember(memo, tried.cxx.version);
  return tried;
}

async function probe(candidate: CxxCandidate, host: Host): Promise<Tried> {
  const folder = await mkdtemp(join(tmpdir(), 'verilator-bin-probe-'));
  const env = { ...host.env, ...candidate.env };
  const attempt = (command: string, args: readonly string[]): Promise<RunResult> =>
    run(command, args, { env, cwd: folder }).catch((error: unknown) => ({
      code: 127,
      stdout: '',
      output: String(error),
    }));
  try {
    const version = await attempt(candidate.path, [...candidate.args, '--version']);
    if (version.code !== 0) return { failure: 'it does not answer --version', output: version.output };
    await writeFile(join(folder, 'probe.cpp'), PROBE);
    const compile = [...candidate.args, ...candidate.linkArgs, '-std=gnu++17', '-pthread', 'probe.cpp', '-o', 'probe'];
    const built = await attempt(candidate.path, compile);
    if (built.code !== 0) return { failure: 'it cannot compile and link a small program', output: built.output };
    // The program runs without the compiler's environment, as every simulation will.
    const ran = await run(join(folder, 'probe'), [], { env: host.env, cwd: folder });
    if (ran.code !== 0) return { failure: 'what it compiles does not run here', output: ran.output };
    return { cxx: { ...candidate, version: version.stdout.split('\n')[0]?.trim() ?? '' } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function memoPath(candidate: CxxCandidate, host: Host): Promise<string | undefined> {
  try {
    const real = await realpath(candidate.path);
    const info = await stat(real);
    const { path, args, linkArgs, env } = candidate;
    const key = digest([PROBE, path, real, `${info.size} ${info.mtimeMs}`, JSON.stringify([args, linkArgs, env])]);
    return join(cacheHome(host), 'compilers', key);
  } catch {
    return undefined;
  }
}

/** Best effort: a read-only cache folder only means that the probe runs again. */
async function remember(memo: string, version: string): Promise<void> {
  const partial = join(dirname(memo), `.${basename(memo)}-${process.pid}`);
  await mkdir(dirname(memo), { recursive: true })
    .then(() => writeFile(partial, version))
    .then(() => rename(partial, memo))
    .catch(() => undefined);
}
