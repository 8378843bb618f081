/** Which engine a plan gets, how many lanes and rows its array has, and how many scale units follow it. */

import { InputError } from '../errors.js';
import type { Alphabet, PlanArray, PlanLinear } from '../plan/types.js';
import { chooseFraming, type FramedLinear, framedLinears } from './framing.js';
import { roundUpTo } from './integers.js';
import { arrayLuts, frameLuts, type LutTarget } from './luts.js';
import { arrayCycles, blockKinds, ROWS_PER_BYTE, usefulSymbols } from './shape.js';

/** What sizing needs to know of a board. */
export interface ArrayBudget extends LutTarget {
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

/** The alphabet of a plan's linears. @throws RangeError if there is more than one, or none */
export function alphabetOf(linears: readonly PlanLinear[]): Alphabet {
  const alphabets = [...new Set(linears.map((linear) => linear.alphabet))];
  if (alphabets.length !== 1) throw new RangeError(`one alphabet is wanted, not ${alphabets.join(' and ') || 'none'}`);
  return alphabets[0]!;
}

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

/** The same, when the weights of a linear take `memoryCycles` to come. */
function boundCycles(
  classes: readonly ShapeClass[],
  array: PlanArray,
  units: number,
  memoryCycles: MemoryCycles,
): number {
  return classes.reduce((sum, { linear, count }) => {
    const cycles = arrayCycles(linear, array, array.rows / units);
    return sum + count * Math.max(cycles, memoryCycles(array, arrayCycles(linear, array, 1)));
  }, 0);
}

/** Cycles in which a memory gives the weights of so many beats. */
export type MemoryCycles = (array: PlanArray, beats: number) => number;

function averageUtilisation(classes: readonly ShapeClass[], array: PlanArray, units: number): number {
  const useful = classes.reduce((sum, { linear, count }) => sum + count * usefulSymbols(linear), 0);
  return useful / (totalCycles(classes, array, units) * array.lanes * array.rows);
}

function cheapestUnits(classes: readonly ShapeClass[], array: PlanArray): number {
  let best = array.rows;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let units = 1; units <= array.rows; units++) {
    if (array.rows % units !== 0) continue;
    const cost = totalCycles(classes, array, units) * arrayLuts(array, units, ANY_TARGET);
    if (cost < bestCost) [best, bestCost] = [units, cost];
  }
  return best;
}

/**
 * Rows whose block totals are scaled at once: the divisor N of R with the least area × time. The R totals of a row group
 * pass in R / N phases while the array works on the next one, which must take as long; shorter blocks are stretched.
 */
export function scaleUnits(linears: readonly PlanLinear[], array: PlanArray): number {
  return cheapestUnits(shapeClasses(linears), array);
}

/** Useful symbols / (cycles · L · R) of one linear, or averaged over several. */
export function utilisation(linears: readonly PlanLinear[], array: PlanArray, units: number): number {
  return averageUtilisation(shapeClasses(linears), array, units);
}

/**
 * Engine, lanes L and rows R for a plan within a board's LUT budget: the fastest array whose utilisation, averaged over the
 * plan, is at least LEAST_UTILISATION; where none is, the best utilised one. In the adder engine R is a multiple of 5 for
 * ternary weights, of 4 for binary ones; in the table engine of 3. In mode `hadamard` a frame unit goes with
 * it, if any fits, large enough that the array hardly waits if the budget allows.
 *
 * @param canHold whether the board's memories hold the plan's in the form that an array wants; where none is held, all count
 * @param memoryCycles what bounds an array besides its own speed: of arrays that wait for memory, the smallest is taken
 * @param engines those to choose from
 * @throws RangeError if the linears do not share an alphabet; InputError if the budget is too small for the least array
 */
