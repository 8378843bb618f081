/** Random work for an engine, with what it must answer by the definition in docs/numerics.md, in exact integers. */

import type { PlanLinear } from '../../../generator/plan/types.js';
import { linearCycles } from '../../../generator/sizing/cycles.js';
import { type EngineGeometry, engineGeometry } from '../../../generator/sizing/geometry.js';
import { blockSlotWords, memoryMap } from '../../../generator/sizing/memory.js';
import { tileLinear } from '../../../generator/sizing/tile.js';

export interface EngineCase {
  readonly name: string;
  readonly linears: readonly PlanLinear[];
  readonly lanes: number;
  readonly rows: number;
  /** The adder engine, if absent. */
  readonly engine?: 'table';
  /** Rows scaled at once, if not what sizing chooses. */
  readonly units?: number;
  /** All numbers at their limits. */
  readonly extremes?: boolean;
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

export function caseGeometry({ linears, lanes, rows, engine, units }: EngineCase): EngineGeometry {
  const array = { lanes, rows, ...(engine && { engine }) };
  return engineGeometry({ linears, array, memory: memoryMap(linears, array) }, null, units);
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

/** Operations for engine_tb.v. */
export function engineOperations(engineCase: EngineCase, random: () => number): bigint[] {
  const { linears, lanes } = engineCase;
  const geometry = caseGeometry(engineCase);
  const plan = { linears, array: geometry.array, memory: geometry.memory };
  const ops: bigint[] = [];
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const emit = (kind: keyof typeof OP, payload: bigint): void => {
    ops.push((OP[kind] << 60n) | payload);
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

  const slot = blockSlotWords(linears, geometry.array) * lanes;
  for (let run = 0; run < 2; run++) {
    linears.forEach((linear, index) => {
      const blocks = blocksByDefinition(linear);
      const sample = (): number => (engineCase.extremes === true ? pick([-128, 127, 127]) : below(256) - 128);
      const samples = blocks.map(() => Int8Array.from({ length: slot }, sample));
      for (const [b, block] of samples.entries()) {
        for (const [j, value] of block.entries()) write(plan.memory.activations.base + b * slot + j, value);
      }
      const sums = blocks.map(({ samples: count }, b) =>
        linear.frame === 'fourier' ? samples[b]!.subarray(0, count).reduce((sum, value) => sum + value, 0) : 0,
      );
      const { values, exponents, shift } = computeLinear(
        linear,
        quantized[index]!,
        samples,
        sums,
        geometry,
        random,
        run * linears.length + index,
      );
      blocks.forEach((_, b) => {
        const word = plan.memory.blocks.base + 4 * b;
        for (let k = 0; k < 3; k++) write(word + k, sums[b]! >> (8 * k));
        write(word + 3, exponents[b]!);
      });
      emit('run', (BigInt(index) << 8n) | BigInt(shift & 0xff));
      emit('rows', BigInt(linear.rows));
      emit('cycles', BigInt(linearCycles(linear, geometry)));
      values.forEach((value, r) => {
        const last = r === values.length - 1 ? 1n << 32n : 0n;
        emit('result', last | BigInt.asUintN(32, value));
      });
    });
  }
  ops.push(0n);
  return ops;
}

/** The linear by its definition, with exponents drawn so that the accumulators hold their sums. */
function computeLinear(
  linear: PlanLinear,
  weights: { readonly symbols: Int8Array; readonly scales: Uint8Array; readonly means: Int8Array | null },
  samples: readonly Int8Array[],
  sums: readonly number[],
  geometry: EngineGeometry,
  random: () => number,
  run: number,
): { values: bigint[]; exponents: number[]; shift: number } {
  const blocks = blocksByDefinition(linear);
  const perRow = blocks.reduce((sum, block) => sum + block.samples, 0);
  const most = Math.max(...linear.gainShifts);
  const totals: bigint[][] = [];
  for (let r = 0; r < linear.rows; r++) {
    let offset = 0;
    totals.push(
      blocks.map(({ samples: count, size }, b) => {
        let total = 0;
        for (let j = 0; j < count; j++) {
          const gain = size < 32 ? 0 : linear.gainShifts[Math.floor(j / size)]!;
          total += weights.symbols[r * perRow + offset + j]! * samples[b]![j]! * 2 ** (most - gain);
        }
        offset += count;
        const at = r * blocks.length + b;
        return BigInt(weights.scales[at]! * total + (weights.means?.[at] ?? 0) * sums[b]!);
      }),
    );
  }
  const largest = magnitude(totals.flat());
  const room = geometry.widths.accumulator - 2 - (largest * BigInt(blocks.length)).toString(2).length;
  const highest = Math.min(17, room);
  const pool = [-40, highest, 0, -1, -8, -7].filter((exponent) => exponent <= highest);
  const exponents = blocks.map(() => {
    if (random() < 0.4) return pool[Math.floor(random() * pool.length)]!;
    return highest - Math.floor(random() * Math.min(20, highest + 41));
  });
  const accumulators = totals.map((row) =>
    row.reduce((sum, total, b) => sum + shiftRounded(total, -exponents[b]!), 0n),
  );
  const bits = magnitude(accumulators).toString(2).length;
  // The first run of a case saturates, the second just does not; then the limits.
  const shifts = [-16, bits - 31, 63, bits - 30, 0, 1, bits - 8, bits - 20].map((s) => Math.max(-16, Math.min(63, s)));
  const shift = shifts[run % shifts.length]!;
  return { values: accumulators.map((a) => saturate(shiftRounded(a, shift))), exponents, shift };
}
