import { firstErrorLine, VerilatorError } from './errors.js';
import type { Host } from './host.js';
import type { Component } from './local-tree.js';
import { type Log, type RunResult, run } from './process.js';

export interface InstallOptions {
  readonly host: Host;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** The distribution's package for each component. */
export const PACKAGES: Readonly<Record<Component, string>> = { verilator: 'verilator', cxx: 'g++' };

/**
 * A line of apt-get's output in words for a waiting user, or undefined for the rest of its chatter.
 * `Get:9 URL bookworm/main amd64 g++ amd64 4:12.2.0-3 [1356 B]` becomes `downloading g++ (1356 B)`.
 */
export function aptProgress(line: string): string | undefined {
  const get = /^Get:\d+ \S+ \S+ (?:(InRelease)|\S+ (\S+)).*\[(.+)\]$/.exec(line);
  if (get) return `downloading ${get[1] ?? get[2]} (${get[3]})`;
  return /^(Need to get|Fetched |Setting up |E: |Err:)/.test(line) ? `apt-get: ${line}` : undefined;
}

/** Passes apt-get's progress on to the log. */
export function tellProgress(log: Log): Log {
  return (line) => {
    const words = aptProgress(line);
    if (words !== undefined) log(words);
  };
}

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
      onLine: tellProgress(options.log),
    });
  options.log(`installing ${packages.join(' and ')} with apt-get (as root, system-wide)`);
  // Another apt may be running (a first boot, an unattended upgrade): wait for it instead of failing.
  const lock = ['-o', 'DPkg::Lock::Timeout=300'];
  // A third-party source that fails to update is no reason to stop: what counts is whether the install succeeds.
  const update = await apt([...lock, 'update']);
  const args = [...lock, '-o', 'Dpkg::Use-Pty=0', 'install', '-y', '--no-install-recommends', ...packages];
  const install = await apt(args);
  if (install.code === 0) return;
  throw new VerilatorError(
    'INSTALL_FAILED',
    `apt-get could not install ${packages.join(' and ')}: ${aptReason(update, install)}`,
    `See that "apt-get update && apt-get install ${packages.join(' ')}" works (network, proxy, package sources), then run this again.`,
    `${update.output}\n${install.output}`,
  );
}

/**
 * Why an install failed, in apt's words. Without network `update` succeeds with warnings, and `install` then says
 * "Unable to locate package", which would send the reader the wrong way: the first failed download is the reason.
 */
export function aptReason(update: RunResult, install: RunResult): string {
  const unreachable = /^W: Failed to fetch (.*)$/m.exec(update.output)?.[1];
  return unreachable ? `package lists could not be fetched: ${unreachable}` : firstErrorLine(install.output);
}
