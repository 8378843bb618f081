/** Which engine a plan gets, how many lanes and rows its array has, and how many scale units follow it. */

import { InputError } from '../errors.js';
import type { PlanArray, PlanLinear } from '../plan/types.js';
import { type FrameWidth, framedLinears, frameTiming, frameWidths } from './framing.js';
import { roundUpTo } from './integers.js';
import { type LinkTarget, linkRuns } from './link.js';
import { arrayLuts, frameLuts, type LutTarget } from './luts.js';
import { alphabetOf, arrayCycles, blockKinds, ROWS_PER_BYTE, usefulSymbols } from './shape.js';

/** What sizing needs to know of a board. */
export interface ArrayBudget extends LutTarget, LinkTarget {
  /** LUTs that the engine may take. */
  readonly lutBudget: number;
  /** LUTs can be used as memory, as the table engine wants. */
  readonly lutRam?: boolean;
}

/** The engines; a plan's array names only the second. */
export const ENGINES = ['adder', 'table'] as const;
export type Engine = (typeof ENGINES)[number];

/** Rows of the table engine that share the read ports of a LUT-RAM. */
const ROWS_PER_TABLE = 3;

/** Numbers of lanes that the array is built for: each divides LEAST_GAIN_SIZE and every larger segment. */
export const LANE_CHOICES: readonly number[] = [8, 16, 32];

/** Scale units are a matter of the plan alone: boards differ little in which number of them is cheapest. */
const ANY_TARGET: LutTarget = { lutInputs: 6 };

/** Utilisation, averaged over the plan, that a size must reach to be preferred for its speed. */
export const LEAST_UTILISATION = 0.95;

/** Linears that sizing cannot tell apart. */
interface ShapeClass {
  readonly linear: PlanLinear;
  readonly count: number;
}

function shapeClasses(linears: readonly PlanLinear[]): ShapeClass[] {
  const classes = new Map<string, ShapeClass>();
  for (const linear of linears) {
    const key = JSON.stringify([linear.rows, blockKinds(linear)]);
    classes.set(key, { linear, count: (classes.get(key)?.count ?? 0) + 1 });
  }
  return [...classes.values()];
}

/** Cycles that the array spends on one run of every linear. */
function totalCycles(classes: readonly ShapeClass[], array: PlanArray, units: number): number {
  return classes.reduce((sum, { linear, count }) => sum + count * arrayCycles(linear, array, array.rows / units), 0);
}

/** Cycles in which a memory gives the weights of so many beats. */
export type MemoryCycles = (array: PlanArray, beats: number) => number;

function averageUtilisation(classes: readonly ShapeClass[], array: PlanArray, units: number): number {
  const useful = classes.reduce((sum, { linear, count }) => sum + count * usefulSymbols(linear), 0);
  return useful / (totalCycles(classes, array, units) * array.lanes * array.rows);
}

function cheapestUnits(classes: readonly ShapeClass[], array: PlanArray, results = 1): number {
  let best = 1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let units = 1; units <= array.rows; units++) {
    if (array.rows % units !== 0 || !givesResults(units, results)) continue;
    const cost = totalCycles(classes, array, units) * arrayLuts(array, units, ANY_TARGET);
    if (cost < bestCost) [best, bestCost] = [units, cost];
  }
  return best;
}

/**
 * Rows whose block totals are scaled at once: the divisor N of R with the least area × time. The R totals of a row group
 * pass in R / N phases while the array works on the next one, which must take as long; shorter blocks are stretched.
 *
 * @param results of a linear that are to leave the accumulators at once, see `givesResults`
 */
export function scaleUnits(linears: readonly PlanLinear[], array: PlanArray, results = 1): number {
  return cheapestUnits(shapeClasses(linears), array, results);
}

/** Whether so many results can leave at once what has a word per `units` rows: part of a word, or several. */
export function givesResults(units: number, results: number): boolean {
  return units % results === 0 || results % units === 0;
}

/** Useful symbols / (cycles · L · R) of one linear, or averaged over several. */
export function utilisation(linears: readonly PlanLinear[], array: PlanArray, units: number): number {
  return averageUtilisation(shapeClasses(linears), array, units);
}

/**
 * Engine, lanes L, rows R and, in mode `hadamard`, frame unit for a plan within a board's LUT budget: the array with which a
 * token takes the fewest cycles, those of the link included, and whose utilisation, averaged over the plan, is at least
 * LEAST_UTILISATION; where none is, the best utilised one. In the adder engine R is a multiple of 5 for ternary weights, of
 * 4 for binary ones; in the table engine of 3.
 *
 * @param canHold whether the board's memories hold the plan's in the form that an array wants; where none is held, all count
 * @param memoryCycles what bounds an array besides its own speed: of arrays that wait for memory, the smallest is taken
 * @param engines those to choose from
 * @param leastFrame numbers per cycle that the frame unit has at least, where the decoder on the device writes its mantissas
 * and nothing of a linear passes the link; null: the host may frame
 * @returns null if the budget is too small for the least array
 * @throws RangeError if the linears do not share an alphabet
 */
