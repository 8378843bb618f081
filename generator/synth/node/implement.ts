import { InputError } from '../../errors.js';
import { bitstreamFile, isRoutedFamily } from '../board-files.js';
import {
  BARE_PARTS,
  type BarePart,
  boardRouterArguments,
  isRouted,
  packArguments,
  parseFmax,
  type RoutedBoard,
  routerArguments,
} from '../place-route.js';
import type { Target } from '../targets.js';
import { ROUTING_TOOLS } from '../tools.js';
import { errorOf } from '../yosys-output.js';
import { type Program, type ProvideOptions, provide } from './provide.js';
import { netlistOf, type SynthesisJob } from './synthesize.js';
import { runLogged } from './yosys.js';

/** Programs that place and route, started with their arguments. */
export interface Implementer {
  readonly part: BarePart;
  readonly router: Program;
  /** Null where no bitstream is wanted. */
  readonly packer: Program | null;
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
export async function implement(job: SynthesisJob, { part, router, packer }: Implementer): Promise<Implementation> {
  const board = routedBoard(job);
  const partName = board?.part ?? part.name;
  job.progress(`placing and routing on ${partName}`);
  const args = board ? boardRouterArguments(board) : routerArguments(part, netlistOf(job), job.board.clockHz);
  const routed = await runLogged(router, args, job);
  const fmaxMHz = parseFmax(routed.output);
  if (routed.code !== 0 || fmaxMHz === null) {
    const reason = errorOf(routed.output) ?? 'it gave no clock rate';
    const problem = `${router.name} could not place and route it on ${partName}: ${reason}`;
    return { fmaxMHz: null, bitstream: null, problem };
  }
  if (board === null || packer === null) return { fmaxMHz, bitstream: null, problem: null };

  job.progress('packing the bitstream');
  const packed = await runLogged(packer, packArguments(board), job);
  if (packed.code !== 0) {
    const reason = packed.output.trim().split('\n').at(-1);
    return { fmaxMHz, bitstream: null, problem: `${packer.name} made no bitstream: ${reason}` };
  }
  const clockMHz = board.clockHz / 1e6;
  const problem = fmaxMHz < clockMHz ? `${fmaxMHz} MHz are less than the board's clock, ${clockMHz} MHz` : null;
  return { fmaxMHz, bitstream: bitstreamFile(board.family), problem };
}

/**
 * The programs that a target is placed and routed with.
 * @param bitstream whether one is wanted
 * @throws InputError if there are none, or not to be had
 */
export async function chooseImplementer(
  target: Target,
  bitstream: boolean,
  options: ProvideOptions,
): Promise<Implementer> {
  if (!isRoutedFamily(target)) {
    throw new InputError(`--pnr goes with the targets ice40 and ecp5: there is no open router for ${target}`);
  }
  const { router, packer } = ROUTING_TOOLS[target];
  return {
    part: BARE_PARTS[target],
    router: await provide(router, options),
    packer: bitstream ? await provide(packer, options) : null,
  };
}
