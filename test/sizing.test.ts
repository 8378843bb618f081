import { describe, expect, it } from 'vitest';
import { blocksOf, segmentShifts, symbolsPerRow } from '../generator/plan/blocks.js';
import type { PlanArray, PlanLinear } from '../generator/plan/types.js';
import { LEAST_UTILISATION, scaleUnits, sizeArray, utilisation } from '../generator/sizing/array.js';
import { engineUtilisation, linearCycles, runCycles, tokenCycles } from '../generator/sizing/cycles.js';
import { estimate } from '../generator/sizing/estimate.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import {
  bitLength,
  ceilDiv,
  countWidth,
  indexWidth,
  isPowerOfTwo,
  log2Exact,
  nextPowerOfTwo,
  powerOfTwo,
  roundUpTo,
  signedWidth,
} from '../generator/sizing/integers.js';
import { checkMemory, memoryMap, REGION_BYTES } from '../generator/sizing/memory.js';
import { scheduleFields, scheduleOf, scheduleWord } from '../generator/sizing/schedule.js';
import { tableSpans } from '../generator/sizing/table.js';
import { tileLinear, tileScales, tileWeights } from '../generator/sizing/tile.js';
import { linearOf } from './rtl/engine/vectors.js';
import { uniform } from './support/random.js';

describe('integers', () => {
  it('are exact around all powers of two up to 2^53', () => {
    for (let k = 1; k <= 53; k++) {
      const power = 2 ** k;
      expect(bitLength(power)).toBe(k + 1);
      expect(bitLength(power - 1)).toBe(k);
      expect(nextPowerOfTwo(power)).toBe(power);
      expect(log2Exact(power)).toBe(k);
      expect(powerOfTwo(k)).toBe(power);
      expect(isPowerOfTwo(power)).toBe(true);
      expect(indexWidth(power)).toBe(k);
      expect(countWidth(power)).toBe(k + 1);
      expect(signedWidth(power - 1)).toBe(k + 1);
      if (k >= 2) expect(isPowerOfTwo(power - 1)).toBe(false);
      if (k < 53) {
        expect(nextPowerOfTwo(power + 1)).toBe(2 * power);
        expect(indexWidth(power + 1)).toBe(k + 1);
      }
    }
  });

  it('give widths of at least one bit', () => {
    expect([indexWidth(1), countWidth(0), bitLength(0)]).toEqual([1, 1, 0]);
  });

  it('divide large numbers without rounding', () => {
    const most = Number.MAX_SAFE_INTEGER;
    for (const b of [1, 2, 3, 7, 1_000_003, most - 1, most]) {
      expect(BigInt(ceilDiv(most, b))).toBe((BigInt(most) + BigInt(b) - 1n) / BigInt(b));
    }
    expect(roundUpTo(13, 5)).toBe(15);
    expect(roundUpTo(15, 5)).toBe(15);
  });

  it('refuse what is not an integer in range', () => {
    expect(() => bitLength(-1)).toThrow(RangeError);
    expect(() => bitLength(0.5)).toThrow(RangeError);
    expect(() => bitLength(2 ** 54)).toThrow(RangeError);
    expect(() => indexWidth(0)).toThrow(RangeError);
    expect(() => ceilDiv(1, 0)).toThrow(RangeError);
    expect(() => log2Exact(6)).toThrow(RangeError);
    expect(() => powerOfTwo(54)).toThrow(RangeError);
  });
});

/** The linears of one layer of a LLaMA. */
function llamaLayer(dim: number, hidden: number, kv: number, block: number, osr: number): PlanLinear[] {
  const shapes: [PlanLinear['role'], number, number][] = [
    ['self_attn.q_proj', dim, dim],
    ['self_attn.k_proj', kv, dim],
    ['self_attn.v_proj', kv, dim],
    ['self_attn.o_proj', dim, dim],
    ['mlp.gate_proj', hidden, dim],
    ['mlp.up_proj', hidden, dim],
    ['mlp.down_proj', dim, hidden],
  ];
  return shapes.map(([role, rows, cols]) =>
    linearOf({ rows, cols, block, samples: block * osr, role, name: `layers.0.${role}` }),
  );
}

