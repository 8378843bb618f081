import { lstat, mkdir, readdir, readlink, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { PRIVATE_LIBRARIES } from './local-tree.js';

/**
 * Makes a tree of unpacked packages usable where it lies:
 *
 * - `/bin`, `/sbin`, `/lib*` become links into `/usr`, as on an installed system; packages ship files under both names,
 *   and linker scripts (libc.so) name both.
 * - absolute symbolic links, which would lead out of the tree, become relative.
 * - `private-lib/` links to the shared libraries that the tree's programs need, without those of the C library: mixing
 *   ours with the machine's loader crashes every program that sees it.
 *
 * @param tree folder with the unpacked packages; `.libc/` inside holds the C library's package alone, and is removed
 */
export async function relocateTree(tree: string): Promise<void> {
  await mergeIntoUsr(tree);
  await mergeIntoUsr(join(tree, '.libc')).catch(ignoreMissing);
  await makeLinksRelative(tree, tree);
  await linkPrivateLibraries(tree);
  await rm(join(tree, '.libc'), { recursive: true, force: true });
}

async function mergeIntoUsr(tree: string): Promise<void> {
  for (const entry of await readdir(tree, { withFileTypes: true })) {
    if (!entry.isDirectory() || !/^(s?bin|lib[a-z0-9]*)$/.test(entry.name)) continue;
    await moveInto(join(tree, entry.name), join(tree, 'usr', entry.name));
    await symlink(join('usr', entry.name), join(tree, entry.name));
  }
  // The loader's folder and the libraries' are named by linker scripts even when every package ships them under /usr.
  for (const entry of await readdir(join(tree, 'usr'), { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || !/^(s?bin|lib[a-z0-9]*)$/.test(entry.name) || entry.name === 'libexec') continue;
    await symlink(join('usr', entry.name), join(tree, entry.name)).catch(ignoreExisting);
  }
}

/** Moves the content of a folder into another one, merging folders that exist in both. */
async function moveInto(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const existing = await lstat(target).catch(() => undefined);
    if (entry.isDirectory() && existing?.isDirectory()) await moveInto(source, target);
    else await rename(source, target);
  }
  await rmdir(from).catch(() => undefined);
}

async function makeLinksRelative(folder: string, tree: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeLinksRelative(path, tree);
    if (!entry.isSymbolicLink()) continue;
    const target = await readlink(path);
    if (!isAbsolute(target)) continue;
    await unlink(path);
    await symlink(relative(dirname(path), join(tree, target)), path);
  }
}

async function linkPrivateLibraries(tree: string): Promise<void> {
  const own = new Set((await libraries(join(tree, '.libc'))).map((path) => path.split('/').at(-1)));
  const folder = join(tree, PRIVATE_LIBRARIES);
  await mkdir(folder, { recursive: true });
  for (const path of await libraries(tree)) {
    const name = path.split('/').at(-1)!;
    if (!own.has(name)) await symlink(relative(folder, path), join(folder, name)).catch(ignoreExisting);
  }
}

/** Shared libraries (with a version in their name) directly in usr/lib and usr/lib/<triplet>. */
async function libraries(tree: string): Promise<string[]> {
  const base = join(tree, 'usr/lib');
  const folders = [base];
  for (const entry of await readdir(base, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory() && entry.name.includes('-linux-')) folders.push(join(base, entry.name));
  }
  const found: string[] = [];
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (/\.so\.\d|^libbfd-.*\.so$|^libopcodes-.*\.so$|^ld-/.test(name)) found.push(join(folder, name));
    }
  }
  return found;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
