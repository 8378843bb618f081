/** All benches, and which of them test a module: `npm test` runs them on the modules, the mutation tests on mutants. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cobsEncode } from '../../firmware/protocol/cobs.js';
import { Responder } from '../../firmware/protocol/responder.js';
import { llamaConfig, optConfig } from '../support/golden-models.js';
import { uniform } from '../support/random.js';
import { type Bench, ROOT } from './bench.js';
import { attentionBenches } from './decoder/attention.js';
import { issueBenches, sequencerBenches } from './decoder/issue.js';
import { phaseBench, rootBench } from './decoder/norm-and-phase.js';
import { tablesBench } from './decoder/tables.js';
import { VECTOR_CASES, vectorUnitBench } from './decoder/vector-unit.js';
import { wholeBench } from './decoder/whole.js';
import { WHOLE_CASES } from './decoder/whole-cases.js';
import { ENGINE_CASES, OVERLAP_CASES } from './engine/cases.js';
import { engineBench } from './engine/icarus.js';
import { type EngineCase, linearOf } from './engine/vectors.js';
import { frameBench } from './frame/icarus.js';
import { hexFile } from './hex-file.js';
import { FakeDecoder, FakeEngine, fixtureInfo, stepInfo } from './link/fixture.js';
import { fromHex, goldenStreams, makeGolden, toHex } from './link/golden.js';
import { randomStream } from './link/stream.js';
import {
  ARRAY,
  CODEC,
  CONTROL,
  CRC,
  DECODER,
  DELAY,
  LANE,
  NODES,
  OVERLAP,
  RAM,
  REGION,
  RESULTS,
  SCALE,
  SEQUENCER,
  START,
  TABLES,
  UART,
} from './module-benches.js';
import { SMALL_PART, sdramBench } from './sdram/bench.js';
import { session, smallAccelerator } from './top/session.js';

const path = (file: string): string => join(ROOT, 'test/rtl', file);

/** A stream to sdq_top and the answers that must come back. */
function linkBench(
  folder: string,
  name: string,
  streams: { readonly input: Uint8Array; readonly answer: Uint8Array },
  options: {
    readonly sources: readonly string[];
    readonly seed: number;
    readonly nonce?: number;
    readonly parameters?: string;
  },
): Bench {
  const input = join(folder, `${name.replaceAll(/\W+/g, '-')}.in`);
  writeFileSync(input, toHex(streams.input).replace(/../g, '$&\n'));
  const wanted = toHex(streams.answer);
  const { sources, seed, nonce = 1, parameters } = options;
  return {
    name,
    top: 'link_tb',
    sources: [...sources, path('link/link_tb.v')],
    ...(parameters !== undefined && { defines: { TOP_PARAMETERS: parameters } }),
    plusargs: { in: input, count: streams.input.length, out: 'link.out', seed, nonce: nonce.toString(16) },
    passes: (output, work) =>
      !/unknown|stopped|is outside|does not say so|without busy/.test(output) &&
      lines(work, 'link.out').join('') === wanted,
  };
}

/** Lines of a file that a bench wrote; none if it ended before. */
function lines(folder: string, name: string): string[] {
  if (!existsSync(join(folder, name))) return [];
  return readFileSync(join(folder, name), 'utf8').trim().split('\n');
}

const FIXTURE = ['link/sdq_top.v', 'link/fake_engine.v', 'link/fake_decoder.v'].map(path);

function goldenSession(folder: string): Bench {
  const streams = goldenStreams(makeGolden().session);
  return linkBench(folder, 'golden session', streams, { sources: FIXTURE, seed: 1 });
}

function goldenSteps(folder: string): Bench {
  const streams = goldenStreams(makeGolden().stepSession);
  const parameters = '#(.STEPS(1))';
  return linkBench(folder, 'golden session of steps', streams, { sources: FIXTURE, seed: 1, parameters });
}