describe('blocks', () => {
  const linear = linearOf({ rows: 4, cols: 172, block: 64, samples: 160, gainShifts: [0, 1, 2] });

  it('are full ones, then the tail', () => {
    expect(blocksOf(linear)).toEqual([
      { start: 0, cols: 64, size: 64, samples: 160, symbolOffset: 0 },
      { start: 64, cols: 64, size: 64, samples: 160, symbolOffset: 160 },
      { start: 128, cols: 44, size: 64, samples: 110, symbolOffset: 320 },
    ]);
    expect(symbolsPerRow(linear)).toBe(430);
  });

  it('are padded in mode fourier', () => {
    const padded = linearOf({ rows: 4, cols: 100, block: 64, samples: 160, frame: 'fourier' });
    expect(blocksOf(padded).map(({ cols, samples }) => [cols, samples])).toEqual([
      [64, 160],
      [36, 160],
    ]);
    expect(symbolsPerRow(padded)).toBe(320);
  });

  it('shift segments by what their gain lacks to the least one', () => {
    expect(segmentShifts(linear, { size: 64, samples: 160 })).toEqual([2, 1, 0]);
    expect(segmentShifts(linear, { size: 64, samples: 110 })).toEqual([2, 1]);
    expect(segmentShifts(linear, { size: 16, samples: 40 })).toEqual([2, 2, 2]);
    expect(() => segmentShifts(linear, { size: 64, samples: 200 })).toThrow(RangeError);
  });
});

/** A byte per cycle. */
const LINK = { clockHz: 100e6, link: { kind: 'bytes', rxBytes: 4096, maxBody: 1024 } } as const;

describe('the array', () => {
  const budgets = [
    { lutBudget: 3300, lutInputs: 6, ...LINK },
    { lutBudget: 12_000, lutInputs: 6, ...LINK },
    { lutBudget: 60_000, lutInputs: 4, ...LINK },
  ] as const;
  const models: [string, PlanLinear[]][] = [
    ['stories260K', llamaLayer(64, 172, 32, 64, 2.5)],
    ['stories15M', llamaLayer(288, 768, 288, 32, 2.5)],
    ['stories110M', llamaLayer(768, 2048, 768, 128, 2)],
    ['llama-7b', llamaLayer(4096, 11008, 4096, 128, 3)],
  ];

  it.each(models)('is well used for %s', (_name, linears) => {
    for (const budget of budgets) {
      const array = sizeArray(linears, budget);
      expect(array.rows % 5).toBe(0);
      expect(utilisation(linears, array, scaleUnits(linears, array))).toBeGreaterThanOrEqual(LEAST_UTILISATION);
    }
  });

  it('grows with the budget', () => {
    const linears = llamaLayer(768, 2048, 768, 128, 2);
    const sizes = [3000, 6000, 12_000, 24_000].map((lutBudget) =>
      sizeArray(linears, { lutBudget, lutInputs: 6, ...LINK }),
    );
    const macs = sizes.map(({ lanes, rows }) => lanes * rows);
    expect(macs).toEqual([...macs].sort((a, b) => a - b));
    expect(macs.at(-1)).toBeGreaterThan(4 * macs[0]!);
  });

  it('refuses two alphabets, and a budget for nothing', () => {
    const binary = linearOf({ rows: 8, cols: 64, block: 64, samples: 128, alphabet: 'binary' });
    const ternary = linearOf({ rows: 8, cols: 64, block: 64, samples: 128 });
    expect(() => sizeArray([binary, ternary], budgets[0])).toThrow('one alphabet is wanted, not binary and ternary');
    expect(() => sizeArray([ternary], { ...budgets[0], lutBudget: 100 })).toThrow('too small for the least array');
  });

  it('refuses gains that would change within a beat', () => {
    const array = { lanes: 32, rows: 5 };
    const linears = [linearOf({ rows: 8, cols: 48, block: 48, samples: 96, gainShifts: [0, 1] })];
    const memory = memoryMap(linears, array);
    expect(() => engineGeometry({ linears, array, memory })).toThrow(RangeError);
  });
});

describe('the memory map', () => {
  const linears = llamaLayer(64, 172, 32, 64, 2.5);
  const array = { lanes: 32, rows: 15 };
  const memory = memoryMap(linears, array);

  it('has a region per memory, with strides that are powers of two', () => {
    expect(memory.weights).toEqual({
      base: 0,
      stride: 128,
      wordBytes: 96,
      words: 5 * (5 + 3 + 3 + 5 + 12 + 12) + 5 * 14,
    });
    expect(memory.scales).toEqual({ base: REGION_BYTES, stride: 16, wordBytes: 15, words: 40 + 15 });
    expect(memory.activations).toEqual({ base: 2 * REGION_BYTES, stride: 32, wordBytes: 32, words: 15 });
    expect(memory.blocks).toEqual({ base: 3 * REGION_BYTES, stride: 4, wordBytes: 4, words: 3 });
  });

  it('is checked against link and board', () => {
    expect(() => checkMemory(memory, { name: 'small', memoryBits: 1000 })).toThrow('board small has 1000');
    const large = memoryMap(llamaLayer(4096, 11008, 4096, 128, 4), { lanes: 8, rows: 5 });
    expect(() => checkMemory(large, { name: 'large', memoryBits: 2 ** 50 })).not.toThrow();
    const many = Array.from({ length: 32 }, () => llamaLayer(4096, 11008, 4096, 128, 4)).flat();
    const map = memoryMap(many, { lanes: 8, rows: 5 });
    expect(() => checkMemory(map, { name: 'large', memoryBits: 2 ** 50 })).toThrow('the weights of this plan span');
  });
});

