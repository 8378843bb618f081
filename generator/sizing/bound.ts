/** What bounds a design: the array's lanes, the memory of the weights, or the link to the host. */

import { runCycles } from './cycles.js';
import type { EngineGeometry, EnginePlan } from './geometry.js';
import { type LinkTarget, linkBytesPerCycle, linkRuns } from './link.js';

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

/** The bound of a plan on a board. On a tie the part that is named first counts: lanes, memory, link. */
export function tokenBound(plan: EnginePlan, board: LinkTarget, geometry: EngineGeometry): TokenBound {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const runs = runCycles(plan, geometry);
  const lanes = sum(runs.map(({ cycles, stalls }) => cycles - stalls));
  const memory = sum(runs.map(({ beats, weightStalls }) => beats + weightStalls));
  const link = Math.ceil(sum(linkRuns(plan, board).map(({ bytes }) => bytes)) / linkBytesPerCycle(board));
  const most = Math.max(lanes, memory, link);
  return { bound: lanes === most ? 'lanes' : memory === most ? 'memory' : 'link', lanes, memory, link };
}
