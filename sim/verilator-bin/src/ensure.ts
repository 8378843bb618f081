import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findSystemCxx } from './cxx.js';
import { installLocally } from './debian-local.js';
import { type InstallOptions, installSystemPackages } from './debian-system.js';
import { VerilatorError } from './errors.js';
import { findSystemVerilator } from './find-verilator.js';
import { currentHost, type Host, readOsRelease } from './host.js';
import { type Component, findLocalCxx, findLocalVerilator, treePath } from './local-tree.js';
import { withLock } from './lock.js';
import { manualStep, TOO_OLD_STEP } from './manual-step.js';
import { type Log, which } from './process.js';
import { type CxxCompiler, MIN_VERILATOR, type Toolchain, type VerilatorTool } from './toolchain.js';

export interface LocateOptions {
  /** The machine to look at; the current one unless a test hands in another. */
  readonly host?: Host;
}

export interface EnsureOptions extends LocateOptions {
  /** Receives one line per step; silent by default. */
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is there and what is missing, for a report. */
export interface Survey {
  readonly verilator: VerilatorTool | undefined;
  readonly cxx: CxxCompiler | undefined;
  /** Why candidates were turned down; e.g. a clang++ without headers. */
  readonly rejected: readonly string[];
}

/**
 * Looks for both tools and reports partial finds. Installs nothing.
 * @throws VerilatorError when VERILATOR_BIN, VERILATOR_ROOT or CXX is set but does not work
 */
export async function survey(options: LocateOptions = {}): Promise<Survey> {
  const host = options.host ?? currentHost();
  const rejected: string[] = [];
  const pick = <T extends object>(found: T | string[] | string | undefined): T | undefined => {
    if (typeof found === 'string') rejected.push(found);
    else if (Array.isArray(found)) rejected.push(...(found as string[]));
    else return found;
    return undefined;
  };
  const verilator =
    pick<VerilatorTool>(await findSystemVerilator(host)) ?? pick<VerilatorTool>(await findLocalVerilator(host));
  const cxx = pick<CxxCompiler>(await findSystemCxx(host)) ?? pick<CxxCompiler>(await findLocalCxx(host));
  return { verilator, cxx, rejected };
}

/**
 * Finds Verilator and a working C++ compiler: environment (VERILATOR_BIN, VERILATOR_ROOT, CXX), PATH, the system's
 * standard folders, then what `ensure` installed for this user.
 * @returns undefined when one of them is missing
 * @throws VerilatorError when an environment variable names a tool that does not work
 */
export async function locate(options: LocateOptions = {}): Promise<Toolchain | undefined> {
  const { verilator, cxx } = await survey(options);
  return verilator && cxx ? { ...verilator, cxx } : undefined;
}

/**
 * Like `locate`, but installs what is missing where that needs no prior set-up: on Debian and its relatives the
 * distribution's packages, system-wide as root, else unpacked into this user's data folder.
 * @throws VerilatorError INSTALL_FAILED, or VERILATOR_NOT_FOUND / VERILATOR_TOO_OLD / CXX_NOT_FOUND with what to install
 */
export async function ensure(options: EnsureOptions = {}): Promise<Toolchain> {
  const host = options.host ?? currentHost();
  const log = options.log ?? (() => undefined);
  const before = await survey({ host });
  if (before.verilator && before.cxx) return { ...before.verilator, cxx: before.cxx };
  for (const reason of before.rejected) log(`not usable: ${reason.split('\n')[0]}`);
  if (!(await isDebianFamily(host))) throw manualError(before, host);
  await installMissing({ host, log, signal: options.signal });

  const after = await survey({ host });
  if (!after.verilator || !after.cxx) throw manualError(after, host);
  log(`using ${after.verilator.versionLine}, ${after.cxx.version}`);
  return { ...after.verilator, cxx: after.cxx };
}

/** Installs under a lock, and looks again once it is held: another process may have done it meanwhile. */
async function installMissing(options: InstallOptions): Promise<void> {
  const base = dirname(treePath('verilator', options.host));
  await mkdir(base, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    const step = 'Set FPGA_VERILATOR_HOME to a folder that you can write.';
    throw new VerilatorError('INSTALL_FAILED', `${base} cannot be made (${error.code}).`, step);
  });
  const purpose = 'it installs Verilator';
  await withLock(join(base, 'install.lock'), { log: options.log, signal: options.signal, purpose }, async () => {
    const missing = missingIn(await survey({ host: options.host }));
    if (missing.length === 0) return;
    await (options.host.uid === 0 ? installSystemPackages : installLocally)(missing, options);
  });
}

function missingIn(found: Survey): Component[] {
  const missing: Component[] = [];
  if (!found.verilator) missing.push('verilator');
  if (!found.cxx) missing.push('cxx');
  return missing;
}

async function isDebianFamily(host: Host): Promise<boolean> {
  if (host.platform !== 'linux') return false;
  const known = readOsRelease(host).family.some((name) => name === 'debian' || name === 'ubuntu');
  return known && (await which('apt-get', host)) !== undefined && (await which('dpkg-deb', host)) !== undefined;
}

/** One message that says what to type on this system. */
function manualError(found: Survey, host: Host): VerilatorError {
  const missing = missingIn(found);
  const what = missing.map((component) =>
    component === 'verilator' ? `Verilator >= ${MIN_VERILATOR}` : 'a C++17 compiler',
  );
  const tooOld = missing.includes('verilator') && found.rejected.find((reason) => reason.includes('older than'));
  const code = tooOld ? 'VERILATOR_TOO_OLD' : missing.includes('verilator') ? 'VERILATOR_NOT_FOUND' : 'CXX_NOT_FOUND';
  const os = readOsRelease(host);
  const evidence =
    found.rejected.length > 0
      ? ` (found, but not usable: ${found.rejected.map((r) => r.split('\n')[0]).join('; ')})`
      : '';
  return new VerilatorError(
    code,
    `${what.join(' and ')} not found on ${os.prettyName}${evidence}.`,
    `${tooOld ? TOO_OLD_STEP : manualStep(missing, os.family, host)} Or set VERILATOR_BIN, VERILATOR_ROOT and CXX.`,
    found.rejected.join('\n'),
  );
}
