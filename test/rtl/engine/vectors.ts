/** Random work for an engine, with what it must answer by the definition in docs/numerics.md, in exact integers. */

import type { PlanLinear } from '../../../generator/plan/types.js';
import { drawSigns } from '../../../generator/quantize/signs.js';
import { scaleUnits } from '../../../generator/sizing/array.js';
import { framingCycles, linearCycles, occupiedCycles } from '../../../generator/sizing/cycles.js';
import { readsSameVector } from '../../../generator/sizing/framing.js';
import {
  type EngineGeometry,
  type EngineTarget,
  engineGeometry,
  engineParameters,
  resultParameters,
} from '../../../generator/sizing/geometry.js';
import { blockSlotWords, memoryMap } from '../../../generator/sizing/memory.js';
import { scheduleParameters } from '../../../generator/sizing/schedule.js';
import { tileLinear } from '../../../generator/sizing/tile.js';
import { Framer, frameShape } from '../../../sim/golden/frame.js';

export interface EngineCase {
  readonly name: string;
  readonly linears: readonly PlanLinear[];
  readonly lanes: number;
  readonly rows: number;
  /** The adder engine, if absent. */
  readonly engine?: 'table';
  /** Numbers per cycle of the frame unit; the host frames, if absent. */
  readonly frame?: number;
  /** Rows scaled at once, if not what sizing chooses. */
  readonly units?: number;
  /** All numbers at their limits. */
  readonly extremes?: boolean;
  /** Vectors of as many columns stay in memory for linears that want them framed in another way. */
  readonly reframes?: boolean;
  /** Two banks of accumulators, and so many results at a time; else one bank and one result. */
  readonly overlaps?: number;
}

/** What is played to engine_tb.v, and what it wants to see. */
export interface EngineWork {
  readonly operations: readonly bigint[];
  readonly answers: readonly bigint[];
  readonly runs: readonly EngineRun[];
}

export interface EngineRun {
  /** From the request until the next can be taken, with two banks. */
  readonly occupied: number;
  /** From the request to the first result, if this need not wait for those of the run before. */
  readonly cycles: number;
  /** The run before is the operation before. */
  readonly follows: boolean;
}

/** A linear with the fields that matter to the engine. */
export function linearOf(
  fields: Pick<PlanLinear, 'rows' | 'cols' | 'block' | 'samples'> & Partial<PlanLinear>,
): PlanLinear {
  const { cols, block, samples } = fields;
  const rest = cols % block;
  let size = 1;
  while (size < rest) size *= 2;
  const hadamard = fields.frame !== 'fourier';
  return {
    name: 'layers.0.fc1',
    layer: 0,
    role: 'fc1',
    osr: samples / block,
    tail: hadamard && rest > 0 ? { cols: rest, size, samples: Math.ceil((samples * rest) / block) } : null,
    alphabet: 'ternary',
    frame: 'hadamard',
    signSeed: 1,
    packing: fields.alphabet === 'binary' ? 'bits' : 'base3',
    gainShifts: new Array<number>(Math.ceil(samples / block)).fill(0),
    ...fields,
  };
}

export function caseGeometry({ linears, lanes, rows, engine, frame, units, overlaps }: EngineCase): EngineGeometry {
  const array = { lanes, rows, ...(engine && { engine }), ...(frame && { frame }) };
  const geometry = { linears, array, memory: memoryMap(linears, array) };
  return engineGeometry(geometry, null, units ?? scaleUnits(linears, array, overlaps));
}

/** All parameters of the engine of a case. */
export function caseParameters(engineCase: EngineCase, target: EngineTarget): Record<string, number> {
  const geometry = caseGeometry(engineCase);
  const { overlaps } = engineCase;
  return {
    ...engineParameters(geometry, target),
    ...scheduleParameters(geometry),
    ...(overlaps !== undefined && resultParameters(geometry, { banks: 2, results: overlaps })),
  };
}

/** A block as the definition has it, worked out here without the compiler's helpers. */
interface Block {
  readonly samples: number;
  readonly size: number;
}

