/** From a tool to something that can be started: the program on PATH, else its WebAssembly build from npm. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InputError } from '../../errors.js';
import { packageRoot } from '../../node/package-root.js';
import type { Tool } from '../tools.js';

/** What can be started, with arguments behind `prefix`. */
export interface Program {
  /** For people: a path, or a package's name. */
  readonly name: string;
  readonly command: string;
  readonly prefix: readonly string[];
}

export interface ProvideOptions {
  /** @returns the path of a program, or null */
  readonly find: (name: string) => string | null;
  /** Told in a sentence when something is fetched. */
  readonly say: (line: string) => void;
  /** Ends a fetch; the reason is thrown. */
  readonly signal?: AbortSignal;
}

/** @throws InputError that says how to get the tool if it is neither there nor to be had */
export async function provide(tool: Tool, options: ProvideOptions): Promise<Program> {
  for (const name of tool.names) {
    const path = options.find(name);
    if (path !== null) return { name: path, command: path, prefix: [] };
  }
  const [name] = tool.names;
  if (tool.wasm === null) throw new InputError(`${name} is not on PATH: ${tool.install}`);
  const root = await fetchPackage(tool.wasm, name, tool.install, options);
  const runner = join(packageRoot(), 'dist/generator/synth/node/run-wasm.js');
  return { name: tool.wasm, command: process.execPath, prefix: [runner, root, nameOf(tool.wasm), name] };
}

/** Where packages are kept: a folder of the user's cache. */
function packagesFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sdq-forge', 'packages');
}

/** The name in `name@version`. */
const nameOf = (spec: string): string => spec.slice(0, spec.lastIndexOf('@'));

/** The folder below which a package is installed. */
const rootOf = (spec: string): string => join(packagesFolder(), spec.replaceAll('/', '+'));

/** Whether a package has been fetched. */
export function isFetched(spec: string): boolean {
  return existsSync(join(rootOf(spec), 'node_modules', nameOf(spec)));
}

/** Installs a package for the user unless it is there. @returns the folder below which it is */
async function fetchPackage(
  spec: string,
  name: string,
  install: string,
  { find, say, signal }: ProvideOptions,
): Promise<string> {
  const root = rootOf(spec);
  if (isFetched(spec)) return root;
  const npm = find('npm');
  if (npm === null) throw new InputError(`${name} is not on PATH, nor is npm, which could fetch ${spec}: ${install}`);
  say(`${name} is not on PATH: fetching its WebAssembly build ${spec} with npm, once.`);
  const parent = packagesFolder();
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, 'draft-'));
  try {
    await writeFile(join(draft, 'package.json'), '{"private": true}\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', spec];
    await promisify(execFile)(npm, args, { cwd: draft, ...(signal && { signal }) });
    // Whole or not at all; of two that come at the same time the first stays.
    await rename(draft, root).catch(() => undefined);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = /npm error (?!code\b)(.*)/.exec((error as { stderr?: string }).stderr ?? '')?.[1];
    throw new InputError(`npm could not fetch ${spec} (${reason ?? (error as Error).message.trim()}): ${install}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  if (!isFetched(spec)) throw new InputError(`npm installed no ${spec} at ${root}: ${install}`);
  return root;
}
