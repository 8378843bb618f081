/** Seeded random numbers, and the vectors that integer operations are tried with. */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 … 2^32 − 1 */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  }

  /** min … max, at most 2^32 apart */
  integer(min: number, max: number): number {
    return min + Math.floor(this.uniform() * (max - min + 1));
  }

  /** 0 ≤ x < 1 */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  /** A standard normal deviate. */
  gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** An integer of 0 … `bits` bits, each length as likely as the others. @param bits at most 53 */
  ofAnyLength(bits: number): number {
    const length = this.integer(0, bits);
    if (length === 0) return 0;
    const low = this.uniform() * 2 ** (length - 1);
    return 2 ** (length - 1) + Math.floor(low);
  }

  sign(): number {
    return this.word() & 1 ? -1 : 1;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }
}

export interface NamedVector {
  readonly name: string;
  readonly x: Int32Array;
}

/** Extreme vectors of `length` 32-bit integers. @param limit largest magnitude */
export function extremeVectors(length: number, limit = 2147483647): NamedVector[] {
  const vector = (name: string, value: (i: number) => number): NamedVector => ({
    name,
    x: Int32Array.from({ length }, (_, i) => Math.max(-limit, Math.min(limit, value(i)))),
  });
  return [
    vector('zeros', () => 0),
    vector('all largest', () => limit),
    vector('all most negative', () => -limit),
    vector('alternating', (i) => (i % 2 === 0 ? limit : -limit)),
    vector('one outlier', (i) => (i === length >> 1 ? limit : 0)),
    vector('one outlier among small values', (i) => (i === length - 1 ? -limit : (i % 5) - 2)),
    vector('all one', () => 1),
    vector('all minus one', () => -1),
    vector('around the 15-bit limit', (i) => [32767, -32767, 32768, -32768, 65535, 65537][i % 6]!),
    vector('powers of two', (i) => (i & 1 ? -1 : 1) * 2 ** (i % 31)),
    vector('powers of two less one', (i) => (i & 1 ? -1 : 1) * (2 ** (i % 32) - 1)),
  ];
}

/** Random vectors of several shapes: uniform, Gaussian, with outliers, of mixed lengths, small. */
export function randomVectors(length: number, random: Random, limit = 2147483647): NamedVector[] {
  const vector = (name: string, value: (i: number) => number): NamedVector => ({
    name,
    x: Int32Array.from({ length }, (_, i) => Math.max(-limit, Math.min(limit, Math.round(value(i))))),
  });
  const deviation = 2 ** random.integer(4, 26);
  return [
    vector('uniform', () => random.integer(-limit, limit)),
    vector('gaussian', () => deviation * random.gaussian()),
    vector('gaussian with outliers', () => deviation * random.gaussian() * (random.uniform() < 0.02 ? 200 : 1)),
    vector('of any length', () => random.sign() * random.ofAnyLength(31)),
    vector('small', () => random.integer(-3, 3)),
    vector('with blocks of zeros', (i) => ((i >> 4) % 3 === 0 ? 0 : deviation * random.gaussian())),
    vector('with an offset', () => deviation * (8 + random.gaussian())),
  ];
}

/** All of them. */
export function testVectors(length: number, random: Random, limit?: number): NamedVector[] {
  return [...extremeVectors(length, limit), ...randomVectors(length, random, limit)];
}

/** Vectors of all magnitudes: noise, an offset that noise is small beside, a few large values, and the limits of bit lengths. */
export function vectorsOfAllMagnitudes(length: number, random: Random): Int32Array[] {
  const noise = (size: number): Int32Array =>
    Int32Array.from({ length }, () =>
      Math.max(-2147483647, Math.min(2147483647, Math.round(size * random.gaussian()))),
    );
  return [0, 4, 10, 14, 18, 24, 30].flatMap((bits) => {
    const x = noise(2 ** bits);
    const offset = random.sign() * random.integer(2 ** 20, 2 ** 30);
    return [
      x,
      x.map((value) => Math.max(-2147483647, Math.min(2147483647, Math.trunc(value / 64) + offset))),
      x.map((value, i) => (i % 29 === 5 ? random.sign() * 2147483647 : value)),
      new Int32Array(length).fill(2 ** bits - 1),
      new Int32Array(length).fill(-(2 ** bits)),
    ];
  });
}
