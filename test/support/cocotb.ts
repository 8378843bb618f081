/** Where cocotb is: on PATH, or in a virtual environment that is made for the user where pip works as usual. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Detection, detect } from '../../sim/cocotb-bridge/src/detect.js';

/** With this one, Verilator 5.006 will do. */
const VERSION = '1.8.1';

export interface CocotbSetup {
  readonly detection: Detection;
  /** Environment variables for runCocotb. */
  readonly env: Readonly<Record<string, string>>;
}

/** Looks for cocotb and, unless it is there, installs it into ~/.cache/cocotb-bridge/venv. */
export async function cocotbSetup(): Promise<CocotbSetup> {
  const found = await detect();
  if (found.available) return { detection: found, env: {} };
  const venv = process.env.COCOTB_BRIDGE_VENV ?? join(homedir(), '.cache/cocotb-bridge/venv');
  const python = join(venv, 'bin/python3');
  const quiet = { stdio: 'ignore', timeout: 300_000 } as const;
  if (!existsSync(python) && process.env.COCOTB_BRIDGE_VENV === undefined) {
    const made = spawnSync('python3', ['-m', 'venv', venv], quiet).status === 0;
    if (made) spawnSync(python, ['-m', 'pip', 'install', '--quiet', `cocotb==${VERSION}`], quiet);
  }
  const env = { PATH: `${join(venv, 'bin')}${delimiter}${process.env.PATH ?? ''}` };
  return { detection: await detect({ env: { ...process.env, ...env } }), env };
}
