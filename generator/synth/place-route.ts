/** How nextpnr is asked for a clock rate, and what it answers. */

import type { Target } from './targets.js';

export interface Router {
  readonly program: string;
  /** The part that a design without a board is placed on, for people and as options. */
  readonly part: string;
  readonly options: readonly string[];
  /** How to get it. */
  readonly install: string;
}

const ROUTERS: Readonly<Partial<Record<Target, Router>>> = {
  ice40: {
    program: 'nextpnr-ice40',
    part: 'iCE40UP5K',
    options: ['--up5k', '--package', 'sg48'],
    install: 'get it with "apt install nextpnr-ice40" (Debian, Ubuntu) or from the OSS CAD Suite',
  },
  ecp5: {
    program: 'nextpnr-ecp5',
    part: 'ECP5 85k',
    options: ['--85k', '--package', 'CABGA381', '--lpf-allow-unconstrained'],
    install: 'get it from the OSS CAD Suite',
  },
};

/** The router of a target, or null if there is none. */
export function routerOf(target: Target): Router | null {
  return ROUTERS[target] ?? null;
}

/** The arguments with which a netlist is placed and routed; the same ones give the same clock rate. */
export function routerArguments(router: Router, netlist: string, clockHz: number): string[] {
  const clock = String(clockHz / 1e6);
  return [...router.options, '--json', netlist, '--freq', clock, '--seed', '1', '--timing-allow-fail'];
}

/** The last clock rate that nextpnr prints, which is that after routing; in MHz, or null. */
export function parseFmax(output: string): number | null {
  const rates = [...output.matchAll(/Max frequency for clock\s+'[^']*':\s*([\d.]+) MHz/g)];
  const last = rates.at(-1);
  return last ? Number(last[1]) : null;
}
