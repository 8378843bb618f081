// Runs a command of a WebAssembly package as if it were a program: arguments, exit code, and the files of the working
// directory. A program of its own, because it does not let go of the thread until it is done.
//
//   node run-wasm.js FOLDER PACKAGE COMMAND ARGUMENTS…      the package being installed below the folder
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Files by name; folders are trees. */
interface Tree {
  [name: string]: Tree | string | Uint8Array;
}

/** What is used of such a package. */
interface WasmPackage {
  readonly commands: Readonly<
    Record<
      string,
      (
        args: string[],
        files: Tree,
        options: { stdout: (bytes: Uint8Array | null) => void; stderr: (bytes: Uint8Array | null) => void },
      ) => Promise<Tree>
    >
  >;
  readonly Exit: new (...args: never[]) => Error & { code: number; files: Tree };
}

/** What the tools read: Verilog, memory contents, netlists, constraints, and what the router made. */
const INPUTS = /\.(v|vh|hex|mem|json|pcf|asc)$/;

/** Their inputs below the working directory. */
function inputs(): Tree {
  const tree: Tree = {};
  for (const path of readdirSync('.', { recursive: true }) as string[]) {
    if (!INPUTS.test(path)) continue;
    const parts = path.split(/[\\/]/);
    const name = parts.pop()!;
    let folder = tree;
    for (const part of parts) {
      folder[part] ??= {};
      folder = folder[part] as Tree;
    }
    folder[name] = readFileSync(path);
  }
  return tree;
}

/** Writes the files that were not there before, or were others. */
function writeChanged(tree: Tree, before: Tree, path: string): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = `${path}${name}`;
    if (typeof content === 'string' || content instanceof Uint8Array) {
      const old = before[name];
      if (old instanceof Uint8Array && Buffer.from(content as Uint8Array).equals(old)) continue;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    } else if (name !== 'tmp') {
      writeChanged(content, (before[name] ?? {}) as Tree, `${file}/`);
    }
  }
}

const [root, name, command, ...args] = process.argv.slice(2) as [string, string, string, ...string[]];
const entry = createRequire(join(root, 'package.json')).resolve(name);
const { commands, Exit } = (await import(pathToFileURL(entry).href)) as WasmPackage;
const files = inputs();
const before = structuredClone(files);
try {
  const after = await commands[command]!(args, files, {
    stdout: (bytes) => bytes && process.stdout.write(bytes),
    stderr: (bytes) => bytes && process.stderr.write(bytes),
  });
  writeChanged(after, before, './');
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  process.exitCode = error.code;
}
