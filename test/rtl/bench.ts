/** Benches in Icarus Verilog: a self-checking top module over modules of rtl/, which are found by their names. */

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../generator/node/package-root.js';

export const ROOT = packageRoot();

export interface Bench {
  readonly name: string;
  /** Its top module. */
  readonly top: string;
  /** Files beside those of rtl/. */
  readonly sources: readonly string[];
  readonly parameters?: Readonly<Record<string, number>>;
  readonly defines?: Readonly<Record<string, string>>;
  readonly plusargs?: Readonly<Record<string, string | number>>;
  /** Whether the run passed, by its output and the files that it wrote. Default: the last line begins with PASS. */
  readonly passes?: (output: string, folder: string) => boolean;
}

export interface BenchRun {
  readonly status: 'passed' | 'failed' | 'timeout' | 'invalid';
  /** What compiler or simulation printed. */
  readonly output: string;
}

export interface BenchRunOptions {
  /** A folder of this run's own; the simulation runs in it. */
  readonly folder: string;
  /** Modules in this folder take the place of those of rtl/. */
  readonly instead?: string;
  /** The simulation is stopped after this time. Default: none. */
  readonly timeoutMs?: number;
}

/** The folders of rtl/ that hold modules. */
export function rtlFolders(): string[] {
  const rtl = join(ROOT, 'rtl');
  const folders = readdirSync(rtl, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [rtl, ...folders.map(({ name }) => join(rtl, name))];
}

/** Compiles and runs a bench. `invalid`: it does not compile. */
export async function runBench(bench: Bench, options: BenchRunOptions): Promise<BenchRun> {
  const { folder, instead, timeoutMs } = options;
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'bench.vvp');
  const libraries = [...(instead === undefined ? [] : [instead]), ...rtlFolders()];
  const compiled = await run('iverilog', folder, 60_000, [
    ...['-g2005', '-s', bench.top, '-o', program],
    ...Object.entries(bench.parameters ?? {}).map(([name, value]) => `-P${bench.top}.${name}=${value}`),
    ...Object.entries(bench.defines ?? {}).map(([name, value]) => `-D${name}=${value}`),
    ...libraries.flatMap((library) => ['-y', library]),
    ...bench.sources,
  ]);
  if (compiled.code !== 0) return { status: 'invalid', output: compiled.output };
  const args = Object.entries(bench.plusargs ?? {}).map(([name, value]) => `+${name}=${value}`);
  const { output, timedOut } = await run('vvp', folder, timeoutMs, ['-n', program, ...args]);
  if (timedOut) return { status: 'timeout', output };
  const passes =
    bench.passes ?? ((text) => /^PASS.*\n$/m.test(text.slice(text.lastIndexOf('\n', text.length - 2) + 1)));
  return { status: passes(output, folder) ? 'passed' : 'failed', output };
}

interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly timedOut: boolean;
}

/** Most characters of output that are kept; a broken design may print without end. */
const MOST_OUTPUT = 1 << 20;

function run(program: string, cwd: string, timeout: number | undefined, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let timedOut = false;
    const stop = (): void => {
      timedOut = true;
      child.kill('SIGKILL');
    };
    const timer = timeout === undefined ? undefined : setTimeout(stop, timeout);
    const keep = (piece: Buffer): void => {
      output += piece.toString();
      if (output.length > MOST_OUTPUT) stop();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, timedOut });
    });
  });
}
