import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { VerilatorError } from './errors.js';
import type { Host } from './host.js';

/** Called with one line, without newline, per step. */
export type Log = (line: string) => void;

export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
  /** Receives each line of stdout and stderr while the tool runs. */
  readonly onLine?: Log | undefined;
}

export interface RunResult {
  /** Exit code; 128 when the tool was ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  /** stdout and stderr, in the order in which they arrived. */
  readonly output: string;
}

/** What is kept of a tool's output, in characters; a runaway tool must not fill the memory. */
const MAX_OUTPUT = 4 << 20;

/**
 * Runs a program to its end with no input. A non-zero exit is a result, not an error.
 * @throws VerilatorError ABORTED when `signal` fires; Error when the program cannot be started.
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: definedOnly(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const abort = () => child.kill('SIGTERM');
    options.signal?.addEventListener('abort', abort, { once: true });
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
    child.on('error', (error) => {
      options.signal?.removeEventListener('abort', abort);
      reject(error);
    });
    child.on('close', (code) => {
      options.signal?.removeEventListener('abort', abort);
      if (options.signal?.aborted) reject(abortedError(`running ${command}`));
      else resolve({ code: code ?? 128, stdout, output });
    });
  }).catch((error: unknown) => {
    throw options.signal?.aborted ? abortedError(`running ${command}`) : error;
  }) as Promise<RunResult>;
}

function abortedError(what: string): VerilatorError {
  return new VerilatorError('ABORTED', `Stopped while ${what}.`, 'Nothing is half-written; run it again to continue.');
}

/** @throws VerilatorError ABORTED when the signal has fired; `what` completes "Stopped while …". */
export function checkAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw abortedError(what);
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Full path of an executable file on the host's PATH, or undefined. A name with a slash is taken as a path. */
export async function which(name: string, host: Host): Promise<string | undefined> {
  if (name.includes('/')) return (await isExecutable(name)) ? name : undefined;
  for (const folder of (host.env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

/** Whether a path can be executed by this user. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Runs `task` on each item, at most `limit` at a time; results keep the items' order. After a failure nothing new is
 * started, and the promise settles only when the running tasks have ended, so that their folders can be removed.
 */
export async function mapLimit<T, R>(items: readonly T[], limit: number, task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await task(items[index]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.max(1, limit) }, worker));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}
