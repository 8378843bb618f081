/** What bounds a design: the array's lanes, the memory of the weights, or the link to the host. */

import type { BoardLink } from '../boards/board.js';
import { linkBytes, runCycles } from './cycles.js';
import type { EngineGeometry, EnginePlan } from './geometry.js';

/** What the bound depends on of a board. */
export interface BoundTarget {
  readonly clockHz: number;
  readonly link: BoardLink;
}

export type Bound = 'lanes' | 'memory' | 'link';

/** Cycles of one token that each part needs, if the others were infinitely fast; the bound is the one that needs most. */
export interface TokenBound {
  readonly bound: Bound;
  /** Engine cycles in which nothing is waited for: the array at work, its pipeline included. */
  readonly lanes: number;
  /** Cycles in which the memory gives the weights: one per beat, and those in which a beat waits for it. */
  readonly memory: number;
  /** Cycles in which the link moves vectors and results, at the board's rate. */
  readonly link: number;
}

/** Bits of a byte on an asynchronous serial line: start, data, stop. */
const UART_BITS = 10;

/** Bytes that a link moves in one cycle of the engine's clock. */
export function linkBytesPerCycle({ clockHz, link }: BoundTarget): number {
  return link.kind === 'bytes' ? 1 : link.baud / UART_BITS / clockHz;
}

/** The bound of a plan on a board. On a tie the part that is named first counts: lanes, memory, link. */
export function tokenBound(plan: EnginePlan, board: BoundTarget, geometry: EngineGeometry): TokenBound {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const runs = runCycles(plan, geometry);
  const lanes = sum(runs.map(({ cycles, stalls }) => cycles - stalls));
  const memory = sum(runs.map(({ beats, weightStalls }) => beats + weightStalls));
  const link = Math.ceil(sum(linkBytes(plan)) / linkBytesPerCycle(board));
  const most = Math.max(lanes, memory, link);
  return { bound: lanes === most ? 'lanes' : memory === most ? 'memory' : 'link', lanes, memory, link };
}
