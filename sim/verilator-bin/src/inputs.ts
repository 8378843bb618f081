import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { VerilatorError } from './errors.js';

/** One source file, read once: what is hashed is what is compiled, even if the file changes meanwhile. */
interface Input {
  readonly original: string;
  /** Where it goes in the build folder, e.g. 'v0/mac.v'. Does not depend on where the original lies. */
  readonly staged: string;
  readonly content: Buffer;
}

/** All inputs of a build under names that are the same wherever the project is checked out. */
export interface Inputs {
  readonly verilog: readonly string[];
  readonly waivers: readonly string[];
  readonly cpp: readonly string[];
  readonly verilogFolders: readonly string[];
  readonly cppFolders: readonly string[];
  /** sha256 over the names and contents of all of them. */
  readonly hash: string;
  /** Writes them into a build folder. */
  writeTo(folder: string): Promise<void>;
  /** Puts the original paths back into a tool's messages. */
  unstage(text: string): string;
}

export interface InputPaths {
  readonly verilog: readonly string[];
  readonly waivers: readonly string[];
  readonly cpp: readonly string[];
  readonly headers: readonly string[];
  readonly includeDirs: readonly string[];
}

const VERILOG_FILE = /\.(v|sv|vh|svh|inc|h)$/;

/**
 * Reads all sources. Files of one folder stay together (so that they find each other's headers), folders are numbered.
 * Nothing outside is visible to a build, which is why its cache key cannot miss a file.
 * @throws VerilatorError BAD_OPTION naming a file that cannot be read
 */
export async function readInputs(paths: InputPaths): Promise<Inputs> {
  const inputs: Input[] = [];
  const verilogFolders = new Map<string, string>();
  const cppFolders = new Map<string, string>();
  const stage = async (path: string, folders: Map<string, string>, prefix: string): Promise<string> => {
    const original = resolve(path);
    const folder = dirname(original);
    if (!folders.has(folder)) folders.set(folder, `${prefix}${folders.size}`);
    const staged = join(folders.get(folder)!, basename(original));
    if (!inputs.some((input) => input.staged === staged)) {
      inputs.push({ original, staged, content: await readSource(original) });
    }
    return staged;
  };
  const stageAll = async (
    files: readonly string[],
    folders: Map<string, string>,
    prefix: string,
  ): Promise<string[]> => {
    const staged: string[] = [];
    for (const file of files) staged.push(await stage(file, folders, prefix));
    return staged;
  };
  const verilog = await stageAll(paths.verilog, verilogFolders, 'v');
  const waivers = await stageAll(paths.waivers, verilogFolders, 'v');
  const cpp = await stageAll(paths.cpp, cppFolders, 'c');
  await stageAll(paths.headers, cppFolders, 'c');
  for (const folder of paths.includeDirs) {
    await stageAll(await verilogFilesIn(folder), verilogFolders, 'v');
  }
  const hash = createHash('sha256');
  for (const { staged, content } of inputs) hash.update(`${staged}:${content.length}:`).update(content);
  hash.update(JSON.stringify([verilog, waivers, cpp]));
  return {
    verilog,
    waivers,
    cpp,
    verilogFolders: [...verilogFolders.values()],
    cppFolders: [...cppFolders.values()],
    hash: hash.digest('hex'),
    async writeTo(folder) {
      for (const name of [...verilogFolders.values(), ...cppFolders.values()]) {
        await mkdir(join(folder, name), { recursive: true });
      }
      for (const { staged, content } of inputs) await writeFile(join(folder, staged), content);
    },
    unstage: (text) => inputs.reduce((result, { staged, original }) => replacePath(result, staged, original), text),
  };
}

async function readSource(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new VerilatorError(
      'BAD_OPTION',
      `${path} cannot be read (${error.code ?? error.message}).`,
      'Check the path.',
    );
  });
}

async function verilogFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new VerilatorError('BAD_OPTION', `${folder} cannot be read (${error.code}).`, 'Check includeDirs.');
  });
  return names
    .filter((name) => VERILOG_FILE.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Replaces a staged path where it stands as a whole word: 'v1/a.v' must not match within 'v1/a.vh' or 'rv1/a.v'. */
function replacePath(text: string, staged: string, original: string): string {
  const escaped = staged.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w/.-])${escaped}(?![\\w/-])`, 'g'), () => original);
}
