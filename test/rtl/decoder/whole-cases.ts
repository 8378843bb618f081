import { llamaConfig, optConfig, optPostNormConfig } from '../../support/golden-models.js';
import type { WholeCase } from './whole.js';

const SMALL = { dim: 16, hidden: 20, headDim: 8, heads: 2, vocab: 12, embedDim: 16 } as const;

/**
 * Both architectures and alphabets, norms before and after, grouped heads, projections, weights of eight and of nine bits,
 * a head in SDQ in two groups of rows, two banks of accumulators.
 */
export const WHOLE_CASES: readonly WholeCase[] = [
  {
    config: llamaConfig({ ...SMALL, kvHeads: 1, vocab: 27 }),
    ...{ alphabet: 'ternary', lanes: 8, rows: 5, frame: 4, block: 8, sdqHead: true },
    widths: { values: 4, attention: 8, drain: 1, banks: 2 },
  },
  {
    config: optConfig({ ...SMALL, kvHeads: 2 }),
    ...{ alphabet: 'binary', lanes: 8, rows: 8, frame: 4, block: 8 },
    widths: { values: 2, attention: 2, drain: 1, banks: 1 },
  },
  {
    config: optPostNormConfig({ ...SMALL, kvHeads: 2, embedDim: 12, layers: 1 }),
    ...{ alphabet: 'ternary', lanes: 8, rows: 10, frame: 4, block: 16 },
    widths: { values: 4, attention: 4, drain: 1, banks: 1 },
  },
  {
    // Two banks, several results at a time, logits of the array.
    config: llamaConfig({ ...SMALL, kvHeads: 2, vocab: 150, layers: 1 }),
    sdqHead: true,
    ...{ alphabet: 'ternary', lanes: 8, rows: 10, frame: 8, block: 16 },
    widths: { values: 4, attention: 4, drain: 2, banks: 2 },
  },
  {
    // More logits than there is room for: the dot unit pauses.
    config: llamaConfig({ ...SMALL, kvHeads: 1, vocab: 60, layers: 1 }),
    ...{ alphabet: 'ternary', lanes: 8, rows: 5, frame: 4, block: 8 },
    widths: { values: 4, attention: 8, drain: 1, banks: 1 },
  },
];
