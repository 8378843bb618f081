import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env: Environment;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
  /** The program is stopped after this time. */
  readonly timeoutMs?: number | undefined;
  /** Receives each line of stdout and stderr. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface RunResult {
  /** Exit code; 128 when the program was ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  /** stdout and stderr together; at most the last megabyte. */
  readonly output: string;
  readonly timedOut: boolean;
}

const MAX_OUTPUT = 1 << 20;

/**
 * Runs a program to its end, in a process group of its own, so that stopping it also stops the simulator that it
 * started. Its standard input is a pipe that stays open and empty: its end tells the program that we are gone.
 * @throws Error when the program cannot be started, or the signal's reason when that fires
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let timedOut = false;
    const stop = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(expire, options.timeoutMs);
    function expire(): void {
      timedOut = true;
      stop();
    }
    options.signal?.addEventListener('abort', stop, { once: true });
    let stdout = '';
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      let pending = '';
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        if (stream === child.stdout) stdout = (stdout + text).slice(-MAX_OUTPUT);
        output = (output + text).slice(-MAX_OUTPUT);
        const lines = (pending + text).split(/\r?\n/);
        pending = lines.pop() ?? '';
        for (const line of lines) options.onLine?.(line);
      });
      stream.on('end', () => {
        if (pending !== '') options.onLine?.(pending);
      });
    }
    const cleanUp = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
    };
    child.on('error', (error) => {
      cleanUp();
      reject(error);
    });
    child.on('close', (code) => {
      cleanUp();
      if (options.signal?.aborted) reject(options.signal.reason);
      else resolve({ code: code ?? 128, stdout, output, timedOut });
    });
  });
}

/** Full path of an executable on the environment's PATH, or undefined. A name with a slash is taken as a path. */
export async function which(name: string, env: Environment): Promise<string | undefined> {
  const candidates = name.includes('/')
    ? [name]
    : (env.PATH ?? '')
        .split(delimiter)
        .filter((folder) => folder !== '')
        .map((folder) => join(folder, name));
  for (const path of candidates) {
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}
