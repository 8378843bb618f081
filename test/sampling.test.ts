import { describe, expect, it } from 'vitest';
import { Sampler, type SamplingOptions } from '../firmware/session/sampling.js';
import { InputError } from '../generator/errors.js';
import { buildTables } from '../sim/golden/tables.js';
import { llamaConfig } from './support/golden-models.js';
import { Random } from './support/golden-random.js';
import { referenceChoice, referenceRandom } from './support/golden-reference-sampling.js';

const tables = buildTables(llamaConfig());

/** Logits in Q16 of real numbers. */
const q16 = (logits: readonly number[]): Int32Array => Int32Array.from(logits, (logit) => Math.round(logit * 65536));

function gaussianLogits(seed: number, vocab: number, deviation: number): Int32Array {
  const random = new Random(seed);
  return q16(Array.from({ length: vocab }, () => deviation * random.gaussian()));
}

function drawn(logits: Int32Array, options: SamplingOptions, count: number): number[] {
  const sampler = new Sampler(tables, options);
  return Array.from({ length: count }, () => sampler.next(logits));
}

/** Probabilities by the textbook, in double precision. */
function softmax(logits: Int32Array, temperature: number): number[] {
  const top = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp((logit - top) / 65536 / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Pearson's statistic of the counts of tokens that are expected at least 5 times, in standard deviations of it. */
function deviationsFrom(probabilities: readonly number[], tokens: readonly number[]): number {
  const counts = new Array<number>(probabilities.length).fill(0);
  for (const token of tokens) counts[token]!++;
  const expected = probabilities.map((probability) => probability * tokens.length);
  const often = [...expected.keys()].filter((token) => expected[token]! >= 5);
  const rest = tokens.length - often.reduce((sum, token) => sum + counts[token]!, 0);
  const expectedRest = tokens.length - often.reduce((sum, token) => sum + expected[token]!, 0);
  const cells = often.map((token) => [counts[token]!, expected[token]!] as const);
  if (expectedRest >= 5) cells.push([rest, expectedRest]);
  const statistic = cells.reduce((sum, [count, mean]) => sum + (count - mean) ** 2 / mean, 0);
  const freedom = cells.length - 1;
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}

describe('without a temperature', () => {
  it('the token is the most likely one, whatever the other options', () => {
    const logits = q16([1, 3, -2, 3]);
    expect(drawn(logits, {}, 3)).toEqual([1, 1, 1]);
    expect(drawn(logits, { temperature: 0, topP: 0.5, topK: 3, seed: 7 }, 3)).toEqual([1, 1, 1]);
  });
});

describe('with a temperature', () => {
  it.each([0.03, 0.7, 1, 1.6, 40])('%s the tokens come as often as softmax says', (temperature) => {
    const logits = gaussianLogits(12, 100, 2 * temperature);
    const tokens = drawn(logits, { temperature, seed: 12 }, 5000);
    expect(Math.abs(deviationsFrom(softmax(logits, temperature), tokens))).toBeLessThan(4);
    // The statistic sees another temperature.
    expect(deviationsFrom(softmax(logits, temperature * 1.25), tokens)).toBeGreaterThan(10);
  });

  it('successive tokens do not depend on each other', () => {
    const logits = q16([0, 0, 0, 0]);
    for (const seed of [0, 1, 2 ** 53 - 1]) {
      const tokens = drawn(logits, { temperature: 1, seed }, 10_001);
      const pairs = tokens.slice(1).map((token, i) => 4 * tokens[i]! + token);
      expect(Math.abs(deviationsFrom(new Array<number>(16).fill(1 / 16), pairs))).toBeLessThan(4);
    }
  });

  it('a long tail keeps its share', () => {
    // Each of 30000 tokens has 2^−17 of the first one's weight, less than half a step of Q16.
    const logits = q16([17 * Math.LN2, ...new Array<number>(30_000).fill(0)]);
    const tail = drawn(logits, { temperature: 1 }, 200).filter((token) => token > 0).length;
    const share = 30_000 / (30_000 + 2 ** 17);
    expect(Math.abs(tail - 200 * share)).toBeLessThan(4 * Math.sqrt(200 * share * (1 - share)));
  });
});

describe('topK and topP', () => {
  const logits = q16([Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.25), Math.log(0.05)]);
  const reached = (options: SamplingOptions) => [...new Set(drawn(logits, { temperature: 1, ...options }, 500))].sort();

  it.each([
    [{}, [0, 1, 2, 3, 4]],
    [{ topK: 2 }, [1, 3]],
    [{ topK: 1 }, [1]],
    [{ topK: 99 }, [0, 1, 2, 3, 4]],
    [{ topP: 0.39 }, [1]],
    [{ topP: 0.5 }, [1, 3]],
    [{ topP: 0.7 }, [1, 2, 3]],
    [{ topP: 1e-9 }, [1]],
    // 0.4 of the 0.65 that topK leaves.
    [{ topK: 2, topP: 0.6 }, [1]],
    [{ topK: 2, topP: 0.63 }, [1, 3]],
  ])('%o leaves the tokens %o', (options, tokens) => expect(reached(options)).toEqual(tokens));

  it('of equal tokens the first are kept', () => {
    const equal = q16([0, 2, 2, 2, 2]);
    expect(new Set(drawn(equal, { temperature: 1, topK: 2 }, 200))).toEqual(new Set([1, 2]));
    expect(new Set(drawn(equal, { temperature: 0.01, topP: 0.7 }, 200))).toEqual(new Set([1, 2, 3]));
  });

  it('the tokens left come as often as before relative to each other', () => {
    const tokens = drawn(logits, { temperature: 1, topK: 3, seed: 3 }, 10_000);
    expect(Math.abs(deviationsFrom([0, 0.4 / 0.85, 0.2 / 0.85, 0.25 / 0.85, 0], tokens))).toBeLessThan(4);
  });
});

describe('the definition of docs/numerics.md', () => {
  it('has the published random numbers', () => {
    // The first outputs of SplitMix64 for the seed 1234567.
    const published = [6457827717110365317n, 3203168211198807973n, 9817491932198370423n, 4593380528125082431n];
    expect(published.map((_, n) => referenceRandom(1234567n, n))).toEqual(published);
  });

  it('is what the sampler does, for logits of any size', () => {
    const random = new Random(5);
    for (let trial = 0; trial < 300; trial++) {
      const vocab = random.integer(1, 60);
      const bits = random.integer(1, 31);
      const logits = Int32Array.from({ length: vocab }, () => random.sign() * random.ofAnyLength(bits));
      const options = {
        temperature: random.pick([0.01, 0.2, 0.8, 1, 1.3, 7.5, 100]),
        topP: random.pick([1, 0.95, 0.5, random.uniform() + 1e-6]),
        topK: random.pick([2 ** 24, 40, 3, 1]),
        seed: random.pick([0, 1, 2 ** 53 - 1, random.word()]),
      };
      const reference = { ...options, seed: BigInt(options.seed) };
      const wanted = Array.from({ length: 4 }, (_, n) => referenceChoice(tables.exp2, logits, reference, n));
      expect(drawn(logits, options, 4), JSON.stringify(options)).toEqual(wanted);
    }
  });

  it('gives these tokens', () => {
    const logits = Int32Array.from({ length: 1000 }, (_, i) => (i * 7919 * 65536) % 1_000_003);
    expect(drawn(logits, { seed: 1 }, 1)).toEqual([956]);
    expect(drawn(logits, { temperature: 0.8, seed: 1 }, 8)).toEqual([550, 731, 957, 456, 456, 774, 866, 504]);
    expect(drawn(logits, { temperature: 5, topP: 0.9, topK: 50, seed: 2024 }, 8)).toEqual([
      638, 92, 275, 93, 821, 547, 137, 592,
    ]);
  });
});

describe('options out of range', () => {
  it.each([
    [{ temperature: -1 }, /temperature is -1/],
    [{ temperature: 0.001 }, /temperature is 0\.001; it must be 0 or 0\.01 … 100/],
    [{ temperature: Number.NaN }, /temperature/],
    [{ topP: 0 }, /topP/],
    [{ topP: 1.1 }, /topP/],
    [{ topK: 0 }, /topK/],
    [{ topK: 1.5 }, /topK/],
    [{ seed: -1 }, /seed/],
    [{ seed: 2 ** 53 }, /seed/],
  ])('%o', (options, says) => {
    expect(() => new Sampler(tables, options)).toThrow(InputError);
    expect(() => new Sampler(tables, options)).toThrow(says);
  });
});
