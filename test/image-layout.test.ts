import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { canonicalPlan, planHash } from '../generator/plan/hash.js';
import type { QuantizedLinear } from '../generator/quantize/types.js';
import { digested, imageBytes } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig, optPostNormConfig } from './support/golden-models.js';
import { referenceBlocks } from './support/golden-reference-linear.js';

// Reads images with nothing of generator/image, as docs/image.md describes them.

const MODELS = [
  fabricateModel(fabricatePlan(llamaConfig())),
  fabricateModel(fabricatePlan(optPostNormConfig(), { frame: 'fourier', alphabet: 'binary' })),
].map((fabricated) => ({ name: fabricated.model.config.name, fabricated }));

interface Directory {
  readonly linears: readonly [offset: number, exponent: number, crc32: number][];
  readonly arrays: readonly [name: string, type: string, offset: number, count: number, crc32: number][];
  readonly numbers: Record<string, number>;
}

describe.each(MODELS)('the layout of $name', ({ fabricated: { model, linears } }) => {
  const bytes = imageBytes({ model, linears, weights: { linear: (index) => linears[index]! } });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number => view.getUint32(at, true);
  const text = (at: number, length: number): string => new TextDecoder().decode(bytes.subarray(at, at + length));
  const directoryAt = 16 * u32(52);
  const directory = JSON.parse(text(directoryAt, u32(56))) as Directory;

  it('begins with the header', () => {
    expect([...bytes.subarray(0, 8)]).toEqual([0x53, 0x44, 0x51, 0x57, 0x47, 0x54, 1, 0]);
    const hash = createHash('sha256').update(canonicalPlan(model.plan)).digest('hex');
    expect(Buffer.from(bytes.subarray(8, 40)).toString('hex')).toBe(hash);
    expect(planHash(model.plan)).toBe(hash);
    expect(u32(64)).toBe(crc32(bytes.subarray(0, 64)));
    expect([...bytes.subarray(68, 128)]).toEqual(new Array(60).fill(0));
  });

  it('holds the plan first and the directory last', () => {
    expect(16 * u32(40)).toBe(128);
    expect(text(128, u32(44))).toBe(canonicalPlan(model.plan));
    expect(u32(48)).toBe(crc32(bytes.subarray(128, 128 + u32(44))));
    expect(u32(60)).toBe(crc32(bytes.subarray(directoryAt)));
    expect(directoryAt + u32(56)).toBe(bytes.length);
  });

  it('has its regions one after the other, at multiples of 16, with zeros between', () => {
    const sizes = { int8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4 } as Record<string, number>;
    const regions = [
      { at: 0, length: 128 },
      { at: 128, length: u32(44) },
      ...directory.linears.map(([at], index) => ({ at, length: linearLength(index) })),
      ...directory.arrays.map(([, type, at, count]) => ({ at, length: count * sizes[type]! })),
      { at: directoryAt, length: u32(56) },
    ];
    regions.slice(1).forEach(({ at }, i) => {
      const end = regions[i]!.at + regions[i]!.length;
      expect(at).toBe(Math.ceil(end / 16) * 16);
      expect([...bytes.subarray(end, at)].every((byte) => byte === 0)).toBe(true);
    });
  });

  function linearLength(index: number): number {
    const linear = model.plan.linears[index]!;
    const perByte = linear.alphabet === 'ternary' ? 5 : 8;
    const blocks = referenceBlocks(linear);
    const packed = blocks.reduce((sum, { U }) => sum + Math.ceil(U / perByte), 0);
    return linear.rows * (packed + blocks.length * (linear.frame === 'fourier' ? 2 : 1));
  }

  it('holds the linears', () => {
    expect(directory.linears).toHaveLength(linears.length);
    directory.linears.forEach(([offset, exponent, crc], index) => {
      expect(exponent).toBe(linears[index]!.exponent);
      expect(crc).toBe(crc32(bytes.subarray(offset, offset + linearLength(index))));
      expect(digested(readLinear(index, offset))).toEqual(digested(linears[index]));
    });
  });

  function readLinear(index: number, offset: number): QuantizedLinear {
    const linear = model.plan.linears[index]!;
    const blocks = referenceBlocks(linear);
    let at = offset;
    const symbols: number[] = [];
    for (let r = 0; r < linear.rows; r++) {
      for (const { U } of blocks) {
        for (let j = 0; j < U; j++) {
          const bits = bytes[at + Math.floor(j / 8)]! >> (j % 8);
          const digit = Math.floor(bytes[at + Math.floor(j / 5)]! / 3 ** (j % 5)) % 3;
          symbols.push(linear.alphabet === 'binary' ? 2 * (bits & 1) - 1 : digit - 1);
        }
        at += Math.ceil(U / (linear.alphabet === 'binary' ? 8 : 5));
      }
    }
    const count = linear.rows * blocks.length;
    return {
      symbols: Int8Array.from(symbols),
      scales: bytes.slice(at, at + count),
      means: linear.frame === 'fourier' ? Int8Array.from(bytes.slice(at + count, at + 2 * count)) : null,
      exponent: linears[index]!.exponent,
    };
  }

  it('holds the arrays and numbers that its table lists', () => {
    const { config } = model;
    const opt = config.architecture === 'opt';
    const expected: Record<string, ArrayLike<number>> = {};
    const numbers: Record<string, number> = {};
    for (const [name, table] of Object.entries(model.tables)) expected[`tables.${name}`] = table;
    for (const [samples, kernel] of model.kernels) expected[`kernels.${samples}`] = kernel;
    const { embedding, positions, projectIn, projectOut, head } = model;
    const matrices = { embedding, positions, projectIn, projectOut, head: config.tiedHead ? null : head };
    for (const [name, matrix] of Object.entries(matrices)) {
      if (!matrix) continue;
      expected[`${name}.values`] = matrix.values;
      expected[`${name}.scales`] = matrix.scales;
      numbers[`${name}.exponent`] = matrix.exponent;
    }
    const norms = Object.fromEntries([
      ['finalNorm', model.finalNorm],
      ...model.layers.flatMap(({ attnNorm, mlpNorm }, i) => [
        [`layers.${i}.attnNorm`, attnNorm],
        [`layers.${i}.mlpNorm`, mlpNorm],
      ]),
    ]) as Record<string, typeof model.finalNorm>;
    for (const [name, norm] of Object.entries(norms)) {
      if (!norm) continue;
      expected[`${name}.weight`] = norm.weight;
      if (opt) expected[`${name}.bias`] = norm.bias!;
      numbers[`${name}.shift`] = norm.shift;
      numbers[`${name}.frac`] = norm.frac;
    }
    if (opt) {
      model.plan.linears.forEach(({ name }, i) => {
        expected[`${name}.bias`] = model.biases[i]!;
      });
    }
    expect(directory.numbers).toEqual(numbers);
    const found = Object.fromEntries(directory.arrays.map((entry) => [entry[0], readArray(entry)]));
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, values] of Object.entries(expected)) expect(found[name], name).toEqual(Array.from(values));
  });

  function readArray([, type, offset, count, crc]: Directory['arrays'][number]): number[] {
    const read: Record<string, { size: number; get: (at: number) => number }> = {
      int8: { size: 1, get: (at) => view.getInt8(at) },
      int16: { size: 2, get: (at) => view.getInt16(at, true) },
      uint16: { size: 2, get: (at) => view.getUint16(at, true) },
      int32: { size: 4, get: (at) => view.getInt32(at, true) },
      uint32: { size: 4, get: (at) => view.getUint32(at, true) },
    };
    const { size, get } = read[type]!;
    expect(crc).toBe(crc32(bytes.subarray(offset, offset + count * size)));
    return Array.from({ length: count }, (_, i) => get(offset + i * size));
  }
});
