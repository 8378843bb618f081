/** Predicted and simulated cycles, beats and stalls side by side, as people read them. */

import { type LinearTiming, sumOfWork, type WorkCounts } from '../../sim/harness/node/timing.js';
import { table } from './progress.js';

/** Linears that differ are named up to this number. */
const MOST_NAMED = 10;

/** One line per layer, then what differs. */
export function timingText(linears: readonly LinearTiming[]): string[] {
  const layers = [...new Set(linears.map(({ layer }) => layer))];
  const row = (name: string, parts: readonly LinearTiming[]): string[] => {
    const [predicted, simulated] = (['predicted', 'simulated'] as const).map((of) =>
      sumOfWork(parts.map((p) => p[of])),
    );
    return [name, ...sides(predicted!, simulated!)];
  };
  const head = ['engine, predicted / simulated', 'cycles', '', 'beats', '', 'stalls', '', 'utilisation', ''];
  const rows = layers.map((layer) => {
    const own = linears.filter((linear) => linear.layer === layer);
    return row(own.some(({ name }) => name.startsWith('lm_head.')) ? 'head' : `layer ${layer}`, own);
  });
  const differing = linears.filter(({ differingRuns }) => differingRuns > 0);
  return [
    table([head, ...rows, row('all', linears)]),
    differing.length === 0
      ? 'Every run took the cycles, beats and stalls that were predicted.'
      : `DIFFERENT from the prediction: ${differing.length} of ${linears.length} linears`,
    ...differing.slice(0, MOST_NAMED).map((linear) => `DIFFERENT ${describeTiming(linear)}`),
    ...(differing.length > MOST_NAMED ? [`... and ${differing.length - MOST_NAMED} more`] : []),
  ];
}

const sides = (a: WorkCounts, b: WorkCounts): string[] => [
  ...(['cycles', 'beats', 'stalls'] as const).flatMap((field) => [String(a[field]), String(b[field])]),
  ...[a, b].map(({ utilisation }) => `${(100 * utilisation).toFixed(1)} %`),
];

/** A linear whose runs were not as predicted, as one line. */
export function describeTiming({ name, runs, differingRuns, predicted, simulated }: LinearTiming): string {
  const parts = (['cycles', 'beats', 'stalls'] as const).map(
    (field) => `${field} ${predicted[field]} predicted, ${simulated[field]} simulated`,
  );
  return `${name}, ${differingRuns} of ${runs} runs: ${parts.join('; ')}`;
}
