import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Everything about the machine that decisions depend on; tests hand in their own. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Numeric user id; undefined where there is none (Windows). 0 is root. */
  readonly uid: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the file system's standard folders hang; '/' except in tests. */
  readonly root: string;
}

/** The machine we run on. */
export function currentHost(): Host {
  return { platform: process.platform, arch: process.arch, uid: process.getuid?.(), env: process.env, root: '/' };
}

/** Fields of os-release(5) that choose an installer; 'unknown' where the file is missing. */
export interface OsRelease {
  readonly id: string;
  /** This distribution and those that it derives from, e.g. ['ubuntu', 'debian']. */
  readonly family: readonly string[];
  readonly version: string;
  readonly prettyName: string;
}

/** Reads /etc/os-release. Never throws: a machine without it is simply not a known distribution. */
export function readOsRelease(host: Host): OsRelease {
  const fields = new Map<string, string>();
  try {
    for (const line of readFileSync(join(host.root, 'etc/os-release'), 'utf8').split('\n')) {
      const match = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
      if (match) fields.set(match[1]!, match[2] ?? match[3] ?? match[4] ?? '');
    }
  } catch {
    // macOS and Windows have no such file.
  }
  const id = fields.get('ID') || 'unknown';
  const like = (fields.get('ID_LIKE') ?? '').split(/\s+/).filter((name) => name !== '');
  return {
    id,
    family: [id, ...like],
    version: fields.get('VERSION_ID') ?? '',
    prettyName: fields.get('PRETTY_NAME') || (id === 'unknown' ? host.platform : id),
  };
}

/** Per-user install folder: FPGA_VERILATOR_HOME, else the XDG data folder. */
export function installHome(host: Host): string {
  return userFolder(host, 'FPGA_VERILATOR_HOME', 'XDG_DATA_HOME', ['.local', 'share']);
}

/** Build cache folder: FPGA_VERILATOR_CACHE, else the XDG cache folder. */
export function cacheHome(host: Host): string {
  return userFolder(host, 'FPGA_VERILATOR_CACHE', 'XDG_CACHE_HOME', ['.cache']);
}

function userFolder(host: Host, own: string, xdg: string, fallback: readonly string[]): string {
  const chosen = host.env[own];
  if (chosen) return isAbsolute(chosen) ? chosen : join(process.cwd(), chosen);
  const base = host.env[xdg];
  // The XDG specification says that relative values are invalid and to be ignored.
  if (base && isAbsolute(base)) return join(base, 'fpga-verilator-bin');
  return join(host.env.HOME || homedir(), ...fallback, 'fpga-verilator-bin');
}

/** Short stable name of a list of strings; the separator keeps ['ab','c'] and ['a','bc'] apart. */
export function digest(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part};`);
  return hash.digest('hex');
}
