import type { Host } from './host.js';
import type { Component } from './local-tree.js';

/** For systems whose own package is too old. */
export const TOO_OLD_STEP =
  'Use a release that ships a newer one (Debian 12, Ubuntu 24.04 or later), or install Verilator from its sources.';

/**
 * What to type to install the missing components where this package cannot do it itself.
 * @param family the distribution's id and those it derives from, best first
 */
export function manualStep(missing: readonly Component[], family: readonly string[], host: Host): string {
  const verilator = missing.includes('verilator');
  const cxx = missing.includes('cxx');
  const names = (compiler: string) =>
    [verilator ? 'verilator' : '', cxx ? compiler : ''].filter((n) => n !== '').join(' ');
  if (host.platform === 'darwin') {
    const steps = [verilator ? '"brew install verilator"' : '', cxx ? '"xcode-select --install"' : ''];
    return `Install with ${steps.filter((step) => step !== '').join(' and ')}.`;
  }
  if (host.platform === 'win32') return 'Use the Windows Subsystem for Linux, where this is installed automatically.';
  const commands: Readonly<Record<string, string>> = {
    fedora: `dnf install ${names('gcc-c++')}`,
    rhel: `dnf install epel-release && dnf install ${names('gcc-c++')}`,
    arch: `pacman -S ${names('gcc')}`,
    alpine: `apk add ${names('g++')}`,
    suse: `zypper install ${names('gcc-c++')}`,
    opensuse: `zypper install ${names('gcc-c++')}`,
    gentoo: `emerge ${names('gcc')}`,
    nixos: `nix-shell -p ${names('gcc')}`,
    freebsd: `pkg install ${names('gcc')}`,
    debian: `apt-get install ${names('g++')}`,
  };
  const command = [...family, host.platform].map((name) => commands[name]).find((entry) => entry !== undefined);
  if (command !== undefined) return `Install with "${command}".`;
  return `Install ${names('g++')} with your system's package manager.`;
}