/** Reads a symbol back from tiled weights, by the description of the format. */
function symbolAt(
  bytes: Uint8Array,
  stride: number,
  array: PlanArray,
  word: number,
  lane: number,
  row: number,
  ternary: boolean,
) {
  if (ternary) {
    const byte = bytes[word * stride + lane * (array.rows / 5) + Math.floor(row / 5)]!;
    return (Math.floor(byte / 3 ** (row % 5)) % 3) - 1;
  }
  const bit = lane * array.rows + row;
  return ((bytes[word * stride + Math.floor(bit / 8)]! >> (bit % 8)) & 1) === 1 ? 1 : -1;
}

describe.each(['ternary', 'binary'] as const)('tiling of %s weights', (alphabet) => {
  const random = uniform(3);
  const array = { lanes: 8, rows: 15 };
  const linears = [
    linearOf({ rows: 7, cols: 32, block: 32, samples: 40, alphabet }),
    linearOf({ rows: 32, cols: 75, block: 32, samples: 44, alphabet, frame: 'fourier' }),
  ];
  const plan = { linears, array, memory: memoryMap(linears, array) };
  const linear = linears[1]!;
  const perRow = symbolsPerRow(linear);
  const symbols = Int8Array.from({ length: linear.rows * perRow }, () =>
    alphabet === 'ternary' ? Math.floor(random() * 3) - 1 : random() < 0.5 ? -1 : 1,
  );

  it('puts every symbol into its place: block, row group, beat, lane, row', () => {
    const bytes = tileWeights(plan, linear, symbols);
    const { stride } = plan.memory.weights;
    const groups = 3;
    let word = 0;
    for (const { samples, symbolOffset } of blocksOf(linear)) {
      for (let group = 0; group < groups; group++) {
        for (let beat = 0; beat < Math.ceil(samples / array.lanes); beat++, word++) {
          for (let lane = 0; lane < array.lanes; lane++) {
            for (let r = 0; r < array.rows; r++) {
              const row = group * array.rows + r;
              const j = beat * array.lanes + lane;
              const exists = row < linear.rows && j < samples;
              const missing = alphabet === 'ternary' ? 0 : -1;
              const want = exists ? symbols[row * perRow + symbolOffset + j]! : missing;
              expect(symbolAt(bytes, stride, array, word, lane, r, alphabet === 'ternary')).toBe(want);
            }
          }
        }
      }
    }
    expect(bytes.length).toBe(word * stride);
  });

  it('puts every scale and mean into its place', () => {
    const scales = Uint8Array.from({ length: linear.rows * 3 }, () => Math.floor(random() * 256));
    const means = Int8Array.from({ length: linear.rows * 3 }, () => Math.floor(random() * 255) - 127);
    const bytes = tileScales(plan, linear, { scales, means });
    const { stride } = plan.memory.scales;
    for (let row = 0; row < linear.rows; row++) {
      for (let block = 0; block < 3; block++) {
        const word = block * 3 + Math.floor(row / array.rows);
        const at = word * stride + (row % array.rows);
        expect(bytes[at]).toBe(scales[row * 3 + block]);
        expect((bytes[at + array.rows]! << 24) >> 24).toBe(means[row * 3 + block]);
      }
    }
  });

  it('places linears one after the other', () => {
    const quantized = { symbols, scales: new Uint8Array(linear.rows * 3), means: null, exponent: 0 };
    const [weights, scales] = tileLinear(plan, 1, quantized);
    expect(weights!.address).toBe(5 * plan.memory.weights.stride);
    expect(weights!.address + weights!.bytes.length).toBe(plan.memory.weights.words * plan.memory.weights.stride);
    expect(scales!.address).toBe(plan.memory.scales.base + plan.memory.scales.stride);
    expect(() => tileLinear(plan, 2, quantized)).toThrow(RangeError);
    expect(() => tileWeights(plan, linears[0]!, symbols)).toThrow(RangeError);
  });
});

