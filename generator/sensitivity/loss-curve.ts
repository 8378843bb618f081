import type { PlanLinear } from '../plan/types.js';
import { expectedSnr } from '../quantize/expected-snr.js';
import { interpolate } from '../quantize/interpolate.js';
import type { Sensitivity } from './sensitivity.js';

/** A loss that none is less than: logarithms are taken. */
const LEAST_LOSS = 1e-12;
/** The loss falls at least with this power of the noise, however noisy the measurement. */
const LEAST_POWER = 0.1;

/** The nats per token that a linear of this index in the plan is expected to cost at an over-sampling ratio. */
export type LossCurve = (linear: number, osr: number) => number;

/**
 * What the measurements say about all ratios. A small loss is proportional to the noise in the weights, and how that
 * falls with the ratio is known: fast up to a whole number of segments of equal gain, and slower after it, so that such a
 * ratio is often the best choice even for linears that differ. One measurement of one linear is uncertain: the loss per
 * noise is taken from the sum over all linears, a power of the noise between the measured ratios and constant beyond them;
 * in that sum each linear has a share, the mean of its shares at the measured ratios.
 */
export function lossCurve(
  { osrs, losses }: Sensitivity,
  { frame, alphabet }: Pick<PlanLinear, 'frame' | 'alphabet'>,
): LossCurve {
  const logNoise = (osr: number): number => (-Math.LN10 / 10) * expectedSnr({ frame, alphabet, osr });
  const totals = osrs.map((_, k) =>
    Math.max(
      LEAST_LOSS,
      losses.reduce((sum, loss) => sum + loss[k]!, 0),
    ),
  );
  const shares = losses.map((loss) => loss.reduce((sum, value, k) => sum + value / totals[k]!, 0) / osrs.length);
  const noises = osrs.map(logNoise);
  const perNoise = totals.map((total, k) => Math.log(total) - noises[k]!);
  for (let k = 1; k < perNoise.length; k++) {
    const fall = noises[k - 1]! - noises[k]!;
    perNoise[k] = Math.min(perNoise[k]!, perNoise[k - 1]! + (1 - LEAST_POWER) * fall);
  }
  const quietness = noises.map((noise) => -noise);
  return (linear, osr) => {
    const noise = logNoise(osr);
    return shares[linear]! * Math.exp(noise + interpolate(quietness, perNoise, -noise));
  };
}

/** The expected nats per token of a whole allocation: small losses add up. */
export function expectedLoss(curve: LossCurve, linears: readonly { readonly osr: number }[]): number {
  return linears.reduce((sum, { osr }, index) => sum + curve(index, osr), 0);
}
