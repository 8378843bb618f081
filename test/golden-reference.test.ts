import { describe, expect, it } from 'vitest';
import { int8Matrix, integerNorm } from '../generator/quantize/integer-parameters.js';
import { roundShift } from '../sim/golden/integer.js';
import { argmax, gatedProduct, matrixRow, multiplyInt8, normalize, normEpsilon, rotate } from '../sim/golden/ops.js';
import type { Int8Matrix, IntegerNorm } from '../sim/golden/parameters.js';
import { buildTables, exp2Negative, reciprocalRoot, rotation, sigmoid } from '../sim/golden/tables.js';
import { llamaConfig } from './support/golden-models.js';
import { extremeVectors, Random, testVectors } from './support/golden-random.js';
import * as reference from './support/golden-reference.js';
import { big, expectIntegers } from './support/golden-reference.js';

const tables = buildTables(llamaConfig({ headDim: 64 }));

describe('rounding shift', () => {
  it('equals its definition for every operand below 2^52 and every shift', () => {
    const random = new Random(1);
    const operands = [0, 1, -1, 2 ** 52 - 1, -(2 ** 52) + 1, 2 ** 51, -(2 ** 51), 3, -3, 2 ** 31 - 1];
    for (let i = 0; i < 3000; i++) operands.push(random.sign() * random.ofAnyLength(52));
    for (const x of operands) {
      for (const s of [-16, -1, 0, 1, 2, 15, 31, 32, 40, 50, 51, 52, 53, 54, 63, 121, random.integer(-20, 70)]) {
        if (BigInt(roundShift(x, s)) !== reference.rs(BigInt(x), BigInt(s))) throw new Error(`rs(${x}, ${s})`);
      }
    }
  });
});

describe('tables', () => {
  it('reciprocal root equals its definition from 1 to 2^53 − 1', () => {
    const random = new Random(2);
    const operands = Array.from({ length: 20000 }, () => Math.max(1, random.ofAnyLength(53)));
    for (let k = 0; k <= 53; k++)
      operands.push(2 ** k - 1 || 1, Math.min(2 ** k, 2 ** 53 - 1), 2 ** Math.min(k, 52) + 1);
    for (const s of operands) {
      const { mantissa, half } = reciprocalRoot(tables, s);
      const expected = reference.reciprocalRoot(tables, BigInt(s));
      if (BigInt(mantissa) !== expected.mantissa || BigInt(half) !== expected.half) throw new Error(`1/√${s}`);
    }
  });

  it('power of two equals its definition', () => {
    const random = new Random(3);
    const operands = [0, 31, 32, 33, 65535, 65536, 65567, 2 ** 21, 2 ** 21 + 31, 2 ** 21 + 32, 2 ** 22, 2 ** 33 - 1];
    for (let i = 0; i < 20000; i++) operands.push(random.ofAnyLength(i % 2 ? 33 : 22));
    for (const d of operands) {
      if (BigInt(exp2Negative(tables, d)) !== reference.exp2(tables, BigInt(d))) throw new Error(`2^−${d}`);
    }
  });

  it('logistic function equals its definition', () => {
    const random = new Random(4);
    const operands = [0, 4095, 4096, -4096, -4095, 2 ** 31 - 1, -(2 ** 31) + 1, 2 ** 24 - 1, 2 ** 24, -(2 ** 24)];
    for (let i = 0; i < 20000; i++) operands.push(random.sign() * random.ofAnyLength(31));
    for (const x of operands) {
      if (BigInt(sigmoid(tables, x)) !== reference.sigmoid(tables, BigInt(x))) throw new Error(`sigmoid(${x})`);
    }
  });

  it('rotation equals its definition at every position below 2^20', () => {
    const random = new Random(5);
    for (let i = 0; i < 20000; i++) {
      const position = i < 200 ? i : i < 400 ? 2 ** 20 - i + 199 : random.ofAnyLength(20);
      const pair = random.integer(0, tables.ropeStep.length - 1);
      const { cos, sin } = rotation(tables, position, pair);
      const expected = reference.rotation(tables, BigInt(position), pair);
      if (BigInt(cos) !== expected.cos || BigInt(sin) !== expected.sin) throw new Error(`pair ${pair} at ${position}`);
    }
  });

  it('the four quarters of a turn are exact', () => {
    const quarter = { ...tables, ropeStep: Uint32Array.of(2 ** 30) };
    expect([0, 1, 2, 3, 4].map((p) => rotation(quarter, p, 0)).map(({ cos, sin }) => [cos + 0, sin + 0])).toEqual([
      [16384, 0],
      [0, 16384],
      [-16384, 0],
      [0, -16384],
      [16384, 0],
    ]);
  });
});