function blocksByDefinition(linear: PlanLinear): Block[] {
  const blocks: Block[] = [];
  for (let col = 0; col < linear.cols; col += linear.block) {
    const isTail = linear.cols - col < linear.block && linear.tail !== null;
    blocks.push(
      isTail
        ? { samples: linear.tail!.samples, size: linear.tail!.size }
        : { samples: linear.samples, size: linear.block },
    );
  }
  return blocks;
}

function shiftRounded(value: bigint, shift: number): bigint {
  if (shift <= 0) return value << BigInt(-shift);
  return (value + (1n << BigInt(shift - 1))) >> BigInt(shift);
}

/** Largest magnitude, at least 1. */
const magnitude = (values: readonly bigint[]): bigint =>
  values.reduce((most, value) => {
    const size = value < 0n ? -value : value;
    return size > most ? size : most;
  }, 1n);

const saturate = (value: bigint): bigint => {
  const most = 2n ** 31n - 1n;
  return value > most ? most : value < -most - 1n ? -most - 1n : value;
};

const OP = { write: 1n, read: 2n, run: 3n, result: 4n, rows: 5n, cycles: 6n } as const;

/** Work for engine_tb.v. */
export function engineWork(engineCase: EngineCase, random: () => number): EngineWork {
  const { linears } = engineCase;
  const geometry = caseGeometry(engineCase);
  const plan = { linears, array: geometry.array, memory: geometry.memory };
  const operations: bigint[] = [];
  const answers: bigint[] = [];
  const runs: EngineRun[] = [];
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const emit = (kind: keyof typeof OP, payload: bigint): void => {
    const list = OP[kind] <= OP.run ? operations : answers;
    list.push((OP[kind] << 60n) | payload);
  };
  const write = (address: number, byte: number): void => emit('write', (BigInt(address) << 8n) | BigInt(byte & 0xff));
  const read = (address: number, byte: number): void => emit('read', (BigInt(address) << 8n) | BigInt(byte & 0xff));

  // Weights and scales of all linears; padding bytes get garbage, which must read as 0.
  const quantized = linears.map((linear) => {
    const blocks = blocksByDefinition(linear);
    const perRow = blocks.reduce((sum, block) => sum + block.samples, 0);
    const values = linear.alphabet === 'ternary' ? [-1, 0, 1] : [-1, 1];
    const same = pick(values);
    const symbol = (): number => (engineCase.extremes === true ? same : pick(values));
    const scale = (): number => (engineCase.extremes === true ? 255 : below(256));
    const mean = (): number => (engineCase.extremes === true ? pick([-127, 127]) : below(255) - 127);
    const count = linear.rows * blocks.length;
    return {
      symbols: Int8Array.from({ length: linear.rows * perRow }, symbol),
      scales: Uint8Array.from({ length: count }, scale),
      means: linear.frame === 'fourier' ? Int8Array.from({ length: count }, mean) : null,
      exponent: 0,
    };
  });
  const images = quantized.flatMap((weights, index) =>
    tileLinear(plan, index, weights).map((image, kind) => ({ ...image, region: kind === 0 ? 'weights' : 'scales' })),
  );
  for (const { address, bytes, region } of images) {
    const { stride, wordBytes } = plan.memory[region as 'weights' | 'scales'];
    for (const [i, byte] of bytes.entries()) write(address + i, i % stride < wordBytes ? byte : below(256));
  }
  for (const { address, bytes } of images) {
    for (let i = 0; i < 40; i++) {
      const at = below(bytes.length);
      read(address + at, bytes[at]!);
    }
  }

  const io = { write, below, pick };
  for (let round = 0; round < 2; round++) {
    let vector: EngineVector | null = null;
    linears.forEach((linear, index) => {
      // A vector that several linears read is written once; where a case asks for it, one of the same columns stays.
      const shared = readsSameVector(linear, linears[index - 1]);
      const stays = engineCase.reframes === true && round === 1 && linear.cols === linears[index - 1]?.cols;
      const readers = linears.filter((other) => readsSameVector(linear, other));
      if (shared || stays) vector = frameAgain(engineCase, readers, vector!);
      else vector = writeVector(engineCase, geometry, quantized, readers, random, io);
      const { values, shift } = finish(linear, quantized[index]!, vector, round * linears.length + index);
      for (const frames of shared ? [false] : [true, false]) {
        const cycles = frames ? framingCycles(linears, index, geometry) : linearCycles(linear, geometry);
        const occupied = occupiedCycles(cycles, geometry, frames ? index : null);
        runs.push({ cycles, occupied, follows: operations.at(-1)! >> 60n === OP.run });
        emit('run', (BigInt(index) << 8n) | BigInt(shift & 0xff));
        emit('rows', BigInt(linear.rows));
        emit('cycles', BigInt(cycles));
        values.forEach((value, r) => {
          const last = r === values.length - 1 ? 1n << 32n : 0n;
          emit('result', last | BigInt.asUintN(32, value));
        });
      }
    });
  }
  operations.push(0n);
  answers.push(0n);
  return { operations, answers, runs };
}

