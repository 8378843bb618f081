/** The measures that the heat map can show, each with one unit for all its cells. */

import { isHead } from '../model/roles.js';
import type { LinearFacts, PlanFacts } from './facts.js';
import type { WeightStatistics } from './weight-statistics.js';

/** Colours of the heat map, from least to greatest. */
export const STEPS = 9;

export interface Measure {
  readonly key: string;
  readonly label: string;
  /** Between a cell's number and what it counts, when one linear is read out: ` bits per weight`. */
  readonly unit: string;
  /** One per linear of the layers, in plan order. */
  readonly cells: readonly string[];
  /** One digit per linear: its colour, 0 … STEPS − 1. */
  readonly steps: string;
  /** The least and the greatest cell. */
  readonly range: readonly [string, string];
}

interface Kind {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly text: (value: number) => string;
}

/** Three digits, which fit a cell on a phone. */
function threeDigits(value: number): string {
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

/** The colour of a value between the least and the greatest; the middle one where all are alike. */
function stepOf(value: number, least: number, greatest: number): number {
  if (greatest <= least) return (STEPS - 1) / 2;
  return Math.min(STEPS - 1, Math.floor(((value - least) / (greatest - least)) * STEPS));
}

function measureOf({ key, label, unit, values, text }: Kind): Measure {
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  return {
    key,
    label,
    unit,
    cells: values.map(text),
    steps: values.map((value) => stepOf(value, least, greatest)).join(''),
    range: [text(least), text(greatest)],
  };
}

/** The largest unit in which the greatest value is not less than 1. */
function unitFor(values: readonly number[], base: number, names: readonly string[]): { factor: number; name: string } {
  const greatest = values.reduce((a, b) => Math.max(a, b));
  let power = 0;
  while (power < names.length - 1 && greatest >= base ** (power + 1)) power++;
  return { factor: base ** power, name: names[power]! };
}

/** The measures of a plan's layers, and of their weights if they are known; OSR comes first. */
export function measures(facts: PlanFacts, statistics: WeightStatistics | null): Measure[] {
  const linears = facts.linears.filter((linear) => !isHead(linear));
  const of = (field: keyof LinearFacts): number[] => linears.map((linear) => linear[field] as number);
  const bytes = unitFor(of('bytes'), 1024, ['bytes', 'KiB', 'MiB', 'GiB']);
  const cycles = unitFor(of('cycles'), 1000, ['cycles', 'thousand cycles', 'million cycles', 'billion cycles']);
  const scaled = (factor: number) => (value: number) => (factor === 1 ? String(value) : threeDigits(value / factor));
  const kinds: Kind[] = [
    { key: 'osr', label: 'OSR', unit: '× over-sampled', values: of('osr'), text: (osr) => osr.toFixed(2) },
    { key: 'bits', label: 'Bits per weight', unit: ' bits per weight', values: of('bits'), text: threeDigits },
    { key: 'snr', label: 'Expected SNR', unit: ' dB expected', values: of('snrDb'), text: threeDigits },
    { key: 'bytes', label: 'Memory', unit: ` ${bytes.name}`, values: of('bytes'), text: scaled(bytes.factor) },
    { key: 'cycles', label: 'Cycles', unit: ` ${cycles.name}`, values: of('cycles'), text: scaled(cycles.factor) },
    {
      key: 'utilisation',
      label: 'Utilisation',
      unit: ' % utilised',
      values: of('utilisation'),
      text: (share) => (100 * share).toFixed(1),
    },
  ];
  // Binary symbols have no zeros to show.
  if (statistics !== null && statistics.total.zero > 0) {
    kinds.push({
      key: 'zeros',
      label: 'Zeros',
      unit: ' % zeros',
      values: linears.map((_, index) => {
        const { minus, zero, plus } = statistics.linears[index]!;
        return zero / (minus + zero + plus);
      }),
      text: (share) => (100 * share).toFixed(1),
    });
  }
  return kinds.map(measureOf);
}
