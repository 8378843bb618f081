import { InputError } from '../../errors.js';
import { bitstreamFile } from '../board-files.js';
import {
  boardRouterArguments,
  type FamilyTools,
  isRouted,
  packArguments,
  parseFmax,
  type RoutedBoard,
  routerArguments,
} from '../place-route.js';
import type { Target } from '../targets.js';
import { errorOf } from '../yosys-output.js';
import { netlistOf, type SynthesisJob } from './synthesize.js';
import { runLogged } from './yosys.js';

/** Programs of a family, as paths. */
export interface Implementer {
  readonly tools: FamilyTools;
  readonly router: string;
  /** Needed for a bitstream. */
  readonly packer: string;
}

export interface Implementation {
  /** Null if the design could not be placed and routed. */
  readonly fmaxMHz: number | null;
  /** Within the build folder; null without a board's pins. */
  readonly bitstream: string | null;
  /** Why the design is not what was wanted, or null. */
  readonly problem: string | null;
}

/** The board whose pins and clock a job's netlist is for, or null. */
export function routedBoard({ board, target }: Pick<SynthesisJob, 'board' | 'target'>): RoutedBoard | null {
  return board.family === target && isRouted(board) ? board : null;
}

/**
 * Places and routes the netlist that `synthesize` wrote: for a board of the target with its pins, to a bitstream; else on
 * a part of the target, for the clock rate.
 *
 * @throws InputError if a program cannot be started
 */
export async function implement(job: SynthesisJob, { tools, router, packer }: Implementer): Promise<Implementation> {
  const board = routedBoard(job);
  const part = board?.part ?? tools.part;
  job.progress(`placing and routing on ${part}`);
  const args = board ? boardRouterArguments(board) : routerArguments(tools, netlistOf(job), job.board.clockHz);
  const routed = await runLogged([router, ...args], job);
  const fmaxMHz = parseFmax(routed.output);
  if (routed.code !== 0 || fmaxMHz === null) {
    const reason = errorOf(routed.output) ?? 'it gave no clock rate';
    const problem = `${tools.routers[0]} could not place and route it on ${part}: ${reason}`;
    return { fmaxMHz: null, bitstream: null, problem };
  }
  if (board === null) return { fmaxMHz, bitstream: null, problem: null };

  job.progress('packing the bitstream');
  const packed = await runLogged([packer, ...packArguments(board)], job);
  if (packed.code !== 0) {
    const reason = packed.output.trim().split('\n').at(-1);
    return { fmaxMHz, bitstream: null, problem: `${tools.packers[0]} made no bitstream: ${reason}` };
  }
  const clockMHz = board.clockHz / 1e6;
  const problem = fmaxMHz < clockMHz ? `${fmaxMHz} MHz are less than the board's clock, ${clockMHz} MHz` : null;
  return { fmaxMHz, bitstream: bitstreamFile(board.family), problem };
}

/** The programs that a target is placed and routed with. @throws InputError if there are none, or not installed */
export function chooseImplementer(
  tools: FamilyTools | null,
  target: Target,
  needsPacker: boolean,
  find: (name: string) => string | null,
): Implementer {
  if (tools === null) {
    throw new InputError(`--pnr goes with the targets ice40 and ecp5: there is no open router for ${target}`);
  }
  const choose = (names: readonly [string, ...string[]]): string => {
    const path = names.map(find).find((found) => found !== null);
    if (path) return path;
    throw new InputError(`--pnr needs ${names[0]}, which is not on PATH: ${tools.install}`);
  };
  const router = choose(tools.routers);
  return { tools, router, packer: needsPacker ? choose(tools.packers) : '' };
}
