/**
 * What tests need and not every machine has: tools, and reference data beside the repository. Where it is missing,
 * tests are skipped with the reason; with CI=true they fail instead. Verilator is no need: the project installs it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findTool } from '../../generator/cli/find-tool.js';
import type { RoutedFamily } from '../../generator/synth/board-files.js';
import { ROUTING_TOOLS } from '../../generator/synth/tools.js';
import { sharedPath } from './shared.js';

/** Null if it is there, else what is missing and how to get it. */
export type Need = string | null;

/** What a skip is announced with; see skip-summary.ts. */
export const SKIPPED = 'SKIPPED: ';

function tool(name: string, programs: readonly string[], install: string): Need {
  const missing = programs.filter((program) => findTool(program) === null);
  return missing.length === 0 ? null : `${name} is not installed (no ${missing.join(', ')} on PATH; "${install}")`;
}

export const icarus = tool('Icarus Verilog', ['iverilog', 'vvp'], 'apt install iverilog');
export const yosys = tool('Yosys', ['yosys'], 'apt install yosys');

/** One of several names for each program. */
function toolsOf(family: RoutedFamily): Need {
  const { router, packer } = ROUTING_TOOLS[family];
  const missing = [router, packer].filter(({ names }) => names.every((program) => findTool(program) === null));
  const names = missing.map((program) => program.names[0]).join(' and ');
  return missing.length === 0 ? null : `${names} not on PATH: ${missing[0]!.install}`;
}

export const ice40Tools: Need = toolsOf('ice40');
export const ecp5Tools: Need = toolsOf('ecp5');

const isRecentPython = ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))'];
export const python: Need =
  spawnSync('python3', isRecentPython).status === 0
    ? null
    : 'Python 3.8 or newer is not installed ("apt install python3")';

/** Debian's name first. */
export const CHROMIUM_NAMES: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome'];
export const chromium: Need = CHROMIUM_NAMES.some((name) => findTool(name) !== null)
  ? null
  : `Chromium is not installed (no ${CHROMIUM_NAMES.join(', ')} on PATH; "apt install chromium")`;

/** A file or folder of the reference data. */
export function data(name: string): Need {
  if (existsSync(sharedPath(name))) return null;
  return `reference data ${name} is absent: it is no part of the repository (SDQ_SHARED may say where it is)`;
}

/** A device that is always full, which Linux has. */
export const fullDevice: Need = existsSync('/dev/full') ? null : '/dev/full is absent on this system';

const announced = new Set<string>();

/**
 * For describe.skipIf and it.skipIf: whether something is missing, which it says on stderr.
 * @throws Error with CI=true if something is
 */
export function lacks(...needs: readonly Need[]): boolean {
  const missing = needs.filter((need) => need !== null);
  if (missing.length === 0) return false;
  if (process.env.CI === 'true') throw new Error(`CI must run every test: ${missing.join('; ')}`);
  for (const need of missing) {
    if (!announced.has(need)) console.warn(`${SKIPPED}${need}`);
    announced.add(need);
  }
  return true;
}
