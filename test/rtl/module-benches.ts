/** Benches of single modules, or of a few that belong together, each with the parameters that it sweeps. */

import { join } from 'node:path';
import { uartRate } from '../../generator/boards/uart.js';
import { tableParameters } from '../../generator/sizing/table.js';
import { type Bench, ROOT } from './bench.js';

type Parameters = Readonly<Record<string, number>>;

/** One bench per set of parameters; `stall` is for those that take it. */
function sweep(source: string, sets: readonly Parameters[] = [{}]): Bench[] {
  const top = source.replace(/.*\/|\.v$/g, '');
  return sets.map((parameters, i) => ({
    name: `${top} ${Object.entries(parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`.trim(),
    top,
    sources: [join(ROOT, 'test/rtl', source)],
    parameters,
    plusargs: { seed: 1 + i, stall: [0, 40, 80][i % 3]! },
  }));
}

export const CODEC = sweep('array/codec_tb.v');

export const ARRAY = sweep('array/mac_tb.v', [
  {},
  { SIGN_TREE: 1, STORED_WIDTH: 9 },
  { LANES: 16, LEVELS: 4, WEIGHT_BYTES: 16, SIGN_TREE: 1 },
  { ROWS: 10, LANES: 4, LEVELS: 2, STORED_WIDTH: 9 },
  { TERNARY: 0, ROWS: 4, LANES: 2, LEVELS: 1, WEIGHT_BYTES: 1 },
  { TERNARY: 0, ROWS: 6, LANES: 8, LEVELS: 3, WEIGHT_BYTES: 6, SIGN_TREE: 1 },
]);

export const NODES = sweep('array/node_tb.v', [{}, { SIGN_TREE: 1, WIDTH: 8 }]);

/** The array of the table engine. */
export const TABLES: readonly Bench[] = [
  [4, 1],
  [8, 3],
  [16, 5],
].flatMap(([lanes, rows]) =>
  sweep('array/table_array_tb.v', [{ LANES: lanes!, ROWS: rows!, ...tableParameters({ lanes: lanes!, rows: rows! }) }]),
);

export const SCALE = sweep('array/scale_tb.v', [
  {},
  { ROWS: 4, UNITS: 4, PHASES: 1, PHASE_WIDTH: 1, GROUPS: 1, WORD_WIDTH: 1, FORWARD: 1, SIGN_TREE: 1 },
  {
    ...{ ROWS: 10, UNITS: 5, PHASES: 2, PHASE_WIDTH: 1, GROUPS: 1, WORD_WIDTH: 1, FORWARD: 1 },
    ...{ MEANS: 1, SCALED_WIDTH: 33, ACC_WIDTH: 56 },
  },
  { ROWS: 5, UNITS: 1, PHASES: 5, PHASE_WIDTH: 3, GROUPS: 3, WORD_WIDTH: 4, SIGN_TREE: 1, HIGHEST: 7, ACC_WIDTH: 37 },
  { ROWS: 3, UNITS: 1, GROUPS: 1, WORD_WIDTH: 2, FORWARD: 1, HIGHEST: 0, ACC_WIDTH: 30 },
  { ROWS: 4, UNITS: 1, PHASES: 4, PHASE_WIDTH: 2, GROUPS: 1, WORD_WIDTH: 2, HIGHEST: 0, ACC_WIDTH: 30 },
  // Two banks, and several words at a time.
  { BANKS: 2, SLICES: 2, SLICE_WIDTH: 1 },
  {
    ...{ ROWS: 4, UNITS: 4, PHASES: 1, PHASE_WIDTH: 1, GROUPS: 1, WORD_WIDTH: 1, FORWARD: 1 },
    ...{ BANKS: 2, SLICES: 4, SLICE_WIDTH: 2 },
  },
  { ...{ UNITS: 1, PHASES: 6, PHASE_WIDTH: 3, GROUPS: 3, WORD_WIDTH: 5 }, SLICES: 8, SLICE_WIDTH: 3 },
  // A block's total is no wider than a beat's sum.
  { SUM_WIDTH: 18, VALUE_WIDTH: 14, GAIN_WIDTH: 1, TOTAL_WIDTH: 18, SCALED_WIDTH: 26, GROUPS: 3, WORD_WIDTH: 4 },
]);

export const RESULTS = sweep('engine/results_tb.v', [
  {},
  { UNITS: 1, UNIT_WIDTH: 1, ACC_WIDTH: 33, ROW_WIDTH: 3 },
  { UNITS: 5, UNIT_WIDTH: 3, ACC_WIDTH: 50 },
  { UNITS: 8, UNIT_WIDTH: 2, RESULTS: 2 },
  { UNITS: 4, UNIT_WIDTH: 1, RESULTS: 4, ADDR_WIDTH: 3, ROW_WIDTH: 5 },
]);

export const CONTROL = sweep('engine/control_tb.v');

export const OVERLAP = sweep('engine/overlap_tb.v');