/** Random requests, damaged ones and garbage, with an engine that stalls, into a ring of `ring` bytes. */
function randomSession(folder: string, seed: number, frames: number, maxBody: number, ring: number): Bench {
  const nonce = 0x8000_0000 + seed;
  const input = randomStream(uniform(seed), frames, maxBody);
  const answer = new Responder(fixtureInfo(nonce, { maxBody, rxBytes: ring }), new FakeEngine()).receive(input);
  const parameters = `#(.MAX_BODY(${maxBody}),.RX_BYTES(${ring}))`;
  return linkBench(folder, `random session ${seed}`, { input, answer }, { sources: FIXTURE, seed, nonce, parameters });
}

/** The same with a decoder. */
function randomSteps(folder: string, seed: number, frames: number, maxBody: number, ring: number): Bench {
  const nonce = 0x8000_0000 + seed;
  const input = randomStream(uniform(seed), frames, maxBody);
  const answer = new Responder(stepInfo(nonce, { maxBody, rxBytes: ring }), new FakeDecoder()).receive(input);
  const parameters = `#(.STEPS(1),.MAX_BODY(${maxBody}),.RX_BYTES(${ring}))`;
  return linkBench(folder, `random steps ${seed}`, { input, answer }, { sources: FIXTURE, seed, nonce, parameters });
}

function cobs(folder: string, seed: number): Bench {
  const random = uniform(seed);
  const messages = makeGolden()
    .cobs.map(({ decoded }) => fromHex(decoded))
    .filter((message) => message.length > 0);
  for (let i = 0; i < 60; i++) {
    const zeros = random() < 0.5 ? 0 : random() * 0.3;
    const length = 1 + Math.floor(random() * (random() < 0.5 ? 20 : 800));
    messages.push(Uint8Array.from({ length }, () => (random() < zeros ? 0 : 1 + Math.floor(random() * 255))));
  }
  const items = messages.flatMap((message) =>
    Array.from(message, (byte, i) => byte + (i + 1 === message.length ? 256 : 0)),
  );
  const input = join(folder, 'cobs.in');
  hexFile(input, items);
  const encoded = messages.map((message) => `${toHex(cobsEncode(message))}00`).join('');
  const decoded = messages.map((message) => `${toHex(message)}end`).join('');
  return {
    name: 'cobs',
    top: 'cobs_tb',
    sources: [path('link/cobs_tb.v')],
    plusargs: { in: input, count: items.length, encoded: 'encoded', decoded: 'decoded', seed },
    passes: (_, work) => lines(work, 'encoded').join('') === encoded && lines(work, 'decoded').join('') === decoded,
  };
}

/** The generated top level with a small model, from its byte link. */
function top(folder: string): Bench {
  const build = join(folder, 'build');
  const { made, verilog } = smallAccelerator(build);
  const exchanges = session(made, [0, 1, 3]);
  const concatenated = (key: 'request' | 'answer') => Uint8Array.from(exchanges.flatMap((e) => [...e[key]]));
  const generated = verilog.filter((file) => !file.startsWith('rtl/')).map((file) => join(build, file));
  const streams = { input: concatenated('request'), answer: concatenated('answer') };
  return linkBench(folder, 'generated top', streams, { sources: generated, seed: 5 });
}

/**
 * The benches by the module that they test, those that find most first.
 *
 * @param folder where their inputs are written
 */