/** What is in the memories that a run reads its vector from. */
interface EngineVector {
  /** Samples of each block, as the array takes them. */
  readonly samples: readonly Int8Array[];
  readonly sums: readonly number[];
  readonly exponents: readonly number[];
  /** What they are framed from; empty if the host frames. */
  readonly mantissas: Int32Array;
  readonly headers: readonly number[];
}

type Quantized = { readonly symbols: Int8Array; readonly scales: Uint8Array; readonly means: Int8Array | null };

interface VectorIo {
  readonly write: (address: number, byte: number) => void;
  readonly below: (n: number) => number;
  readonly pick: <T>(values: readonly T[]) => T;
}

/** Draws a vector for the linears that read it, with exponents for which their accumulators hold their sums. */
function writeVector(
  engineCase: EngineCase,
  geometry: EngineGeometry,
  quantized: readonly Quantized[],
  readers: readonly PlanLinear[],
  random: () => number,
  io: VectorIo,
): EngineVector {
  const { memory } = geometry;
  const linear = readers[0]!;
  const blocks = blocksByDefinition(linear);
  const vector =
    engineCase.frame !== undefined
      ? frameMantissas(engineCase, readers, drawMantissas(engineCase, linear, io))
      : drawSamples(engineCase, geometry, linear, io);
  const highest = Math.min(
    ...readers.map((reader) => {
      const totals = totalsOf(reader, quantized[engineCase.linears.indexOf(reader)]!, vector).flat();
      const bits = (magnitude(totals) * BigInt(blocks.length)).toString(2).length;
      return Math.min(17, geometry.widths.accumulator - 2 - bits - (engineCase.reframes === true ? 4 : 0));
    }),
  );
  const pool = [-40, highest, 0, -1, -8, -7].filter((exponent) => exponent <= highest);
  const exponents = blocks.map(() => {
    if (random() < 0.4) return io.pick(pool);
    return highest - io.below(Math.min(20, highest + 41));
  });
  const headers = exponents.map((exponent, b) => exponent - vector.exponents[b]!);
  for (const [i, mantissa] of vector.mantissas.entries()) {
    for (let k = 0; k < 2; k++) io.write(memory.activations.base + 2 * i + k, mantissa >> (8 * k));
  }
  blocks.forEach((_, b) => {
    const word = memory.blocks.base + 4 * b;
    for (let k = 0; k < 3; k++) io.write(word + k, vector.sums[b]! >> (8 * k));
    io.write(word + 3, headers[b]!);
  });
  return { ...vector, exponents, headers };
}

/** Mantissas of all blocks; at the limits, every sample of a block is, or every mantissa. */
function drawMantissas(engineCase: EngineCase, linear: PlanLinear, { below, pick }: VectorIo): Int32Array {
  const { cols, block } = linear;
  const mantissas = new Int32Array(Math.ceil(cols / block) * block);
  const extreme = pick(['samples', 'mantissas']);
  for (let i = 0; i < cols; i++) {
    if (engineCase.extremes !== true) mantissas[i] = below(65535) - 32767;
    else if (extreme === 'mantissas') mantissas[i] = pick([-32767, 32767]);
    else mantissas[i] = i % block === 0 ? pick([-127, 127]) : 0;
  }
  return mantissas;
}

