import type { ModelSource } from '../model/types.js';
import { MAX_OSR, MIN_OSR, type PlanOptions } from '../plan/build-plan.js';
import { type LossCurve, lossCurve } from '../sensitivity/loss-curve.js';
import { measuredOsrs, measureSensitivity, sensitivityText } from '../sensitivity/sensitivity.js';
import { remaining, startProgress } from './progress.js';

/**
 * Measures what each linear of a model costs when it is quantized.
 *
 * @param target the mean OSR that is aimed at
 * @param whole measure on all of the text, not on as much as little time allows
 */
export function measureLosses(
  source: ModelSource,
  options: PlanOptions,
  text: readonly (readonly number[])[],
  target: number,
  whole: boolean,
): LossCurve {
  const osrs = measuredOsrs(target, [MIN_OSR, MAX_OSR]);
  const { windows, calibration } = whole
    ? { windows: text, calibration: text }
    : sensitivityText(source.config, text, osrs.length);
  const tokens = windows.reduce((sum, window) => sum + window.length, 0);
  const progress = startProgress(`Measuring the sensitivity of ${source.linears.length} linears on ${tokens} tokens`);
  const started = Date.now();
  try {
    const measured = measureSensitivity(source, options, windows, calibration, osrs, ({ linear, done, total }) =>
      progress.update(`${remaining(done, total, started)}; ${linear.name}`),
    );
    return lossCurve(measured, options);
  } finally {
    progress.stop();
  }
}