export function sizeArray(
  linears: readonly PlanLinear[],
  board: ArrayBudget,
  canHold: (array: PlanArray) => boolean = () => true,
  memoryCycles: MemoryCycles = () => 0,
  engines: readonly Engine[] = enginesFor(linears, board),
): PlanArray {
  const vectors = linears.every((linear) => linear.frame === 'hadamard') ? framedLinears(linears) : null;
  const search = (framed: readonly FramedLinear[] | null): FoundArray | null =>
    searchArray(linears, board, canHold, memoryCycles, engines, framed);
  const framed = vectors === null ? null : search(vectors);
  if (framed?.held) return framed.array;
  const bare = search(null);
  if (bare === null)
    throw new InputError(`the board's lutBudget of ${board.lutBudget} is too small for the least array of this plan`);
  return framed !== null && !bare.held ? framed.array : bare.array;
}

interface FoundArray {
  readonly array: PlanArray;
  readonly held: boolean;
}

/** The best array with a frame unit for the given vectors beside it, or without one; null if none is small enough. */
function searchArray(
  linears: readonly PlanLinear[],
  board: ArrayBudget,
  canHold: (array: PlanArray) => boolean,
  memoryCycles: MemoryCycles,
  engines: readonly Engine[],
  vectors: readonly FramedLinear[] | null,
): FoundArray | null {
  const classes = shapeClasses(linears);
  const mostRows = linears.reduce((most, linear) => Math.max(most, linear.rows), 0);
  let best: Candidate | null = null;
  let held = false;
  for (const { engine, lanes } of engines.flatMap((engine) => LANE_CHOICES.map((lanes) => ({ engine, lanes })))) {
    const step = engine === 'table' ? ROWS_PER_TABLE : alphabetOf(linears) === 'ternary' ? ROWS_PER_BYTE : 4;
    for (let rows = step; rows <= roundUpTo(mostRows, step); rows += step) {
      const array = engine === 'table' ? { lanes, rows, engine } : { lanes, rows };
      if (arrayLuts(array, 1, board) > board.lutBudget) break;
      const candidate = candidateOf(classes, array, board, memoryCycles, vectors);
      if (candidate === null || candidate.luts > board.lutBudget) continue;
      const holds = canHold(candidate.array);
      if (best === null || (holds === held ? isBetter(candidate, best) : holds)) best = candidate;
      held ||= holds;
    }
  }
  return best && { array: best.array, held };
}

/** An array with the units that go with it; null if no frame unit fits beside it. */
function candidateOf(
  classes: readonly ShapeClass[],
  array: PlanArray,
  board: ArrayBudget,
  memoryCycles: MemoryCycles,
  vectors: readonly FramedLinear[] | null,
): Candidate | null {
  const units = cheapestUnits(classes, array);
  const luts = arrayLuts(array, units, board);
  const cycles = boundCycles(classes, array, units, memoryCycles);
  const bare = { array, luts, utilisation: averageUtilisation(classes, array, units), cycles };
  if (vectors === null) return bare;
  const budget = board.lutBudget - luts;
  const framing = chooseFraming(vectors, array, cycles, (unit) => frameLuts(unit, board) <= budget);
  if (framing === null) return null;
  return {
    ...bare,
    array: { ...array, frame: framing.unit.values },
    luts: luts + frameLuts(framing.unit, board),
    // So that arrays that wait for memory alike stay alike, whatever their frame units.
    cycles: cycles + framing.excess,
  };
}

/** The engines that a board can have for a plan. */
export function enginesFor(linears: readonly PlanLinear[], { lutRam }: Pick<ArrayBudget, 'lutRam'>): readonly Engine[] {
  return lutRam && alphabetOf(linears) === 'ternary' ? ENGINES : ['adder'];
}

interface Candidate {
  readonly array: PlanArray;
  readonly luts: number;
  readonly utilisation: number;
  readonly cycles: number;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const fits = a.utilisation >= LEAST_UTILISATION;
  if (fits !== b.utilisation >= LEAST_UTILISATION) return fits;
  if (fits) return a.cycles < b.cycles || (a.cycles === b.cycles && a.luts < b.luts);
  return a.utilisation > b.utilisation || (a.utilisation === b.utilisation && a.cycles < b.cycles);
}