describe('the schedule', () => {
  const linears = llamaLayer(64, 172, 32, 64, 2.5);
  const array = { lanes: 32, rows: 5 };
  const plan = { linears, array, memory: memoryMap(linears, array) };
  const geometry = engineGeometry(plan);

  it('describes the last linear', () => {
    const entry = scheduleOf(plan, geometry).at(-1)!;
    expect(entry).toMatchObject({ rows: 64, groups: 13, blocks: 3 });
    expect(entry.full).toEqual({ beats: 5, cycles: 5, lastLanes: 32, segmentBeats: 5, shifts: [0] });
    expect(entry.tail).toEqual({ beats: 4, cycles: 5, lastLanes: 14, segmentBeats: 4, shifts: [0] });
    expect(entry.weightBase + 13 * 14).toBe(plan.memory.weights.words);
  });

  it('packs fields that can be read back', () => {
    const fields = scheduleFields(geometry);
    for (const entry of scheduleOf(plan, geometry)) {
      let word = scheduleWord(geometry, entry);
      for (const { width, value } of fields) {
        expect(BigInt.asUintN(width, word)).toBe(BigInt(value(entry)));
        word >>= BigInt(width);
      }
      expect(word).toBe(0n);
    }
  });

  it('refuses a value that does not fit', () => {
    const entry = scheduleOf(plan, geometry)[0]!;
    expect(() => scheduleWord(geometry, { ...entry, rows: 4096 })).toThrow('rows = 4096 does not fit 8 bits');
  });

  it('takes the cycles that are predicted', () => {
    const total = linears.reduce((sum, linear) => sum + linearCycles(linear, geometry), 0);
    const { engine, link } = tokenCycles(plan, geometry, LINK);
    expect(engine).toBe(total);
    const runs = runCycles(plan, geometry);
    expect(runs.reduce((sum, { cycles }) => sum + cycles, 0)).toBe(total);
    expect(runs.reduce((sum, { beats }) => sum + beats, 0)).toBe(plan.memory.weights.words);
    for (const [i, { cycles, beats, stalls }] of runs.entries()) {
      expect(beats + stalls).toBeLessThan(cycles);
      const utilisation = engineUtilisation(linears[i]!, array, cycles);
      expect(utilisation).toBeLessThanOrEqual(beats / cycles);
      expect(utilisation).toBeGreaterThan(0.5 * (beats / cycles));
    }
    expect(link).toBeGreaterThan(4 * linears.reduce((sum, { rows }) => sum + rows, 0));
  });
});

describe('the table engine', () => {
  const linears = llamaLayer(4096, 11008, 4096, 128, 2);
  const budget = { lutBudget: 12_000, lutInputs: 6, lutRam: true, ...LINK } as const;

  it('is chosen where LUTs can be memory and rows are many', () => {
    expect(sizeArray(linears, budget).engine).toBe('table');
    expect(sizeArray(linears, { ...budget, lutRam: false }).engine).toBeUndefined();
    const binary = linears.map((linear) => ({ ...linear, alphabet: 'binary' as const }));
    expect(sizeArray(binary, budget).engine).toBeUndefined();
  });

  it('runs more additions per cycle than the adder engine would', () => {
    const table = sizeArray(linears, budget);
    const adder = sizeArray(linears, { ...budget, lutRam: false });
    expect(table.lanes * table.rows).toBeGreaterThan(1.1 * adder.lanes * adder.rows);
    expect(utilisation(linears, table, scaleUnits(linears, table))).toBeGreaterThanOrEqual(LEAST_UTILISATION);
  });

  it('divides row groups into spans that cover them, the last the smallest', () => {
    for (let groups = 1; groups <= 1300; groups++) {
      const spans = tableSpans(groups);
      expect((spans.count - 1) * spans.groups + spans.finalGroups).toBe(groups);
      expect(spans.groups).toBeLessThanOrEqual(32);
      expect(spans.finalGroups).toBeGreaterThanOrEqual(1);
      expect(spans.finalGroups).toBeLessThanOrEqual(spans.groups);
    }
  });
});

describe('the estimate', () => {
  it('counts block RAMs by width and depth', () => {
    const linears = llamaLayer(64, 172, 32, 64, 2.5);
    const array = { lanes: 32, rows: 5 };
    const geometry = engineGeometry({ linears, array, memory: memoryMap(linears, array) });
    const target = { lutInputs: 6, memoryByteBits: 9, blockRam: { bits: 36_864, width: 72 } } as const;
    const { luts, brams } = estimate(geometry, target);
    // 732 words of 288 bits: 8 of 1024 × 36.
    expect(brams).toBeGreaterThanOrEqual(8);
    expect(brams).toBeLessThan(24);
    expect(luts).toBeGreaterThan(160 * 10);
  });
});
