/** What of a Linux system decides whether a port can be opened. Elsewhere nothing is found out. */

import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

export interface Group {
  readonly id: number;
  readonly name: string;
  readonly members: readonly string[];
}

/** The group that a file belongs to; null if there is no such file, or no name for it. */
export function groupOf(path: string, groupFile = '/etc/group'): Group | null {
  return attempt(() => {
    const { gid } = statSync(path);
    return readGroups(groupFile).find(({ id }) => id === gid) ?? null;
  });
}

/** `this-login`: the user is in the group; `next-login`: from the next login on. */
export function membership({ id, members }: Group): 'this-login' | 'next-login' | 'none' {
  const own = [process.getgid?.(), ...(process.getgroups?.() ?? [])];
  if (own.includes(id)) return 'this-login';
  return members.includes(attempt(() => userInfo().username) ?? '') ? 'next-login' : 'none';
}

export interface Process {
  readonly pid: number;
  readonly name: string;
}

/** The virtual board, which has its own port open and is in nobody's way. */
const VIRTUAL_BOARD = 'sdq-simulator';

/** Another process that has a file open, as far as this user may see. */
export function holderOf(path: string, proc = '/proc'): Process | null {
  const target = attempt(() => realpathSync(path));
  if (target === null) return null;
  const others = processes(proc).filter(({ pid, name }) => pid !== process.pid && name !== VIRTUAL_BOARD);
  return others.find(({ pid }) => openFiles(proc, pid).includes(target)) ?? null;
}

/** ModemManager opens every new serial port, to see whether it is a modem. */
export function modemManagerRuns(proc = '/proc'): boolean {
  return processes(proc).some(({ name }) => name === 'ModemManager');
}

function readGroups(file: string): Group[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name, , id, members]) => ({ id: Number(id), name: name!, members: members!.split(',') }));
}

function processes(proc: string): Process[] {
  const pids = (attempt(() => readdirSync(proc)) ?? []).filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const name = attempt(() => readFileSync(join(proc, pid, 'comm'), 'utf8').trim());
    return name === null ? [] : [{ pid: Number(pid), name }];
  });
}

function openFiles(proc: string, pid: number): string[] {
  const folder = join(proc, String(pid), 'fd');
  const names = attempt(() => readdirSync(folder)) ?? [];
  return names.flatMap((name) => attempt(() => readlinkSync(join(folder, name))) ?? []);
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
