/** Named configurations of the engine that tests run. Linears of different layers read different vectors. */

import { type EngineCase, linearOf } from './vectors.js';

const CASES: readonly EngineCase[] = [
  {
    name: 'tails and gains on 8 lanes',
    frame: 4,
    lanes: 8,
    rows: 5,
    linears: [
      linearOf({ rows: 12, cols: 64, block: 64, samples: 160, gainShifts: [0, 0, 1] }),
      linearOf({ rows: 5, cols: 96, block: 64, samples: 128, gainShifts: [0, 3] }),
      linearOf({ rows: 3, cols: 108, block: 64, samples: 144, gainShifts: [0, 1, 2] }),
    ],
  },
  {
    name: 'a tail of fewer beats than phases',
    frame: 16,
    lanes: 32,
    rows: 5,
    units: 1,
    linears: [
      linearOf({ rows: 7, cols: 108, block: 64, samples: 160, gainShifts: [0, 1, 1] }),
      linearOf({ rows: 6, cols: 65, block: 64, samples: 96, gainShifts: [0, 1] }),
    ],
  },
  {
    name: 'one row group, one beat per block, one phase',
    frame: 4,
    lanes: 8,
    rows: 4,
    units: 4,
    linears: [
      linearOf({ rows: 4, cols: 64, block: 8, samples: 8, alphabet: 'binary' }),
      linearOf({ rows: 2, cols: 47, block: 8, samples: 8, alphabet: 'binary' }),
    ],
  },
  {
    name: 'one row group, one beat per block, two phases',
    frame: 8,
    lanes: 16,
    rows: 10,
    units: 5,
    linears: [
      linearOf({ rows: 9, cols: 64, block: 16, samples: 32 }),
      linearOf({ rows: 10, cols: 36, block: 16, samples: 40, gainShifts: [0, 0, 0] }),
    ],
  },
  {
    name: 'one row group, three phases',
    lanes: 16,
    rows: 15,
    units: 5,
    linears: [
      linearOf({ rows: 13, cols: 64, block: 16, samples: 32 }),
      linearOf({ rows: 15, cols: 36, block: 16, samples: 48, gainShifts: [0, 0, 0] }),
    ],
  },
  {
    name: 'numbers at their limits, with gains',
    lanes: 16,
    rows: 5,
    extremes: true,
    linears: [
      linearOf({ rows: 7, cols: 128, block: 64, samples: 160, gainShifts: [0, 1, 2] }),
      linearOf({ rows: 5, cols: 40, block: 64, samples: 160, gainShifts: [0, 1, 2] }),
    ],
  },
  {
    name: 'fourier with a padded block',
    lanes: 8,
    rows: 10,
    linears: [
      linearOf({ rows: 13, cols: 50, block: 32, samples: 81, frame: 'fourier' }),
      linearOf({ rows: 10, cols: 32, block: 32, samples: 48, frame: 'fourier' }),
    ],
  },
  {
    name: 'fourier and binary, numbers at their limits',
    lanes: 16,
    rows: 4,
    extremes: true,
    linears: [linearOf({ rows: 9, cols: 70, block: 32, samples: 67, frame: 'fourier', alphabet: 'binary' })],
  },
  {
    name: 'binary with tails, three units',
    frame: 32,
    lanes: 32,
    rows: 6,
    units: 3,
    linears: [
      linearOf({ rows: 8, cols: 70, block: 64, samples: 128, alphabet: 'binary', gainShifts: [0, 1] }),
      linearOf({ rows: 6, cols: 33, block: 64, samples: 140, alphabet: 'binary', gainShifts: [0, 0, 1] }),
    ],
  },
  {
    name: 'tables: tails and gains',
    frame: 8,
    lanes: 8,
    rows: 3,
    engine: 'table',
    linears: [
      linearOf({ rows: 61, cols: 64, block: 64, samples: 160, gainShifts: [0, 0, 1] }),
      linearOf({ rows: 5, cols: 96, block: 64, samples: 128, gainShifts: [0, 3] }),
      linearOf({ rows: 30, cols: 108, block: 64, samples: 144, gainShifts: [0, 1, 2] }),
    ],
  },
  {
    name: 'tables: several spans, numbers at their limits',
    lanes: 16,
    rows: 2,
    engine: 'table',
    extremes: true,
    linears: [
      linearOf({ rows: 133, cols: 40, block: 32, samples: 64 }),
      linearOf({ rows: 64, cols: 32, block: 32, samples: 72, gainShifts: [0, 0, 0] }),
    ],
  },
  {
    name: 'tables: one step per block, one unit',
    frame: 4,
    lanes: 32,
    rows: 4,
    units: 1,
    engine: 'table',
    linears: [
      linearOf({ rows: 70, cols: 96, block: 32, samples: 32 }),
      linearOf({ rows: 3, cols: 64, block: 32, samples: 40, gainShifts: [0, 0] }),
    ],
  },
  {
    name: 'tables: fourier, one phase',
    lanes: 8,
    rows: 2,
    units: 2,
    engine: 'table',
    linears: [linearOf({ rows: 5, cols: 50, block: 32, samples: 81, frame: 'fourier' })],
  },
  {
    name: 'one row, one column',
    frame: 2,
    lanes: 8,
    rows: 5,
    linears: [linearOf({ rows: 1, cols: 1, block: 32, samples: 32 })],
  },
  {
    name: 'a linear that is done before its vector is framed',
    frame: 2,
    lanes: 8,
    rows: 5,
    linears: [
      linearOf({ rows: 2, cols: 32, block: 32, samples: 32, layer: 1, role: 'self_attn.q_proj', gainShifts: [0] }),
      linearOf({
        rows: 3,
        cols: 32,
        block: 32,
        samples: 256,
        layer: 1,
        role: 'self_attn.k_proj',
        gainShifts: [0, 0, 0, 0, 0, 0, 0, 0],
      }),
    ],
  },
  {
    name: 'one framing for three linears, and another of the same vector',
    frame: 8,
    lanes: 16,
    rows: 5,
    reframes: true,
    linears: [
      linearOf({ rows: 6, cols: 150, block: 64, samples: 96, layer: 1, role: 'self_attn.q_proj', gainShifts: [0, 0] }),
      linearOf({
        rows: 4,
        cols: 150,
        block: 64,
        samples: 137,
        layer: 1,
        role: 'self_attn.k_proj',
        gainShifts: [0, 0, 0],
      }),
      linearOf({ rows: 5, cols: 150, block: 64, samples: 64, layer: 1, role: 'self_attn.v_proj' }),
      linearOf({ rows: 5, cols: 150, block: 64, samples: 80, layer: 2, gainShifts: [0, 0] }),
    ],
  },
];

export const ENGINE_CASES: readonly EngineCase[] = CASES.map((engineCase) => ({
  ...engineCase,
  linears: engineCase.linears.map((linear, i) => (linear.layer === 0 ? { ...linear, layer: 10 + i } : linear)),
}));

/** Results at a time of cases that are also run with two banks: parts of words of accumulators, whole ones, and several. */
const OVERLAPS: Readonly<Record<string, number>> = {
  'tails and gains on 8 lanes': 1,
  'a tail of fewer beats than phases': 4,
  'one row group, one beat per block, one phase': 8,
  'numbers at their limits, with gains': 2,
  'binary with tails, three units': 1,
  'tables: one step per block, one unit': 8,
  'one row, one column': 4,
  'a linear that is done before its vector is framed': 1,
  'one framing for three linears, and another of the same vector': 1,
};

export const OVERLAP_CASES: readonly EngineCase[] = ENGINE_CASES.flatMap((engineCase) => {
  const overlaps = OVERLAPS[engineCase.name];
  const name = `${engineCase.name}; two banks, ${overlaps} at a time`;
  return overlaps === undefined ? [] : [{ ...engineCase, name, overlaps }];
});