/** Norms with ordinary, extreme and no weights and biases. */
function norms(dim: number, random: Random, bias: boolean): IntegerNorm[] {
  const make = (deviation: number, mean: number, biasDeviation: number) =>
    integerNorm(
      {
        weight: Float32Array.from({ length: dim }, () => mean + deviation * random.gaussian()),
        bias: bias ? Float32Array.from({ length: dim }, () => biasDeviation * random.gaussian()) : null,
      },
      dim,
    );
  const extreme = (weight: number, shift: number): IntegerNorm => ({
    weight: new Int16Array(dim).fill(weight),
    bias: bias ? new Int32Array(dim).fill(-2147483647) : null,
    shift,
    frac: 8,
  });
  return [make(0.2, 1, 0.3), make(3, 0, 40), make(1e-6, 0, 0), make(0, 0, 0), extreme(32767, 8), extreme(-32767, 30)];
}

describe('norms', () => {
  it.each([
    { dim: 64, layerNorm: false },
    { dim: 64, layerNorm: true },
    { dim: 1, layerNorm: false },
    { dim: 1, layerNorm: true },
    { dim: 75, layerNorm: true },
    { dim: 768, layerNorm: true },
    { dim: 5120, layerNorm: true },
    { dim: 16384, layerNorm: false },
    { dim: 16384, layerNorm: true },
  ])('of $dim values, LayerNorm $layerNorm, equal their definition', ({ dim, layerNorm }) => {
    const random = new Random(dim);
    const large = dim > 700;
    const some = norms(dim, random, layerNorm).slice(0, large ? 1 : 6);
    const epsilons = [2 ** 11 / dim / 1.01, 1e-5, 0].slice(0, large ? 1 : 3);
    for (const { x } of large ? extremeVectors(dim) : testVectors(dim, random)) {
      for (const norm of some) {
        for (const eps of epsilons) {
          const epsilon = normEpsilon(eps, dim);
          const expected = reference.norm(tables, norm, big(x), layerNorm, BigInt(epsilon));
          expectIntegers(normalize(tables, norm, x, layerNorm, epsilon), expected);
        }
      }
    }
  });
});

describe('int8 matrices', () => {
  const random = new Random(6);
  const floats = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.gaussian() * 0.05);
  const largest = (rows: number, cols: number): Int8Matrix => ({
    rows,
    cols,
    values: new Int8Array(rows * cols).map((_, i) => (i % 3 === 0 ? 127 : -127)),
    scales: new Uint16Array(rows).fill(65535),
    exponent: -20,
  });
  const sameSign = (cols: number): Int8Matrix => ({ ...largest(1, cols), values: new Int8Array(cols).fill(127) });
  const matrices = [int8Matrix(floats(7 * 33), 7, 33), largest(3, 33), sameSign(33), sameSign(16384)];

  it.each(matrices)('times a vector of $cols values equal their definition', (matrix) => {
    for (const { x } of matrix.cols > 700 ? extremeVectors(matrix.cols) : testVectors(matrix.cols, random)) {
      for (const [inputFrac, outputFrac] of [
        [16, 16],
        [13, 16],
        [0, 16],
      ] as const) {
        const expected = reference.matrixProduct(matrix, big(x), BigInt(inputFrac), BigInt(outputFrac));
        expectIntegers(multiplyInt8(matrix, x, inputFrac, outputFrac), expected);
      }
    }
  });

  it('give rows as vectors', () => {
    for (const exponent of [-40, -23, -17, -16, -3, 8]) {
      const matrix = { ...matrices[0]!, exponent };
      for (let row = 0; row < 7; row++) {
        expectIntegers(matrixRow(matrix, row, 16), reference.matrixRow(matrix, row, 16n));
      }
    }
  });
});

describe('rotary positions', () => {
  it('equal their definition', () => {
    const random = new Random(7);
    for (const position of [0, 1, 77, 4095, 2 ** 20 - 1]) {
      for (const { x } of testVectors(3 * 64, random)) {
        const expected = reference.rotate(tables, big(x), 64, BigInt(position));
        const y = x.slice();
        rotate(tables, y, 64, position);
        expectIntegers(y, expected);
      }
    }
  });
});

describe('SwiGLU', () => {
  it('equals its definition', () => {
    const random = new Random(8);
    for (const gate of testVectors(96, random)) {
      for (const up of testVectors(96, random)) {
        expectIntegers(gatedProduct(tables, gate.x, up.x), reference.swiGlu(tables, big(gate.x), big(up.x)));
      }
    }
  });
});

describe('argmax', () => {
  it('takes the first of equals', () => {
    expect(argmax(Int32Array.of(1, 5, 5, 2))).toBe(1);
    expect(argmax(new Int32Array(9))).toBe(0);
    expect(argmax(Int32Array.of(-7, -2147483647, -7))).toBe(0);
  });
});
