/**
 * A stored baseline of figures, and what has changed since: the check that keeps a design from growing unnoticed.
 *
 * A figure's key is the name of the results file that holds it, without `.json`, and its path within, joined by dots:
 * `synth.luts`, `generate.estimate.luts`.
 */

import { InputError } from '../errors.js';

const FORMAT = 'sdq-baseline/1';

/** Figures that a new baseline takes from each results file, where they are numbers. */
const DEFAULT_PATHS = ['luts', 'ffs', 'brams', 'dsps', 'fmaxMHz', 'cycles', 'cyclesPerToken'];
const DEFAULT_TOLERANCE = '2%';
/** Of these, more is better. */
const MORE_IS_BETTER = ['fmaxMHz'];

export interface BaselineFigure {
  readonly value: number;
  /** By how much the figure may get worse: a share of the value, such as `2%`, or a number. */
  readonly tolerance: string | number;
  /** Which direction is better; default `lower`. */
  readonly better?: 'lower' | 'higher';
}

export interface Baseline {
  readonly format: typeof FORMAT;
  readonly figures: Readonly<Record<string, BaselineFigure>>;
}

/** What `--json` printed, by the name of the file that it was kept in. */
export type Results = ReadonlyMap<string, unknown>;

export interface Change {
  readonly key: string;
  readonly baseline: number;
  readonly actual: number;
  /** (actual − baseline) / |baseline|; null where the baseline is 0. */
  readonly change: number | null;
  /** The worst value that is let pass. */
  readonly limit: number;
  readonly verdict: 'worse' | 'same' | 'within' | 'better';
}

/** Reads the text of a baseline file. @throws InputError naming what is wrong */
export function parseBaseline(text: string, source: string): Baseline {
  const value = parseJson(text, source);
  if (!isRecord(value) || value.format !== FORMAT || !isRecord(value.figures)) {
    throw new InputError(`${source} is not a baseline: it needs "format": "${FORMAT}" and "figures"`);
  }
  const figures = Object.entries(value.figures).map(([key, figure]) => [key, checkFigure(figure, `${source}: ${key}`)]);
  return { format: FORMAT, figures: Object.fromEntries(figures) as Baseline['figures'] };
}

function checkFigure(figure: unknown, source: string): BaselineFigure {
  if (!isRecord(figure) || !isNumber(figure.value)) throw new InputError(`${source} needs a number as its value`);
  const { value, tolerance, better } = figure;
  const isTolerance = isNumber(tolerance)
    ? tolerance >= 0
    : typeof tolerance === 'string' && shareOf(tolerance) !== null;
  if (!isTolerance)
    throw new InputError(`${source}: tolerance must be a share such as "2%", or a number of at least 0`);
  if (better !== undefined && better !== 'lower' && better !== 'higher') {
    throw new InputError(`${source}: better must be "lower" or "higher"`);
  }
  const checked = { value, tolerance: tolerance as string | number };
  return better === undefined ? checked : { ...checked, better };
}

/** The object that a command printed. @throws InputError if the text is none */
export function parseResults(text: string, source: string): unknown {
  const value = parseJson(text, source);
  if (!isRecord(value)) throw new InputError(`${source} is not an object as "sdq … --json" prints it`);
  return value;
}

/** Text of a baseline file. */
export const baselineText = (baseline: Baseline): string => `${JSON.stringify(baseline, null, 2)}\n`;

/** Compares results with a baseline. @throws InputError if they lack one of its figures */
export function compareWithBaseline(baseline: Baseline, results: Results): Change[] {
  return Object.entries(baseline.figures).map(([key, figure]) => {
    const actual = figureOf(results, key);
    if (actual === null) {
      throw new InputError(
        `the results have no number ${key}: give the file that holds it, or remove it from the baseline`,
      );
    }
    return compare(key, figure, actual);
  });
}

function compare(key: string, { value, tolerance, better }: BaselineFigure, actual: number): Change {
  const sign = better === 'higher' ? -1 : 1;
  const allowed = isNumber(tolerance) ? tolerance : Math.abs(value) * shareOf(tolerance)!;
  const limit = value + sign * allowed;
  const worse = sign * (actual - value);
  const verdict = worse < 0 ? 'better' : worse === 0 ? 'same' : worse <= allowed ? 'within' : 'worse';
  const change = value === 0 ? null : (actual - value) / Math.abs(value);
  return { key, baseline: value, actual, change, limit, verdict };
}

/**
 * The baseline with the values of the results. An old baseline keeps its figures, tolerances and the values that the
 * results do not have; a new one takes the usual figures of each file.
 * @throws InputError if there is no figure at all
 */
export function updateBaseline(old: Baseline | null, results: Results): Baseline {
  const figures = old === null ? newFigures(results) : { ...old.figures };
  for (const [key, figure] of Object.entries(figures)) {
    figures[key] = { ...figure, value: figureOf(results, key) ?? figure.value };
  }
  if (Object.keys(figures).length === 0) {
    throw new InputError(`the results have none of the figures ${DEFAULT_PATHS.join(', ')}`);
  }
  return { format: FORMAT, figures };
}

function newFigures(results: Results): Record<string, BaselineFigure> {
  const figures: Record<string, BaselineFigure> = {};
  for (const name of results.keys()) {
    for (const path of DEFAULT_PATHS) {
      const value = figureOf(results, `${name}.${path}`);
      if (value === null) continue;
      const better = MORE_IS_BETTER.includes(path) ? { better: 'higher' as const } : {};
      figures[`${name}.${path}`] = { value, tolerance: DEFAULT_TOLERANCE, ...better };
    }
  }
  return figures;
}

/** The number at a key, null if there is none. A file's name may have dots itself. */
function figureOf(results: Results, key: string): number | null {
  for (const [name, value] of results) {
    if (!key.startsWith(`${name}.`)) continue;
    const path = key.slice(name.length + 1).split('.');
    const found = path.reduce<unknown>(
      (at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : null),
      value,
    );
    if (isNumber(found)) return found;
  }
  return null;
}

/** `2%` as 0.02; null if the text is no share. */
function shareOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text);
  return match ? Number(match[1]) / 100 : null;
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${source} is not JSON: ${(error as Error).message}`);
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
