/** How nextpnr is asked for a clock rate, and a packer for a bitstream. */

import type { Board, BoardDevice } from '../boards/board.js';
import { bitstreamFile, constraintFile, netlistFile, type RoutedFamily, routedFile } from './board-files.js';

/** A board with its family's tools. */
export type RoutedBoard = Board & { readonly family: RoutedFamily; readonly device: BoardDevice };

/** The part that a design without a board is placed on. */
export interface BarePart {
  /** For people. */
  readonly name: string;
  /** For the router. */
  readonly options: readonly string[];
}

export const BARE_PARTS: Readonly<Record<RoutedFamily, BarePart>> = {
  ice40: { name: 'iCE40UP5K', options: ['--up5k', '--package', 'sg48'] },
  ecp5: { name: 'ECP5 85k', options: ['--85k', '--package', 'CABGA381', '--lpf-allow-unconstrained'] },
};

/** Whether a board can be placed and routed. */
export function isRouted(board: Board): board is RoutedBoard {
  return board.device !== null && (board.family === 'ice40' || board.family === 'ecp5');
}

/** The same arguments give the same result. A clock that is missed is for the caller to judge. */
const common = (netlist: string, clockHz: number): string[] => [
  '--json',
  netlist,
  '--freq',
  String(clockHz / 1e6),
  '--seed',
  '1',
  '--timing-allow-fail',
];

/** The arguments with which the netlist of a design without a board is placed and routed. */
export function routerArguments(part: BarePart, netlist: string, clockHz: number): string[] {
  return [...part.options, ...common(netlist, clockHz)];
}

/** The arguments with which a board's netlist is placed and routed. */
export function boardRouterArguments({ family, device, clockHz }: RoutedBoard): string[] {
  const constraints = [family === 'ice40' ? '--pcf' : '--lpf', constraintFile(family)];
  const result = [family === 'ice40' ? '--asc' : '--textcfg', routedFile(family)];
  return [...device.nextpnr, ...common(netlistFile, clockHz), ...constraints, ...result];
}

/** The arguments with which the routed design becomes a bitstream. */
export function packArguments({ family, device }: RoutedBoard): string[] {
  return [...device.pack, routedFile(family), bitstreamFile(family)];
}

/** The command that programs a board. */
export function programCommand({ family, device }: RoutedBoard, folder = ''): string {
  return ['openFPGALoader', ...device.openFPGALoader, `${folder}${bitstreamFile(family)}`].join(' ');
}

/** The last clock rate that nextpnr prints, which is that after routing; in MHz, or null. */
export function parseFmax(output: string): number | null {
  const rates = [...output.matchAll(/Max frequency for clock\s+'[^']*':\s*([\d.]+) MHz/g)];
  const last = rates.at(-1);
  return last ? Number(last[1]) : null;
}