export function benchesByModule(folder: string): Readonly<Record<string, readonly Bench[]>> {
  mkdirSync(folder, { recursive: true });
  const engineCases = [{ lutInputs: 4, memoryByteBits: 8 } as const, { lutInputs: 6, memoryByteBits: 9 } as const].map(
    (target, t) =>
      ENGINE_CASES.map((engineCase, i) =>
        engineBench(folder, engineCase, target, uniform(20 + i), {
          seed: 20 + i,
          stall: [0, 40, 80][i % 3]!,
          idle: [30, 0][(i + t) % 2]!,
        }),
      ),
  );
  const casesOf = (wanted: (engineCase: EngineCase) => boolean): Bench[] =>
    ENGINE_CASES.flatMap((engineCase, i) => (wanted(engineCase) ? engineCases.map((benches) => benches[i]!) : []));
  // The last case is the shortest.
  const engine = casesOf(() => true).reverse();
  const overlaps = OVERLAP_CASES.map((engineCase, i) =>
    engineBench(folder, engineCase, { lutInputs: 6, memoryByteBits: 9 }, uniform(60 + i), {
      seed: 60 + i,
      stall: [0, 40, 90][i % 3]!,
      idle: 0,
    }),
  ).reverse();
  // The last two are the shortest.
  const tables = casesOf((engineCase) => engineCase.engine === 'table').reverse();
  const shortTables = tables.slice(0, 2);
  const adders = casesOf((engineCase) => engineCase.engine !== 'table').reverse();
  // For modules that have benches of their own.
  const some = casesOf(({ name }) => /^one .* one phase|^tails and gains/.test(name));
  const frame = [
    { values: 2, lanes: 8, linear: linearOf({ rows: 5, cols: 108, block: 64, samples: 160 }) },
    { values: 4, lanes: 8, linear: linearOf({ rows: 5, cols: 35, block: 16, samples: 27 }) },
    { values: 8, lanes: 16, linear: linearOf({ rows: 5, cols: 66, block: 64, samples: 161 }) },
    { values: 2, lanes: 8, linear: linearOf({ rows: 5, cols: 47, block: 8, samples: 8 }) },
    { values: 16, lanes: 8, linear: linearOf({ rows: 5, cols: 65, block: 32, samples: 96 }) },
  ].map((frameCase, i) => frameBench(folder, frameCase, uniform(40 + i)));
  const decoder = VECTOR_CASES.map((vectorCase) => vectorUnitBench(folder, vectorCase));
  const roots = [false, true].flatMap((centered) => [1e-5, 0].map((eps) => rootBench(folder, centered, eps, 21)));
  const phases = [2, 4, 8].map((values) => phaseBench(folder, values, 31));
  const sdram = [
    sdramBench(
      { part: SMALL_PART, clockHz: 100e6, wordBytes: 24, depth: 32 },
      { REFRESH_CYCLES: 120, INIT_PERIODS: 20 },
      { seed: 30, rounds: 2, idle: 0 },
    ),
    sdramBench({ part: SMALL_PART, clockHz: 25e6, wordBytes: 8 }, {}, { seed: 31, rounds: 3, idle: 0 }),
    sdramBench(
      { part: { ...SMALL_PART, casLatency: 3 }, clockHz: 133e6, wordBytes: 96 },
      {},
      { seed: 32, rounds: 2, idle: 80, gap: 60 },
    ),
    sdramBench(
      { part: { ...SMALL_PART, columnWidth: 8 }, clockHz: 50e6, wordBytes: 4, depth: 16 },
      {},
      { seed: 33, rounds: 4, idle: 80 },
    ),
  ];
  const attention = attentionBenches(folder);
  const link = [
    goldenSession(folder),
    randomSession(folder, 21, 120, 24, 64),
    randomSession(folder, 22, 120, 24, 64),
    randomSession(folder, 23, 30, 1024, 4096),
  ];
  const steps = [
    goldenSteps(folder),
    randomSteps(folder, 31, 50, 40, 128),
    randomSteps(folder, 32, 60, 80, 256),
    randomSteps(folder, 33, 25, 1024, 4096),
  ];
  const cobsBench = cobs(folder, 7);
  const whole = [top(folder)];
  const tableLoads = [llamaConfig(), optConfig()].map((config) => tablesBench(folder, config));
  const wholes = WHOLE_CASES.map((one) => wholeBench(folder, one, 11));
  // Vectors that the decoder cuts; the shortest of them.
  const cut = wholes.slice(2, 3);

  return {
    sdq_accumulator: [...SCALE, ...some],
    sdq_accumulator_memory: [...SCALE, ...overlaps],
    sdq_activity_led: START,
    sdq_adder_engine: adders,
    sdq_adder_node: [...NODES, ...ARRAY],
    sdq_array_engine: engine,
    sdq_attention: attention,
    sdq_base3_decode: CODEC,
    sdq_base3_encode: CODEC,
    sdq_best: DECODER.logits,
    sdq_block_scale: [...SCALE, ...some],
    sdq_block_total: [...SCALE, ...some],
    sdq_boot_nonce: START,
    sdq_cache_walk: attention,
    sdq_cobs_decode: [cobsBench, ...link],
    sdq_cobs_encode: [cobsBench, ...link],
    sdq_command: [...link, ...steps],
    sdq_core: whole,
    sdq_crc32: [...CRC, ...link],
    sdq_decoder_control: DECODER.steps,
    sdq_decoder_memories: DECODER.memories,
    sdq_decoder_sequencer: sequencerBenches(folder),
    sdq_delay: DELAY,
    sdq_dot_unit: attention,
    sdq_engine: [...engine, ...overlaps, ...cut],
    sdq_engine_memories: [...engine.slice(0, 2), ...whole, ...engine.slice(2), ...cut],
    sdq_exp2: attention,
    sdq_frame_peak: frame,
    sdq_frame_round: frame,
    sdq_frame_rx: link,
    sdq_frame_signs: frame,
    sdq_frame_tx: link,
    sdq_frame_unit: frame,
    sdq_frame_walk: frame,
    sdq_frame_memory: DECODER.frame,
    sdq_host_link: [...link, ...steps],
    sdq_issue: issueBenches(folder),
    sdq_decoder: [...cut, ...wholes.filter((bench) => !cut.includes(bench))],
    sdq_table_loader: tableLoads,
    sdq_logit_stream: DECODER.logits,
    sdq_lookup: CODEC,
    sdq_mac_array: [...ARRAY, ...some],
    sdq_operand_hold: DECODER.memories,
    sdq_mantissa_store: attention,
    sdq_matrix_walk: attention,
    sdq_mix_unit: attention,
    sdq_operands: [...engine, ...cut],
    sdq_phase: [...phases, ...decoder],
    sdq_product: [...LANE, ...decoder],
    sdq_ram_1r1w: RAM,
    sdq_region_memory: REGION,
    sdq_reset: START,
    sdq_response: link,
    sdq_result_reader: [...RESULTS, ...some],
    sdq_result_words: decoder,
    sdq_results: [...overlaps, ...engine],
    sdq_run_queue: DECODER.runs,
    sdq_root: [...roots, ...decoder],
    sdq_round_shift: [...LANE, ...attention, ...decoder],
    sdq_run_control: [...CONTROL, ...some],
    sdq_run_overlap: [...OVERLAP, ...overlaps],
    sdq_scale_phases: [...SCALE, ...shortTables],
    sdq_scale_unit: [...SCALE, ...some],
    sdq_sdram: sdram,
    sdq_sdram_weights: sdram,
    sdq_sequencer: [...SEQUENCER, ...some],
    sdq_sigmoid: decoder,
    sdq_share: attention,
    sdq_spram: REGION.filter(({ parameters }) => parameters?.SINGLE_PORT === 1),
    sdq_step_request: steps,
    sdq_step_response: steps,
    sdq_symbol_pack: CODEC,
    sdq_symbol_unpack: CODEC,
    sdq_table_array: [...TABLES, ...shortTables],
    sdq_table_engine: tables,
    sdq_table_ram: [...TABLES, ...shortTables],
    sdq_table_scale: tables,
    sdq_table_sequencer: tables,
    sdq_table_writer: [...TABLES, ...shortTables],
    sdq_term: [...NODES, ...ARRAY],
    sdq_uart_rx: UART,
    sdq_uart_tx: UART,
    sdq_vector_cut: decoder,
    sdq_vector_lane: [...LANE, ...decoder],
    sdq_vector_moments: decoder,
    sdq_vector_operand: decoder,
    sdq_vector_peaks: decoder,
    sdq_vector_unit: decoder,
    sdq_vector_walk: decoder,
    sdq_walsh_step: frame,
    sdq_vector_ram: DECODER.memories,
    sdq_weight_stream: sdram,
    sdq_weight_symbols: ARRAY,
    sdq_wide_product: attention,
  };
}

/** Modules that no simulation here can test, and why. */
export const UNTESTABLE: Readonly<Record<string, string>> = {
  sdq_sdram_pins_ecp5: 'primitives of the vendor for pins, of which there is a model without behaviour',
  sdq_pll_ecp5: 'a wrapper of a primitive of the vendor, of which there is a model without behaviour',
  sdq_pll_ice40: 'a wrapper of a primitive of the vendor, of which there is a model without behaviour',
};
