import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { InputError } from '../../errors.js';
import { writeError } from '../../node/atomic-file.js';
import { errorOf } from '../yosys-output.js';
import type { Program } from './provide.js';

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

/** Runs a program. @returns everything that it printed, and its exit code */
export function runLogged(
  { command, prefix }: Program,
  args: readonly string[],
  { folder, log, onLine = () => {}, signal }: ToolRun,
): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...prefix, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], signal });
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
export async function runYosys(yosys: Program, script: string, run: ToolRun): Promise<string> {
  const { output, code } = await runLogged(yosys, ['-p', script], run);
  if (code === 0) return output;
  const reason = errorOf(output) ?? (code === null ? 'it was stopped' : `it ended with exit code ${code}`);
  throw new InputError(`Yosys could not synthesise the Verilog in ${run.folder}: ${reason} (see ${run.log.path})`);
}
