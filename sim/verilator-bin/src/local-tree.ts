import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CxxCandidate, tryCxx } from './cxx.js';
import { tryVerilator } from './find-verilator.js';
import { type Host, installHome, readOsRelease } from './host.js';
import type { CxxCompiler, VerilatorTool } from './toolchain.js';

/** What can be installed for the user; each is a folder of its own, so that only the missing one is downloaded. */
export type Component = 'verilator' | 'cxx';

/** Shared libraries of a tree that are safe to put on LD_LIBRARY_PATH, i.e. all but the C library's. */
export const PRIVATE_LIBRARIES = 'private-lib';

/** Written last, before the rename that makes a tree count as installed. */
export const MANIFEST = 'installed.json';

/**
 * Folder for one component. The distribution's release is in the name because a home folder may be shared between
 * machines, and a release's programs need that release's C library.
 */
export function treePath(component: Component, host: Host): string {
  const os = readOsRelease(host);
  return join(installHome(host), [os.id, os.version, host.arch].filter((part) => part !== '').join('-'), component);
}

async function isInstalled(tree: string): Promise<boolean> {
  return readFile(join(tree, MANIFEST)).then(
    () => true,
    () => false,
  );
}

/** Our own Verilator for this user, or why it does not work; undefined when there is none. */
export async function findLocalVerilator(host: Host): Promise<VerilatorTool | string | undefined> {
  const tree = treePath('verilator', host);
  return (await isInstalled(tree)) ? verilatorIn(tree, host) : undefined;
}

/** Our own compiler for this user, or why it does not work; undefined when there is none. */
export async function findLocalCxx(host: Host): Promise<CxxCompiler | string | undefined> {
  const tree = treePath('cxx', host);
  return (await isInstalled(tree)) ? cxxIn(tree, host) : undefined;
}

/** The Verilator that was unpacked into a tree. */
export async function verilatorIn(tree: string, host: Host): Promise<VerilatorTool | string> {
  const binary = join(tree, 'usr/bin/verilator_bin');
  return tryVerilator(
    { binary, roots: [join(tree, 'usr/share/verilator')], origin: 'local', env: libraryPath(tree) },
    host,
  );
}

/** The compiler that was unpacked into a tree, as one that works from there. */
export async function cxxIn(tree: string, host: Host): Promise<CxxCompiler | string> {
  const bin = join(tree, 'usr/bin');
  const candidate: CxxCandidate = {
    path: join(bin, 'g++'),
    // The driver finds cc1plus relative to itself; --sysroot moves headers and libraries, -B the assembler and linker.
    args: [`--sysroot=${tree}`, `-B${bin}`],
    // The user's machine may have no libstdc++, or an older one.
    linkArgs: ['-static-libstdc++', '-static-libgcc'],
    env: libraryPath(tree),
    origin: 'local',
  };
  const present = await access(candidate.path).then(
    () => true,
    () => false,
  );
  if (!present) return `${candidate.path} is missing`;
  const tried = await tryCxx(candidate, host);
  return 'cxx' in tried ? tried.cxx : `${candidate.path}: ${tried.failure}\n${tried.output}`;
}

function libraryPath(tree: string): Record<string, string> {
  return { LD_LIBRARY_PATH: join(tree, PRIVATE_LIBRARIES) };
}