/** The vector as the golden model frames it, for headers of 0. */
function frameMantissas(engineCase: EngineCase, readers: readonly PlanLinear[], mantissas: Int32Array): EngineVector {
  const shape = frameShape(readers);
  const framed = new Framer(shape, { signs: engineSigns(engineCase) }, null).frame(mantissas);
  const blocks = blocksByDefinition(readers[0]!);
  return {
    samples: blocks.map((_, b) => framed.samples.subarray(b * framed.stride, (b + 1) * framed.stride)),
    sums: blocks.map(() => 0),
    exponents: [...framed.exponents],
    mantissas,
    headers: blocks.map(() => 0),
  };
}

/** The same mantissas and headers for other readers. */
function frameAgain(engineCase: EngineCase, readers: readonly PlanLinear[], vector: EngineVector): EngineVector {
  if (engineCase.frame === undefined) return vector;
  const framed = frameMantissas(engineCase, readers, vector.mantissas);
  const exponents = framed.exponents.map((exponent, b) => exponent + vector.headers[b]!);
  return { ...framed, exponents, headers: vector.headers };
}

/** Samples that the host writes, those that no lane uses among them. */
function drawSamples(
  engineCase: EngineCase,
  { array, memory }: EngineGeometry,
  linear: PlanLinear,
  { write, below, pick }: VectorIo,
): EngineVector {
  const blocks = blocksByDefinition(linear);
  const slot = blockSlotWords(engineCase.linears, array) * array.lanes;
  const sample = (): number => (engineCase.extremes === true ? pick([-128, 127, 127]) : below(256) - 128);
  const samples = blocks.map(() => Int8Array.from({ length: slot }, sample));
  for (const [b, block] of samples.entries()) {
    for (const [j, value] of block.entries()) write(memory.activations.base + b * slot + j, value);
  }
  return {
    samples,
    sums: blocks.map(({ samples: count }, b) =>
      linear.frame === 'fourier' ? samples[b]!.subarray(0, count).reduce((sum, value) => sum + value, 0) : 0,
    ),
    exponents: blocks.map(() => 0),
    mantissas: new Int32Array(0),
    headers: [],
  };
}

/** Sign patterns of a case's plan. */
export function engineSigns({ linears }: EngineCase): string[] {
  return drawSigns(11, Math.max(...linears.map((linear) => linear.gainShifts.length)), linears[0]!.block);
}

/** T of each row and block by its definition. */
function totalsOf(linear: PlanLinear, weights: Quantized, { samples, sums }: EngineVector): bigint[][] {
  const blocks = blocksByDefinition(linear);
  const perRow = blocks.reduce((sum, block) => sum + block.samples, 0);
  const most = Math.max(...linear.gainShifts);
  return Array.from({ length: linear.rows }, (_, r) => {
    let offset = 0;
    return blocks.map(({ samples: count, size }, b) => {
      let total = 0;
      for (let j = 0; j < count; j++) {
        const gain = size < 32 ? 0 : linear.gainShifts[Math.floor(j / size)]!;
        total += weights.symbols[r * perRow + offset + j]! * samples[b]![j]! * 2 ** (most - gain);
      }
      offset += count;
      const at = r * blocks.length + b;
      return BigInt(weights.scales[at]! * total + (weights.means?.[at] ?? 0) * sums[b]!);
    });
  });
}

/** Accumulators and results, with a shift by which they saturate, or do not. */
function finish(
  linear: PlanLinear,
  weights: Quantized,
  vector: EngineVector,
  run: number,
): { values: bigint[]; shift: number } {
  const accumulators = totalsOf(linear, weights, vector).map((row) =>
    row.reduce((sum, total, b) => sum + shiftRounded(total, -vector.exponents[b]!), 0n),
  );
  const bits = magnitude(accumulators).toString(2).length;
  // The first run of a case saturates, the second just does not; then the limits.
  const shifts = [-16, bits - 31, 63, bits - 30, 0, 1, bits - 8, bits - 20].map((s) => Math.max(-16, Math.min(63, s)));
  const shift = shifts[run % shifts.length]!;
  return { values: accumulators.map((a) => saturate(shiftRounded(a, shift))), shift };
}
