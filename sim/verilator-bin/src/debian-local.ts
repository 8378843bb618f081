import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { aptEnvironment, aptReason, type InstallOptions, PACKAGES, tellProgress } from './debian-system.js';
import { firstErrorLine, VerilatorError } from './errors.js';
import { type Component, cxxIn, MANIFEST, treePath, verilatorIn } from './local-tree.js';
import { TOO_OLD_STEP } from './manual-step.js';
import { checkAborted, type RunResult, run } from './process.js';
import { relocateTree } from './relocate.js';

/**
 * Dependencies that nothing we call needs: Verilator's Perl and Python scripts, its HTML pages, and the tools for the
 * makefiles that we do not use. The private package state says that they are installed, so apt does not download them.
 */
const SCRIPTING = ['perl', 'perl-base', 'python3', 'python3-minimal', 'libjs-sphinxdoc', 'sphinx-rtd-theme-common'];
const PRETENDED: Readonly<Record<Component, readonly string[]>> = {
  // The compiler is a component of its own, and may be there already.
  verilator: [...SCRIPTING, 'debconf', 'make', 'g++', 'gcc', 'zlib1g-dev', 'ccache'],
  cxx: [...SCRIPTING, 'debconf'],
};

const MEGABYTE = 1e6;

/**
 * Installs components for the current user only, without root: downloads the distribution's packages through a private
 * apt state (apt checks their signatures as always) and unpacks them under the install folder.
 *
 * A tree appears under its final name in one rename, after its program has been seen to work; an interrupted install
 * leaves only a `.partial-…` folder that the next install removes. The caller holds the install lock.
 * @throws VerilatorError INSTALL_FAILED
 */
export async function installLocally(missing: readonly Component[], options: InstallOptions): Promise<void> {
  const base = dirname(treePath('verilator', options.host));
  await removeLeftovers(base);
  const partial = join(base, `.partial-${process.pid}-${Date.now()}`);
  try {
    const apt = await privateApt(join(partial, 'apt'), options);
    options.log('reading package lists (private copy, no root needed)');
    const update = await apt(['update']);
    for (const component of missing) {
      await installComponent(component, join(partial, component), apt, update, options);
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

type Apt = (args: readonly string[]) => Promise<RunResult>;

async function privateApt(folder: string, options: InstallOptions): Promise<Apt> {
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'log']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, 'state/status'), '');
  const settings = [
    `Dir::State=${join(folder, 'state')}`,
    `Dir::State::lists=${join(folder, 'state/lists')}`,
    `Dir::State::status=${join(folder, 'state/status')}`,
    `Dir::State::extended_states=${join(folder, 'state/extended_states')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    `Dir::Cache::archives=${join(folder, 'cache/archives')}`,
    `Dir::Log=${join(folder, 'log')}`,
    'Debug::NoLocking=1',
    'Acquire::Languages=none',
  ].flatMap((setting) => ['-o', setting]);
  return (args) =>
    run('apt-get', [...settings, ...args], {
      env: aptEnvironment(options.host),
      signal: options.signal,
      onLine: tellProgress(options.log),
    });
}

/** Tells the private package state what to regard as installed. */
async function pretend(component: Component, folder: string, { host, signal }: InstallOptions): Promise<void> {
  const architecture = await run('dpkg', ['--print-architecture'], { env: aptEnvironment(host), signal });
  const entries = PRETENDED[component].map((name) => pretendedEntry(name, architecture.stdout.trim()));
  await writeFile(join(folder, 'state/status'), entries.join('\n'));
}

function pretendedEntry(name: string, architecture: string): string {
  return [
    `Package: ${name}`,
    'Status: install ok installed',
    'Maintainer: nobody <nobody@localhost>',
    `Architecture: ${architecture}`,
    // Satisfies dependencies of the form perl:any.
    'Multi-Arch: allowed',
    'Version: 999:1',
    'Description: stands in for a package that is not needed',
    '',
  ].join('\n');
}

async function installComponent(
  component: Component,
  tree: string,
  apt: Apt,
  update: RunResult,
  options: InstallOptions,
): Promise<void> {
  const name = PACKAGES[component];
  options.log(`downloading ${name} and what it needs`);
  await pretend(component, join(dirname(tree), 'apt'), options);
  const download = await apt(['install', '-y', '--no-install-recommends', '--download-only', name]);
  if (download.code !== 0) {
    throw failure(
      `The packages for ${name} could not be downloaded: ${aptReason(update, download)}`,
      `Check network, proxy and package sources, or ask an administrator for "apt-get install ${name}", then run this again.`,
      `${update.output}\n${download.output}`,
    );
  }
  const archives = join(dirname(tree), 'apt/cache/archives');
  const debs = (await readdir(archives)).filter((file) => file.endsWith('.deb')).sort();
  const bytes = await unpack(debs, archives, tree, options);
  // The next component's tree must not get these as well.
  for (const deb of debs) await rm(join(archives, deb));
  await relocateTree(tree);
  options.log(`unpacked ${debs.length} packages (${(bytes / MEGABYTE).toFixed(0)} MB packed); trying ${name}`);
  const found = await (component === 'verilator' ? verilatorIn(tree, options.host) : cxxIn(tree, options.host));
  if (typeof found === 'string' && found.includes('older than')) {
    throw new VerilatorError('VERILATOR_TOO_OLD', `This system's package is ${found}.`, TOO_OLD_STEP);
  }
  if (typeof found === 'string') {
    throw failure(
      `The unpacked ${name} does not work: ${found}`,
      `Ask an administrator for "apt-get install ${name}".`,
      found,
    );
  }
  await writeFile(join(tree, MANIFEST), `${JSON.stringify({ component, packages: debs }, null, 2)}\n`);
  const final = treePath(component, options.host);
  await rm(final, { recursive: true, force: true });
  await rename(tree, final);
  options.log(`installed ${name} in ${final}`);
}

async function unpack(
  debs: readonly string[],
  archives: string,
  tree: string,
  options: InstallOptions,
): Promise<number> {
  await mkdir(tree, { recursive: true });
  let bytes = 0;
  const env = aptEnvironment(options.host);
  for (const deb of debs) {
    checkAborted(options.signal, 'unpacking packages');
    const path = join(archives, deb);
    bytes += (await stat(path)).size;
    // The C library's own package is unpacked apart as well, so that relocation knows which libraries are its.
    const targets = /^libc6(\.1)?_/.test(deb) ? [tree, join(tree, '.libc')] : [tree];
    for (const target of targets) {
      const result = await run('dpkg-deb', ['-x', path, target], { env, signal: options.signal });
      if (result.code !== 0) {
        const step = 'See that there is enough free space (500 MB), then run this again.';
        throw failure(`${deb} could not be unpacked: ${firstErrorLine(result.output)}`, step, result.output);
      }
    }
  }
  return bytes;
}

/** Removes what interrupted installs left behind. Called under the lock, so that none of them is in use. */
async function removeLeftovers(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (name.startsWith('.partial-')) await rm(join(base, name), { recursive: true, force: true });
  }
}

function failure(summary: string, nextStep: string, output = ''): VerilatorError {
  return new VerilatorError('INSTALL_FAILED', summary, nextStep, output);
}
