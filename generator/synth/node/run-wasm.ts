// Runs the WebAssembly build of Yosys as if it were a program: arguments, exit code, and the files of the working
// directory. A program of its own, because it does not let go of the thread until it is done.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Files by name; folders are trees. */
interface Tree {
  [name: string]: Tree | string | Uint8Array;
}

/** What is used of the package, which is optional. */
interface WasmYosys {
  runYosys(
    args: string[],
    files: Tree,
    options: { stdout: (bytes: Uint8Array | null) => void; stderr: (bytes: Uint8Array | null) => void },
  ): Promise<Tree>;
  readonly Exit: new (...args: never[]) => Error & { code: number; files: Tree };
}

const PACKAGE: string = '@yowasp/yosys';

/** Verilog and memory contents below the working directory. */
function sources(): Tree {
  const tree: Tree = {};
  for (const path of readdirSync('.', { recursive: true }) as string[]) {
    if (!/\.(v|vh|hex|mem)$/.test(path)) continue;
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

/** Writes the files that were not there before. */
function writeNew(tree: Tree, before: Tree, path: string): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = `${path}${name}`;
    if (typeof content === 'string' || content instanceof Uint8Array) {
      if (name in before) continue;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    } else if (name !== 'tmp') {
      writeNew(content, (before[name] ?? {}) as Tree, `${file}/`);
    }
  }
}

const { runYosys, Exit } = (await import(PACKAGE)) as WasmYosys;
const files = sources();
const before = structuredClone(files);
try {
  const after = await runYosys(process.argv.slice(2), files, {
    stdout: (bytes) => bytes && process.stdout.write(bytes),
    stderr: (bytes) => bytes && process.stderr.write(bytes),
  });
  writeNew(after, before, './');
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  process.exitCode = error.code;
}
