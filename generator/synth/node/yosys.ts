import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../errors.js';
import { writeError } from '../../node/atomic-file.js';
import { errorOf } from '../yosys-output.js';

/** A Yosys that can be started. */
export interface Yosys {
  /** For people: a path, or the package's name. */
  readonly name: string;
  readonly command: string;
  /** What precedes the arguments of Yosys. */
  readonly prefix: readonly string[];
}

const WASM_PACKAGE = '@yowasp/yosys';

/**
 * The Yosys to use: the program, else the WebAssembly build if that package is installed.
 * @param path where the program is, or null
 * @throws InputError that says how to get one
 */
export function chooseYosys(path: string | null): Yosys {
  if (path !== null) return { name: path, command: path, prefix: [] };
  try {
    createRequire(import.meta.url).resolve(WASM_PACKAGE);
  } catch {
    throw new InputError(
      `Yosys is neither on PATH nor installed as a package: get it with "apt install yosys" (Debian, Ubuntu) or "npm install ${WASM_PACKAGE}"`,
    );
  }
  const runner = fileURLToPath(new URL('run-wasm.js', import.meta.url));
  return { name: WASM_PACKAGE, command: process.execPath, prefix: [runner] };
}

/** A log file that several runs append to. */
export class Log {
  readonly #fd: number;

  constructor(readonly path: string) {
    try {
      this.#fd = openSync(path, 'w');
    } catch (error) {
      throw writeError(path, error);
    }
  }

  write(text: string): void {
    writeSync(this.#fd, text);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Where and how a tool is run. */
export interface ToolRun {
  /** Its working directory. */
  readonly folder: string;
  /** What it prints is appended here. */
  readonly log: Log;
  /** Told each line that it prints, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Ends it; the reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Runs a tool. @returns everything that it printed, and its exit code */
export function runLogged(
  command: readonly [string, ...string[]],
  { folder, log, onLine = () => {}, signal }: ToolRun,
): Promise<{ output: string; code: number | null }> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], signal });
    const parts: string[] = [];
    let rest = '';
    const take = (text: string): void => {
      log.write(text);
      parts.push(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => signal?.aborted || reject(error));
    child.on('close', (code) => (signal?.aborted ? reject(signal.reason) : resolve({ output: parts.join(''), code })));
  });
}

/**
 * Runs a script in the build folder.
 * @returns what Yosys printed
 * @throws InputError with what Yosys said if it failed
 */
export async function runYosys(yosys: Yosys, script: string, run: ToolRun): Promise<string> {
  const { output, code } = await runLogged([yosys.command, ...yosys.prefix, '-p', script], run);
  if (code === 0) return output;
  const reason = errorOf(output) ?? (code === null ? 'it was stopped' : `it ended with exit code ${code}`);
  throw new InputError(`Yosys could not synthesise the Verilog in ${run.folder}: ${reason} (see ${run.log.path})`);
}
