import type { Sensitivity } from './sensitivity.js';

/** A loss that none is less than: logarithms are taken. */
const LEAST_LOSS = 1e-12;
/** The loss falls at least by this factor per unit of OSR, however noisy the measurement. */
const LEAST_DECAY = 0.1;

/** The nats per token that a linear of this index in the plan is expected to cost at an over-sampling ratio. */
export type LossCurve = (linear: number, osr: number) => number;

/**
 * What the measurements say about all ratios. One measurement of one linear is noisy: how the loss falls with the ratio is
 * taken from the sum over all linears, which each have a share in it, the mean of their shares at the measured ratios.
 * Between ratios the loss is exponential; beyond them it goes on as in the next interval.
 */
export function lossCurve({ osrs, losses }: Sensitivity): LossCurve {
  const totals = osrs.map((_, k) =>
    Math.max(
      LEAST_LOSS,
      losses.reduce((sum, loss) => sum + loss[k]!, 0),
    ),
  );
  const shares = losses.map((loss) => loss.reduce((sum, value, k) => sum + value / totals[k]!, 0) / osrs.length);
  const logs = totals.map(Math.log);
  for (let k = 1; k < logs.length; k++) {
    logs[k] = Math.min(logs[k]!, logs[k - 1]! - LEAST_DECAY * (osrs[k]! - osrs[k - 1]!));
  }
  const total = (osr: number): number => {
    const after = osrs.findIndex((measured, k) => k > 0 && osr < measured);
    const k = after === -1 ? osrs.length - 1 : after;
    if (k === 0) return Math.exp(logs[0]!);
    const slope = (logs[k]! - logs[k - 1]!) / (osrs[k]! - osrs[k - 1]!);
    return Math.exp(logs[k]! + slope * (osr - osrs[k]!));
  };
  return (linear, osr) => shares[linear]! * total(osr);
}

/** The expected nats per token of a whole allocation: small losses add up. */
export function expectedLoss(curve: LossCurve, linears: readonly { readonly osr: number }[]): number {
  return linears.reduce((sum, { osr }, index) => sum + curve(index, osr), 0);
}
