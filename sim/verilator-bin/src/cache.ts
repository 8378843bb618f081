import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheHome, type Host } from './host.js';

/** Entries that nobody used for this long are removed. */
export const MAX_AGE_MS = 30 * 24 * 3600 * 1000;
/** Beyond this, least recently used entries go first. */
export const MAX_BYTES = 2 * 2 ** 30;
/** Folders of interrupted builds; no build takes a day. */
const MAX_PARTIAL_AGE_MS = 24 * 3600 * 1000;
const PRUNE_INTERVAL_MS = 3600 * 1000;
/** Names the layout below; a version that changes it must not read the old one. */
const LAYOUT = 'v1';

/**
 * Content-addressed store: `<cache>/v1/<kind>/<key>/` holds an entry, put in place by one rename and never changed
 * afterwards, so that any number of processes can share it. An entry's own time stamp says when it was last used.
 */
export class Cache {
  readonly folder: string;

  constructor(host: Host) {
    this.folder = join(cacheHome(host), LAYOUT);
  }

  entry(kind: 'builds' | 'objects', key: string): string {
    return join(this.folder, kind, key);
  }

  lockPath(key: string): string {
    return join(this.folder, 'locks', key);
  }

  /** Path of an entry's file when the entry is whole, else undefined. Marks it as used. */
  async find(kind: 'builds' | 'objects', key: string, file: string): Promise<string | undefined> {
    const folder = this.entry(kind, key);
    const path = join(folder, file);
    try {
      const expected = Number(await readFile(join(folder, 'size'), 'utf8'));
      // A disk that was full, or a file that someone emptied, must not count as a build.
      if ((await stat(path)).size !== expected) return undefined;
      const now = new Date();
      await utimes(folder, now, now).catch(() => undefined);
      return path;
    } catch {
      return undefined;
    }
  }

  /** A fresh folder to build in, on the same file system as the entries. */
  async partial(): Promise<string> {
    const folder = join(this.folder, 'partial', `${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /**
   * Moves a finished file into the store.
   * @returns its path; when another process stored the same key meanwhile, that one's
   */
  async store(kind: 'builds' | 'objects', key: string, source: string, file: string): Promise<string> {
    const staging = await this.partial();
    await rename(source, join(staging, file));
    await writeFile(join(staging, 'size'), String((await stat(join(staging, file))).size));
    const target = this.entry(kind, key);
    await mkdir(join(this.folder, kind), { recursive: true });
    try {
      await rename(staging, target);
    } catch (error) {
      const winner = await this.find(kind, key, file);
      if (winner === undefined) {
        // What is there is broken: replace it.
        await rm(target, { recursive: true, force: true });
        await rename(staging, target);
      } else {
        await rm(staging, { recursive: true, force: true });
      }
      if (winner === undefined && (await this.find(kind, key, file)) === undefined) throw error;
    }
    return join(target, file);
  }

  /** Keeps the store bounded; cheap, because it looks at most once an hour. Never throws. */
  async prune(now = Date.now(), maxBytes = MAX_BYTES): Promise<void> {
    const marker = join(this.folder, 'pruned');
    const last = await stat(marker).then(
      (info) => info.mtimeMs,
      () => 0,
    );
    if (now - last < PRUNE_INTERVAL_MS) return;
    await writeFile(marker, '').catch(() => undefined);
    for (const { path, used } of await this.list('partial')) {
      if (now - used > MAX_PARTIAL_AGE_MS) await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
    const entries = [...(await this.list('builds')), ...(await this.list('objects'))].sort((a, b) => b.used - a.used);
    let total = 0;
    for (const { path, used, bytes } of entries) {
      total += bytes;
      if (total <= maxBytes && now - used <= MAX_AGE_MS) continue;
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
      total -= bytes;
    }
  }

  private async list(kind: string): Promise<{ path: string; used: number; bytes: number }[]> {
    const folder = join(this.folder, kind);
    const entries = [];
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      try {
        const bytes = Number(await readFile(join(path, 'size'), 'utf8').catch(() => '0'));
        entries.push({ path, used: (await stat(path)).mtimeMs, bytes });
      } catch {
        // Removed by another process.
      }
    }
    return entries;
  }
}