export const SEQUENCER = sweep('engine/sequencer_tb.v', [
  {},
  { SEGMENTS: 1, GAIN_WIDTH: 1, CYCLE_WIDTH: 3, BLOCK_ADDR_WIDTH: 1, GROUP_WIDTH: 1, SLOT_WORDS: 1 },
  { SEGMENTS: 4, CYCLE_WIDTH: 5, ACTIVATION_ADDR_WIDTH: 8, BLOCK_ADDR_WIDTH: 3 },
]);

export const DELAY = sweep('memory/delay_tb.v', [{}, { WIDTH: 1, CYCLES: 1 }, { WIDTH: 5, CYCLES: 7 }]);

export const RAM = sweep('memory/ram_tb.v', [{}, { WORDS: 2, ADDR_WIDTH: 1, BYTES: 1, BYTE_WIDTH: 40 }]);

export const REGION = sweep('memory/region_tb.v', [
  {},
  { BYTES: 20, BYTE_INDEX_WIDTH: 5, STORED_WIDTH: 9 },
  { WORDS: 32, ADDR_WIDTH: 5, BYTES: 2, BYTE_INDEX_WIDTH: 1 },
  { WORDS: 3, ADDR_WIDTH: 2, BYTES: 16, BYTE_INDEX_WIDTH: 4 },
  { SINGLE_PORT: 1, BYTES: 8 },
  { SINGLE_PORT: 1, WORDS: 16, BYTES: 3, BYTE_INDEX_WIDTH: 2 },
]);

/** An element of the decoder's vector unit. */
export const LANE = sweep('decoder/lane_tb.v');

export const CRC = sweep('link/crc_tb.v');

/** The UART at a rate that is off, with back-pressure, and with short pulses on the line. */
export const UART: readonly Bench[] = [
  { drift: -20, stall: 90, glitches: 0 },
  { drift: 20, stall: 0, glitches: 0 },
  { drift: 0, stall: 30, glitches: 1 },
].map((options, i) => {
  const [clockHz, baud] = [[24_000_000, 3_000_000] as const, [80_000_000, 3_000_000] as const][i & 1]!;
  const { phaseWidth, step } = uartRate(clockHz, baud);
  const bytes = 60;
  return {
    name: `uart_tb drift=${options.drift} glitches=${options.glitches}`,
    top: 'uart_tb',
    sources: [join(ROOT, 'test/rtl/board/uart_tb.v')],
    parameters: { PHASE_WIDTH: phaseWidth, STEP: step },
    plusargs: {
      ...options,
      clock_ps: Math.round(1e12 / clockHz),
      bit_ps: Math.round(1e12 / baud),
      seed: 7 + i,
      bytes,
    },
    passes: (output) => output.endsWith(`done ${bytes + 1} received, ${bytes} transmitted, 0 errors\n`),
  };
});

export const START: readonly Bench[] = [
  {
    name: 'start_tb',
    top: 'start_tb',
    sources: [join(ROOT, 'test/rtl/board/start_tb.v')],
    passes: (output) => output === 'done 0 errors\n',
  },
];

/** The decoder's memories, runs, logits and steps. */
export const DECODER = {
  memories: sweep('decoder/memories_tb.v', [
    {},
    {
      ...{ PARAMETER_WORDS: 32, PARAMETER_ADDR_WIDTH: 5, PARAMETER_BYTES: 8, PARAMETER_BYTE_WIDTH: 3 },
      ...{ CONSTANT_WORDS: 2, CONSTANT_ADDR_WIDTH: 2, VALUES: 2 },
    },
  ]),
  frame: sweep('decoder/frame_memory_tb.v', [
    {},
    { VALUES: 8, CUT_VALUES: 2, PART_WIDTH: 2 },
    { VALUES: 4, CUT_VALUES: 4, WORDS: 7, ADDR_WIDTH: 3, BLOCKS: 1, BLOCK_ADDR_WIDTH: 1 },
  ]),
  runs: sweep('decoder/run_queue_tb.v', [{}, { INDEX_WIDTH: 16 }]),
  logits: sweep('decoder/logits_tb.v', [
    {},
    { LANES: 1, TOKEN_WIDTH: 8, DEPTH: 32, DEPTH_WIDTH: 5, MARGIN: 20 },
    { LANES: 2 },
    { LANES: 8, TOKEN_WIDTH: 10, DEPTH: 8, DEPTH_WIDTH: 3, MARGIN: 1 },
  ]),
  steps: sweep('decoder/steps_tb.v', [{}, { TOKEN_WIDTH: 17, POSITION_WIDTH: 11 }]),
} as const;

/** Those that no other test file runs. */
export const MODULE_BENCHES: readonly Bench[] = [
  ...[...NODES, ...ARRAY, ...SCALE, ...RESULTS, ...CONTROL, ...OVERLAP, ...SEQUENCER],
  ...[...DELAY, ...RAM, ...REGION, ...CRC],
  ...Object.values(DECODER).flat(),
];
