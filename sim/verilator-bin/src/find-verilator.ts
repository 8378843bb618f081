import { access, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VerilatorError } from './errors.js';
import type { Host } from './host.js';
import { isExecutable, run, which } from './process.js';
import { compareVersions, MIN_VERILATOR, type Origin, type VerilatorTool } from './toolchain.js';

interface Candidate {
  readonly binary: string;
  /** Roots to try, best first. */
  readonly roots: readonly string[];
  readonly origin: Origin;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The first usable Verilator outside our own install folder: VERILATOR_BIN and VERILATOR_ROOT, PATH, standard folders.
 * @returns the tool, or why each candidate was turned down
 * @throws VerilatorError VERILATOR_NOT_FOUND or VERILATOR_TOO_OLD when an environment variable names one that does not
 * work: a wish must not be ignored silently
 */
export async function findSystemVerilator(host: Host): Promise<VerilatorTool | string[]> {
  const wish = await environmentCandidate(host);
  if (wish !== undefined) {
    const tried = await tryVerilator(wish, host);
    if (typeof tried !== 'string') return tried;
    const code = tried.includes('older than') ? 'VERILATOR_TOO_OLD' : 'VERILATOR_NOT_FOUND';
    throw new VerilatorError(code, `VERILATOR_BIN or VERILATOR_ROOT leads to ${tried}.`, ENVIRONMENT_STEP);
  }
  const rejected: string[] = [];
  for (const binary of await systemBinaries(host)) {
    const tried = await tryVerilator({ binary, roots: await rootsOf(binary, host), origin: 'system', env: {} }, host);
    if (typeof tried !== 'string') return tried;
    rejected.push(tried);
  }
  return rejected;
}

const ENVIRONMENT_STEP =
  'Point VERILATOR_BIN to verilator_bin and VERILATOR_ROOT to the folder with include/verilated.cpp, or unset both.';

async function environmentCandidate(host: Host): Promise<Candidate | undefined> {
  const bin = host.env.VERILATOR_BIN;
  const root = host.env.VERILATOR_ROOT;
  if (!bin && !root) return undefined;
  // Verilator's own reading of VERILATOR_BIN is a program's name, looked for in $VERILATOR_ROOT/bin.
  const name = bin || 'verilator_bin';
  const inRoot = root ? [join(root, 'bin', name), join(root, name)] : [];
  let binary = name.includes('/') ? name : undefined;
  for (const path of inRoot) if (binary === undefined && (await isExecutable(path))) binary = path;
  binary ??= (await which(name, host)) ?? (await which('verilator_bin', host)) ?? name;
  return { binary, roots: root ? [root] : await rootsOf(binary, host), origin: 'environment', env: {} };
}

async function systemBinaries(host: Host): Promise<string[]> {
  const found: string[] = [];
  const native = await which('verilator_bin', host);
  if (native) found.push(native);
  const wrapper = await which('verilator', host);
  if (wrapper) {
    // The wrapper is Perl, and wants modules that a minimal system lacks; the native program usually lies beside it.
    const folder = dirname(await realpath(wrapper).catch(() => wrapper));
    found.push(join(dirname(wrapper), 'verilator_bin'), join(folder, 'verilator_bin'), wrapper);
  }
  for (const folder of ['usr/bin', 'usr/local/bin', 'opt/homebrew/bin']) {
    found.push(join(host.root, folder, 'verilator_bin'));
  }
  const present: string[] = [];
  for (const path of new Set(found)) if (await isExecutable(path)) present.push(path);
  return present;
}

async function rootsOf(binary: string, host: Host): Promise<string[]> {
  const real = await realpath(binary).catch(() => binary);
  const roots = [binary, real].flatMap((path) => {
    const prefix = dirname(dirname(path));
    return [join(prefix, 'share/verilator'), prefix];
  });
  return [...new Set([...roots, join(host.root, 'usr/share/verilator')])];
}

/** Checks one candidate: the tool, or a phrase that says what is wrong with it. */
export async function tryVerilator(candidate: Candidate, host: Host): Promise<VerilatorTool | string> {
  const { binary, origin } = candidate;
  if (!(await isExecutable(binary))) return `${binary}, which is not an executable file`;
  const root = await firstRoot([...candidate.roots, ...(await builtInRoot(candidate, host))]);
  if (root === undefined) return `${binary}, whose include/verilated.cpp is missing`;
  const env = { ...candidate.env, VERILATOR_ROOT: root };
  const result = await run(binary, ['--version'], { env: { ...host.env, ...env } }).catch(String);
  const text = typeof result === 'string' ? result : result.stdout || result.output;
  const line = (text.split('\n')[0] ?? '').trim();
  const version = /^Verilator (\d+\.\d+)/.exec(line)?.[1];
  if (version === undefined) return `${binary}, which does not answer --version (${line})`;
  if (compareVersions(version, MIN_VERILATOR) < 0) {
    return `${binary}, version ${version}, which is older than ${MIN_VERILATOR}`;
  }
  return { binary, root, version, versionLine: line, env, origin };
}

async function builtInRoot(candidate: Candidate, host: Host): Promise<string[]> {
  const env = { ...host.env, ...candidate.env, VERILATOR_ROOT: undefined };
  const answer = await run(candidate.binary, ['--getenv', 'VERILATOR_ROOT'], { env }).catch(() => undefined);
  const root = answer?.code === 0 ? answer.stdout.trim() : '';
  return root === '' ? [] : [root];
}

async function firstRoot(roots: readonly string[]): Promise<string | undefined> {
  for (const root of roots) {
    const complete = await access(join(root, 'include/verilated.cpp')).then(
      () => true,
      () => false,
    );
    if (complete) return root;
  }
  return undefined;
}
