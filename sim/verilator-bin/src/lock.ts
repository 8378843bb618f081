import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted, type Log } from './process.js';

export interface LockOptions {
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the others wait for, for the log line. */
  readonly purpose: string;
  /** A lock whose heartbeat is older than this is taken over. Default 60 000. */
  readonly staleMs?: number;
}

const HEARTBEAT_MS = 5_000;
const POLL_MS = 200;

/**
 * Runs `task` while holding a lock that is a folder (mkdir is atomic on every file system, network ones included).
 *
 * The lock only saves work: whatever is made under it must be put in place by one rename, so that even two holders
 * (which a takeover after a long pause of the process can cause) do no harm.
 */
export async function withLock<T>(path: string, options: LockOptions, task: () => Promise<T>): Promise<T> {
  const token = `${hostname()} ${process.pid} ${Math.random().toString(36).slice(2)}`;
  await acquire(path, token, options);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await task();
  } finally {
    clearInterval(heartbeat);
    if ((await owner(path)) === token) await rm(path, { recursive: true, force: true });
  }
}

async function acquire(path: string, token: string, options: LockOptions): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  for (;;) {
    checkAborted(options.signal, `waiting for ${options.purpose}`);
    try {
      await mkdir(path);
      await writeFile(join(path, 'owner'), token);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isStale(path, options.staleMs ?? 60_000)) {
      // Renaming first means that of several processes which all saw it stale only one removes it.
      const grave = `${path}.stale-${process.pid}-${Math.random().toString(36).slice(2)}`;
      await rename(path, grave).catch(() => undefined);
      await rm(grave, { recursive: true, force: true });
      continue;
    }
    if (!told) options.log?.(`waiting for another process: ${options.purpose}`);
    told = true;
    await sleep(POLL_MS);
  }
}

async function isStale(path: string, staleMs: number): Promise<boolean> {
  const age = await stat(path).then(
    (info) => Date.now() - info.mtimeMs,
    () => 0,
  );
  if (age > staleMs) return true;
  const [host, pid] = ((await owner(path)) ?? '').split(' ');
  if (host !== hostname() || !pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // EPERM: it lives, under another user. The age guards against containers that share a host name but no pids.
    return (error as NodeJS.ErrnoException).code === 'ESRCH' && age > 2 * HEARTBEAT_MS;
  }
}

async function owner(path: string): Promise<string | undefined> {
  return readFile(join(path, 'owner'), 'utf8').catch(() => undefined);
}
