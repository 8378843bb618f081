/** What "sdq doctor" says about the way to a board. */

import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describePort,
  mayHaveBoard,
  type SerialPortInfo,
  serialPorts,
} from '../../../firmware/transport/node/ports.js';
import { type Group, groupOf, membership, modemManagerRuns } from '../../../firmware/transport/node/system.js';
import { packageRoot } from '../../node/package-root.js';
import type { Check } from './check.js';

/** What the checks are made from. */
export interface PortFacts {
  readonly ports: readonly SerialPortInfo[];
  mayOpen(path: string): boolean;
  groupOf(path: string): Group | null;
  membership(group: Group): ReturnType<typeof membership>;
  readonly modemManagerRuns: boolean;
  /** Path of the installed udev rules, and whether they are those of this version; null if there are none. */
  readonly rules: { readonly path: string; readonly isCurrent: boolean } | null;
}

const RULES_NAME = '70-sdq-forge.rules';
const RULES_FOLDERS = ['/etc/udev/rules.d', '/run/udev/rules.d', '/usr/lib/udev/rules.d', '/lib/udev/rules.d'];

/** The optional packages, the ports, and on Linux what decides whether they can be opened. */
export async function portChecks(): Promise<Check[]> {
  const packages = [
    await optionalPackage('serialport', '"sdq run" on a board or the virtual board'),
    await optionalPackage('usb', '"sdq run --port usb:", for boards without a serial port'),
  ];
  const ports = await serialPorts();
  if (process.platform !== 'linux') return [...packages, portsCheck(ports)];
  return [...packages, portsCheck(ports), ...linuxChecks(facts(ports))];
}

async function optionalPackage(name: 'serialport' | 'usb', enables: string): Promise<Check> {
  const found = await import(name).then(
    () => true,
    () => false,
  );
  return { name, found, detail: found ? 'the package loads' : `does not load; "npm install ${name}" gets it`, enables };
}

function portsCheck(ports: readonly SerialPortInfo[]): Check {
  const boards = ports.filter((port) => port.usb && mayHaveBoard(port));
  return {
    name: 'serial ports over USB',
    found: boards.length > 0,
    detail:
      boards.length > 0
        ? boards.map((port) => `${port.path} (${describePort(port)})`).join('; ')
        : 'none; plug a board in (a charging cable has no data lines), or start a virtual one with "sdq board"',
    enables: '"sdq run" on a board',
  };
}

/** Checks of a Linux machine, from what is known about it. */
export function linuxChecks(facts: PortFacts): Check[] {
  return [permissionCheck(facts), rulesCheck(facts), modemManagerCheck(facts)];
}

function permissionCheck({ ports, rules, ...facts }: PortFacts): Check {
  const name = 'permission to open ports';
  const enables = '"sdq run" on a board as this user';
  const closed = ports.filter((port) => mayHaveBoard(port) && !facts.mayOpen(port.path));
  if (closed.length === 0) {
    const detail = ports.length > 0 ? 'all of them can be opened' : 'no port to try it with';
    return { name, found: true, detail, enables };
  }
  const paths = closed.map(({ path }) => path).join(', ');
  const group = facts.groupOf(closed[0]!.path);
  if (group && facts.membership(group) === 'next-login') {
    const detail = `none for ${paths}: you are in group ${group.name}, but not yet in this session; log in again`;
    return { name, found: false, detail, enables };
  }
  const add = `"sudo usermod -aG ${group?.name ?? 'dialout'} $USER" and a new login`;
  const detail = `none for ${paths}; ${add} give it${rules ? '' : ', and so do the udev rules'}`;
  return { name, found: false, detail, enables };
}

function rulesCheck({ rules }: PortFacts): Check {
  const source = join(packageRoot(), 'examples/udev', RULES_NAME);
  const install = `"sudo cp ${source} /etc/udev/rules.d/ && sudo udevadm control --reload-rules && sudo udevadm trigger"`;
  const absent = rules ? `${rules.path} is of another version; ${install} updates it` : `not installed; ${install}`;
  return {
    name: 'udev rules',
    found: rules?.isCurrent ?? false,
    detail: rules?.isCurrent ? rules.path : absent,
    enables:
      'ports and USB devices of known boards without group membership, ModemManager kept away, short answer times',
  };
}

function modemManagerCheck({ modemManagerRuns, rules }: PortFacts): Check {
  const kept = rules ? 'runs; the udev rules keep it away from known boards' : null;
  return {
    name: 'no ModemManager in the way',
    found: !modemManagerRuns || rules !== null,
    detail: modemManagerRuns
      ? (kept ?? 'it runs, and opens every new serial port for some seconds; the udev rules keep it away')
      : 'it does not run',
    enables: 'a board that can be opened as soon as it is plugged in',
  };
}

function facts(ports: readonly SerialPortInfo[]): PortFacts {
  return { ports, mayOpen, groupOf, membership, modemManagerRuns: modemManagerRuns(), rules: installedRules() };
}

function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function installedRules(): PortFacts['rules'] {
  const path = RULES_FOLDERS.map((folder) => join(folder, RULES_NAME)).find(existsSync);
  if (path === undefined) return null;
  const [installed, own] = [path, join(packageRoot(), 'examples/udev', RULES_NAME)].map((file) =>
    readFileSync(file, 'utf8'),
  );
  return { path, isCurrent: installed === own };
}
