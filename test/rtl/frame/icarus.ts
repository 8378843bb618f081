/** Random vectors for frame_tb.v, with what the golden model makes of them, and how it is run in Icarus Verilog. */

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanLinear } from '../../../generator/plan/types.js';
import { drawSigns } from '../../../generator/quantize/signs.js';
import { frameFields, frameGeometry, frameParameters, frameTiming } from '../../../generator/sizing/framing.js';
import { indexWidth, log2Exact } from '../../../generator/sizing/integers.js';
import { blockSlotWords } from '../../../generator/sizing/memory.js';
import { Framer } from '../../../sim/golden/frame.js';
import { type Bench, ROOT } from '../bench.js';
import { signMemory } from '../engine/icarus.js';
import { hexFile } from '../hex-file.js';

/** The Verilog of the frame unit. */
export function frameVerilog(): string[] {
  const frame = readdirSync(join(ROOT, 'rtl/frame')).map((file) => join(ROOT, 'rtl/frame', file));
  return [...frame, ...['sdq_ram_1r1w.v', 'sdq_delay.v'].map((file) => join(ROOT, 'rtl/memory', file))];
}

export interface FrameCase {
  readonly linear: PlanLinear;
  readonly lanes: number;
  /** Numbers per cycle. */
  readonly values: number;
}

/** Vectors with what is hard for a framing: zeros, limits, single columns, peaks that are powers of two. */
export function frameVectors(cols: number, random: () => number): Int32Array[] {
  const of = (value: (i: number) => number): Int32Array => Int32Array.from({ length: cols }, (_, i) => value(i));
  const at = Math.floor(random() * cols);
  const most = 2 ** 31 - 1;
  return [
    of(() => 0),
    of(() => most),
    of(() => (random() < 0.5 ? -most : most)),
    of((i) => (i === at ? -128 : 0)),
    of((i) => (i === at ? -32767 : 0)),
    of((i) => (i === at ? -16384 : 0)),
    of(() => Math.floor(random() * 3) - 1),
    of(() => Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 31))),
    of(() => Math.round((random() + random() - 1) * 2 ** 20)),
  ];
}

/** Parameters of sdq_frame_unit for a case. */
export function frameCaseParameters({ linear, lanes, values }: FrameCase): Record<string, number> {
  const unit = frameGeometry([linear], { lanes, rows: 5 }, values);
  const slot = blockSlotWords([linear], { lanes });
  const blocks = Math.ceil(linear.cols / linear.block);
  return {
    LANES: lanes,
    LANE_WIDTH: log2Exact(lanes),
    SLOT_WORDS: slot,
    ACTIVATION_ADDR_WIDTH: indexWidth(blocks * slot),
    BLOCK_ADDR_WIDTH: indexWidth(blocks),
    ...frameParameters(unit),
    FRAME_WIDTH: frameFields(unit, lanes).reduce((sum, { width }) => sum + width, 0),
  };
}

/** The bench that lets a case frame vectors; its inputs are written to a folder. */
export function frameBench(directory: string, frameCase: FrameCase, random: () => number): Bench {
  const { linear, lanes, values } = frameCase;
  const unit = frameGeometry([linear], { lanes, rows: 5 }, values);
  const shape = unit.shapes[0]!;
  const signs = drawSigns(Math.floor(random() * 2 ** 31), linear.gainShifts.length, linear.block);
  const framer = new Framer(shape, { signs }, null);
  const vectors = frameVectors(linear.cols, random).map((x) => framer.frame(x));
  const slot = blockSlotWords([linear], { lanes });
  const timing = frameTiming(shape, unit, lanes);
  const blocks = Math.ceil(linear.cols / linear.block);

  const wanted = vectors.map(({ samples, stride }) => {
    const lines: bigint[] = [];
    let cycle = 0;
    for (let b = 0; b < blocks; b++) {
      const count = b === blocks - 1 ? shape.tailSamples : shape.samples;
      for (let word = 0; word * lanes < count; word++) {
        cycle = Math.max(cycle, timing.ready(b, word));
        let line = (BigInt(cycle) << 16n) | BigInt(b * slot + word);
        let mask = 0n;
        let data = 0n;
        for (let lane = 0; lane < lanes && word * lanes + lane < count; lane++) {
          mask |= 1n << BigInt(lane);
          data |= BigInt(samples[b * stride + word * lanes + lane]! & 0xff) << BigInt(8 * lane);
        }
        line = (((line << BigInt(lanes)) | mask) << BigInt(8 * lanes)) | data;
        lines.push(line);
      }
    }
    return lines;
  });
  const parameters: Record<string, number> = {
    ...frameCaseParameters(frameCase),
    RUNS: vectors.length,
    BLOCKS: blocks,
    HAS_TAIL: linear.cols % linear.block > 0 ? 1 : 0,
    WANTED: wanted[0]!.length,
  };
  const name = join(directory, `${values}-${lanes}-${linear.block}-${linear.cols}-${linear.samples}`);
  const write = (suffix: string, words: readonly (bigint | number)[]): void => hexFile(`${name}.${suffix}`, words);
  write('wanted', wanted.flat());
  write(
    'vector',
    vectors.flatMap(({ mantissas }) => packed(mantissas, values)),
  );
  write(
    'header',
    vectors.flatMap(({ mantissaExponents }) => Array.from(mantissaExponents, (e) => e & 0xff)),
  );
  write(
    'exponents',
    vectors.flatMap(({ exponents }) => Array.from(exponents, (e) => e & 0xff)),
  );
  write('signs', signMemory(signs, unit));
  let frame = 0n;
  let at = 0n;
  for (const field of frameFields(unit, lanes)) {
    frame |= BigInt(field.value(0)) << at;
    at += BigInt(field.width);
  }
  write('frames', [frame]);
  return {
    name: `frame_tb, ${values} values, ${lanes} lanes, blocks of ${linear.block}, ${linear.cols} columns, ${linear.samples} samples`,
    top: 'frame_tb',
    sources: [join(ROOT, 'test/rtl/frame/frame_tb.v')],
    parameters,
    plusargs: { name },
  };
}

/** Compiles a case and lets it frame vectors. @returns what the bench printed */
export function runFrame(
  directory: string,
  frameCase: FrameCase,
  random: () => number,
  verilog = frameVerilog(),
): string {
  const { top, sources, parameters, plusargs } = frameBench(directory, frameCase, random);
  const program = `${plusargs?.name}.vvp`;
  execFileSync('iverilog', [
    ...['-g2005', '-Wall', '-s', top, '-o', program],
    ...Object.entries(parameters ?? {}).map(([key, value]) => `-P${top}.${key}=${value}`),
    ...verilog,
    ...sources,
  ]);
  return execFileSync('vvp', [program, `+name=${plusargs?.name}`]).toString();
}

/** Words of `values` numbers of 16 bits. */
function packed(mantissas: Int16Array, values: number): bigint[] {
  return Array.from({ length: mantissas.length / values }, (_, word) =>
    Array.from(mantissas.subarray(word * values, (word + 1) * values)).reduceRight(
      (all, mantissa) => (all << 16n) | BigInt(mantissa & 0xffff),
      0n,
    ),
  );
}
