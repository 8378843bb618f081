import { firstErrorLine, VerilatorError } from './errors.js';
import type { Host } from './host.js';
import type { Component } from './local-tree.js';
import { type Log, run } from './process.js';

export interface InstallOptions {
  readonly host: Host;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** The distribution's package for each component. */
export const PACKAGES: Readonly<Record<Component, string>> = { verilator: 'verilator', cxx: 'g++' };

/** Lines of apt and dpkg that tell a waiting user something. */
export const WORTH_TELLING = /^(Get:\d|Fetched |Need to get|Unpacking |Setting up |E: |Err:)/;

/** Environment in which apt asks no questions and speaks the language that we parse. */
export function aptEnvironment(host: Host): Record<string, string | undefined> {
  return { ...host.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
}

/**
 * Installs the missing components system-wide with apt-get; needs root.
 * @throws VerilatorError INSTALL_FAILED with apt's reason
 */
export async function installSystemPackages(missing: readonly Component[], options: InstallOptions): Promise<void> {
  const packages = missing.map((component) => PACKAGES[component]);
  const env = aptEnvironment(options.host);
  const apt = (args: readonly string[]) =>
    run('apt-get', args, {
      env,
      signal: options.signal,
      onLine: (line) => {
        if (WORTH_TELLING.test(line)) options.log(`apt-get: ${line}`);
      },
    });
  options.log(`installing ${packages.join(' and ')} with apt-get (as root, system-wide)`);
  // Another apt may be running (a first boot, an unattended upgrade): wait for it instead of failing.
  const lock = ['-o', 'DPkg::Lock::Timeout=300'];
  // A third-party source that fails to update is no reason to stop: what counts is whether the install succeeds.
  const update = await apt([...lock, 'update']);
  const args = [...lock, '-o', 'Dpkg::Use-Pty=0', 'install', '-y', '--no-install-recommends', ...packages];
  const install = await apt(args);
  if (install.code === 0) return;
  const output = update.code === 0 ? install.output : `${update.output}\n${install.output}`;
  throw new VerilatorError(
    'INSTALL_FAILED',
    `apt-get could not install ${packages.join(' and ')}: ${firstErrorLine(output)}`,
    `See that "apt-get update && apt-get install ${packages.join(' ')}" works (network, proxy, package sources), then run this again.`,
    output,
  );
}