export function bestArray(
  linears: readonly PlanLinear[],
  board: ArrayBudget,
  canHold: (array: PlanArray) => boolean = () => true,
  memoryCycles: MemoryCycles = () => 0,
  engines: readonly Engine[] = enginesFor(linears, board),
  leastFrame: number | null = null,
): PlanArray | null {
  const candidates = candidatesOf(linears, board, memoryCycles, engines, leastFrame).sort(compare);
  return (candidates.find(({ array }) => canHold(array)) ?? candidates[0])?.array ?? null;
}

/** As `bestArray`. @throws InputError if there is none */
export function sizeArray(...[linears, board, ...rest]: Parameters<typeof bestArray>): PlanArray {
  const array = bestArray(linears, board, ...rest);
  if (array !== null) return array;
  throw new InputError(`the board's lutBudget of ${board.lutBudget} is too small for the least array of this plan`);
}

interface Candidate {
  readonly array: PlanArray;
  readonly luts: number;
  readonly utilisation: number;
  /** Of a token, besides what is the same for all candidates. */
  readonly cycles: number;
}

/** The better one first. */
function compare(a: Candidate, b: Candidate): number {
  const fits = a.utilisation >= LEAST_UTILISATION;
  if (fits !== b.utilisation >= LEAST_UTILISATION) return fits ? -1 : 1;
  if (!fits && a.utilisation !== b.utilisation) return b.utilisation - a.utilisation;
  return a.cycles - b.cycles || a.luts - b.luts;
}

/** All arrays that a board has LUTs for, without a frame unit and with each that fits beside them. */
function candidatesOf(
  linears: readonly PlanLinear[],
  board: ArrayBudget,
  memoryCycles: MemoryCycles,
  engines: readonly Engine[],
  leastFrame: number | null,
): Candidate[] {
  const classes = shapeClasses(linears);
  const vectors = linears.every((linear) => linear.frame === 'hadamard') ? framedLinears(linears) : [];
  const mostRows = linears.reduce((most, linear) => Math.max(most, linear.rows), 0);
  const candidates: Candidate[] = [];
  for (const { engine, lanes } of engines.flatMap((engine) => LANE_CHOICES.map((lanes) => ({ engine, lanes })))) {
    const step = engine === 'table' ? ROWS_PER_TABLE : alphabetOf(linears) === 'ternary' ? ROWS_PER_BYTE : 4;
    const widths = vectors.length > 0 ? frameWidths({ lanes }, linears[0]!.block) : [];
    const units = widths.filter(({ values }) => values >= (leastFrame ?? 0));
    // What the link moves does not depend on rows, nor on the width of a frame unit.
    const linkOf = (frame: FrameWidth | null): number =>
      leastFrame !== null
        ? 0
        : linkRuns({ linears, array: withFrame({ lanes, rows: step }, frame) }, board).reduce(
            (sum, { cycles }) => sum + cycles,
            0,
          );
    const bareLink = linkOf(null);
    const framedLink = units.length > 0 ? linkOf(units[0]!) : bareLink;
    for (let rows = step; rows <= roundUpTo(mostRows, step); rows += step) {
      const array = engine === 'table' ? { lanes, rows, engine } : { lanes, rows };
      if (arrayLuts(array, 1, board) > board.lutBudget) break;
      const scaling = cheapestUnits(classes, array);
      const engineLuts = arrayLuts(array, scaling, board);
      const utilisation = averageUtilisation(classes, array, scaling);
      const phases = rows / scaling;
      const bound = (linear: PlanLinear): number =>
        Math.max(arrayCycles(linear, array, phases), memoryCycles(array, arrayCycles(linear, array, 1)));
      const cycles = classes.reduce((sum, { linear, count }) => sum + count * bound(linear), 0);
      for (const frame of leastFrame === null ? [null, ...units] : units) {
        const luts = engineLuts + (frame === null ? 0 : frameLuts(frame, board));
        if (luts > board.lutBudget) break;
        // A vector is framed while its first linear runs.
        const waits = (frame === null ? [] : vectors).reduce((sum, { linear, shape, count }) => {
          const framing = arrayCycles(linear, array, phases, frameTiming(shape, frame!, lanes));
          return sum + count * Math.max(0, framing - bound(linear));
        }, 0);
        const link = frame === null ? bareLink : framedLink;
        candidates.push({ array: withFrame(array, frame), luts, utilisation, cycles: cycles + waits + link });
      }
    }
  }
  return candidates;
}

function withFrame(array: PlanArray, frame: FrameWidth | null): PlanArray {
  return frame === null ? array : { ...array, frame: frame.values };
}

/** The engines that a board can have for a plan. */
export function enginesFor(linears: readonly PlanLinear[], { lutRam }: Pick<ArrayBudget, 'lutRam'>): readonly Engine[] {
  return lutRam && alphabetOf(linears) === 'ternary' ? ENGINES : ['adder'];
}
