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

describe.each(MODELS)('the layout of $name', ({ fabricated: { model, linears } }) => {
  const bytes = imageBytes({ model, linears, weights: { linear: (index) => linears[index]! } });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number => view.getUint32(at, true);
  const i16 = (at: number): number => view.getInt16(at, true);
  const crcAt = (at: number, length: number): number => crc32(bytes.subarray(at, at + length));
  const directory = { at: 60, length: u32(40) };
  const plan = { at: 60 + directory.length, length: u32(48) };
  const linearsAt = [plan.at + plan.length];
  for (const index of linears.keys()) linearsAt.push(linearsAt.at(-1)! + linearLength(index));

  it('begins with the header', () => {
    expect([...bytes.subarray(0, 8)]).toEqual([0x53, 0x44, 0x51, 0x57, 0x47, 0x54, 2, 0]);
    const hash = createHash('sha256').update(canonicalPlan(model.plan)).digest('hex');
    expect(Buffer.from(bytes.subarray(8, 40)).toString('hex')).toBe(hash);
    expect(planHash(model.plan)).toBe(hash);
    expect(u32(44)).toBe(crcAt(directory.at, directory.length));
    expect(u32(52)).toBe(crcAt(plan.at, plan.length));
    expect(u32(56)).toBe(crcAt(0, 56));
  });

  it('holds the plan', () => {
    const text = bytes.subarray(plan.at, plan.at + plan.length);
    expect(new TextDecoder().decode(text)).toBe(canonicalPlan(model.plan));
  });

  function linearLength(index: number): number {
    const linear = model.plan.linears[index]!;
    const perByte = linear.alphabet === 'ternary' ? 5 : 8;
    const blocks = referenceBlocks(linear);
    const packed = blocks.reduce((sum, { U }) => sum + Math.ceil(U / perByte), 0);
    return linear.rows * (packed + blocks.length * (linear.frame === 'fourier' ? 2 : 1));
  }

  it('holds the linears', () => {
    linears.forEach((linear, index) => {
      const entry = directory.at + 6 * index;
      expect(i16(entry)).toBe(linear.exponent);
      expect(u32(entry + 2)).toBe(crcAt(linearsAt[index]!, linearLength(index)));
      expect(digested(readLinear(index, linearsAt[index]!))).toEqual(digested(linear));
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

  it('holds the arrays and numbers that its tables list, in their order, and nothing else', () => {
    const { config, tables, kernels, layers, biases } = model;
    const opt = config.architecture === 'opt';
    const arrays: (Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array)[] = [];
    const exponents: number[] = [];
    const norms: number[] = [];
    arrays.push(tables.reciprocalRoot, tables.exp2, tables.sigmoid, tables.sine, tables.ropeStep);
    arrays.push(...kernels.values());
    const { embedding, positions, projectIn, projectOut } = model;
    for (const matrix of [embedding, positions, projectIn, projectOut, config.tiedHead ? null : model.head]) {
      if (!matrix) continue;
      arrays.push(matrix.values, matrix.scales);
      exponents.push(matrix.exponent);
    }
    for (const norm of [model.finalNorm, ...layers.flatMap(({ attnNorm, mlpNorm }) => [attnNorm, mlpNorm])]) {
      if (!norm) continue;
      arrays.push(norm.weight);
      if (opt) arrays.push(norm.bias!);
      norms.push(norm.shift, norm.frac);
    }
    if (opt) arrays.push(...biases.flatMap((bias) => bias ?? []));

    const start = linearsAt.at(-1)!;
    let at = start;
    for (const values of arrays) {
      expect(readArray(values, at)).toEqual(Array.from(values));
      at += values.byteLength;
    }
    expect(at).toBe(bytes.length);
    const numbersAt = directory.at + 6 * linears.length;
    const numbers = [...exponents, ...norms];
    expect(numbers.map((_, i) => i16(numbersAt + 2 * i))).toEqual(numbers);
    expect(u32(numbersAt + 2 * numbers.length)).toBe(crcAt(start, at - start));
    expect(directory.length).toBe(6 * linears.length + 2 * numbers.length + 4);
  });

  /** The elements at an offset, read one by one as elements of the type of `like`. */
  function readArray(like: { constructor: { name: string }; length: number }, offset: number): number[] {
    const read: Record<string, { size: number; get: (at: number) => number }> = {
      Int8Array: { size: 1, get: (at) => view.getInt8(at) },
      Int16Array: { size: 2, get: (at) => view.getInt16(at, true) },
      Uint16Array: { size: 2, get: (at) => view.getUint16(at, true) },
      Int32Array: { size: 4, get: (at) => view.getInt32(at, true) },
      Uint32Array: { size: 4, get: (at) => view.getUint32(at, true) },
    };
    const { size, get } = read[like.constructor.name]!;
    return Array.from({ length: like.length }, (_, i) => get(offset + i * size));
  }
});
