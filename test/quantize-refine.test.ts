import { describe, expect, it } from 'vitest';
import {
  LEAST_SEGMENT,
  type SearchEffort,
  SearchKernel,
  type SearchProblem,
} from '../generator/kernel/search-kernel.js';
import { blocksOf } from '../generator/plan/blocks.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { type BlockFit, type BlockSearch, exponentFor } from '../generator/quantize/block-search.js';
import { frameOf } from '../generator/quantize/frame.js';
import { DEFAULT_EFFORT, GREATEST_EFFORT, LEAST_EFFORT, refineSearch } from '../generator/quantize/refine.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricateLinear } from './support/golden-models.js';
import { gaussian } from './support/random.js';

const signs = drawSigns(2, 4, 64);

type Fields = Pick<PlanLinear, 'cols' | 'samples'> & Partial<PlanLinear>;

/** The search for the last block of a linear with blocks of 64 columns, in the plain error. */
function problemOf(fields: Fields): SearchProblem {
  const linear = fabricateLinear({ rows: 1, block: 64, ...fields });
  const block = blocksOf(linear).at(-1)!;
  const orthogonal = linear.frame === 'hadamard' && block.cols === block.size && block.size >= LEAST_SEGMENT;
  return {
    frame: frameOf(linear, block, signs).matrix(),
    samples: block.samples,
    cols: block.cols,
    segment: orthogonal ? block.size : 0,
    alphabet: linear.alphabet,
    metric: null,
  };
}

/** A metric of strongly correlated columns, some of which count much more than the others. */
function metricOf(cols: number, seed: number): Float64Array {
  const next = gaussian(seed);
  const factors = Float64Array.from({ length: cols * cols }, (_, at) => next() * (at % 7 === 0 ? 3 : 1));
  const metric = new Float64Array(cols * cols);
  for (let i = 0; i < cols; i++) {
    for (let j = 0; j < cols; j++) {
      let sum = i === j ? 0.1 : 0;
      for (let k = 0; k < cols; k++) sum += (factors[k * cols + i]! * factors[k * cols + j]!) / (cols * (1 + k / 4));
      metric[i * cols + j] = sum;
    }
  }
  return metric;
}

/** e · M · eᵀ in double precision. */
function energy(error: Float64Array, metric: Float64Array | null): number {
  let sum = 0;
  for (let i = 0; i < error.length; i++) {
    if (metric === null) sum += error[i]! ** 2;
    else for (let j = 0; j < error.length; j++) sum += error[i]! * metric[i * error.length + j]! * error[j]!;
  }
  return sum;
}

/** The error of w − a · qᵀ F. */
function errorOf({ frame, cols, metric }: SearchProblem, target: Float64Array, scale: number, q: Int8Array): number {
  const error = target.map((weight, i) => {
    let sum = 0;
    for (let j = 0; j < q.length; j++) sum += q[j]! * frame[j * cols + i]!;
    return weight - scale * sum;
  });
  return energy(error, metric);
}

/** What changing each symbol to each other level would change the error by, times 1 / (a² · F[j] M F[j]ᵀ). */
function changes(problem: SearchProblem, target: Float64Array, scale: number, symbols: Int8Array): number[] {
  const { frame, cols, metric, alphabet } = problem;
  const now = errorOf(problem, target, scale, symbols);
  return Array.from(symbols, (symbol, j) => {
    const length = scale ** 2 * energy(frame.slice(j * cols, (j + 1) * cols), metric);
    const others = (alphabet === 'ternary' ? [-1, 0, 1] : [-1, 1]).filter((level) => level !== symbol);
    return others.map((level) => {
      const changed = symbols.slice();
      changed[j] = level;
      return (errorOf(problem, target, scale, changed) - now) / length;
    });
  }).flat();
}

/** Rounding errors of a change, relative to the length of the symbol. */
const ROUNDING = 1e-4;

function targetOf(cols: number, seed: number): Float64Array {
  return Float64Array.from({ length: cols }, gaussian(seed));
}

const SHAPES: readonly (Fields & { readonly name: string })[] = [
  { name: 'orthogonal segments', cols: 64, samples: 128 },
  { name: 'orthogonal segments with gains, the last one short', cols: 64, samples: 160, gainShifts: [0, 1, 2] },
  { name: 'one segment', cols: 64, samples: 64 },
  { name: 'an orthogonal tail with gains', cols: 96, samples: 168, gainShifts: [0, 1, 1] },
  { name: 'an orthogonal tail of 13 samples', cols: 72, samples: 104 },
  { name: 'a tail', cols: 64 + 44, samples: 160, gainShifts: [0, 0, 1] },
  { name: 'a tail of 4 columns', cols: 68, samples: 104 },
  { name: 'a tail of 3 columns', cols: 67, samples: 160 },
  { name: 'a tail of 1 column', cols: 65, samples: 192 },
  { name: 'a fourier block of 147 samples', cols: 64, samples: 147, frame: 'fourier' },
  { name: 'a padded fourier block', cols: 64 + 21, samples: 128, frame: 'fourier' },
];

describe.each(['ternary', 'binary'] as const)('the kernel, %s', (alphabet) => {
  const effort: SearchEffort = { starts: 4, keep: 3, rounds: 3, depth: 4 };

  /** Scales around the one at which the symbols' rows, were they orthogonal, would be as long as the target. */
  const scalesFor = ({ frame }: SearchProblem, target: Float64Array): number[] =>
    [0.7, 0.9, 1.1, 1.3].map((factor) => factor * Math.sqrt(energy(target, null) / energy(frame, null)));

  describe.each(SHAPES)('for $name', ({ name: _, ...fields }) => {
    const plain = problemOf({ ...fields, alphabet });
    const metric = metricOf(plain.cols, 5);

    it.each([
      ['the plain error', plain],
      ['a metric', { ...plain, metric }],
    ])('in %s scores what it found, and would change no single symbol', (_, problem) => {
      const kernel = new SearchKernel();
      kernel.load(problem, effort);
      for (let seed = 1; seed <= 3; seed++) {
        const target = targetOf(problem.cols, seed);
        const scale = kernel.search(target, scalesFor(problem, target), effort);
        const symbols = kernel.symbols.slice();
        expect(scale).toBeGreaterThan(0);
        expect(alphabet === 'ternary' || symbols.every((symbol) => symbol !== 0)).toBe(true);
        const lowered = energy(target, problem.metric) - errorOf(problem, target, scale, symbols);
        expect(Math.abs(kernel.score / lowered - 1)).toBeLessThan(1e-4);
        // The scale is the best one for the symbols.
        for (const factor of [0.99, 1.01]) {
          const other = errorOf(problem, target, factor * scale, symbols);
          expect(energy(target, problem.metric) - other).toBeLessThan(lowered);
        }
        expect(Math.min(...changes(problem, target, scale, symbols))).toBeGreaterThan(-ROUNDING);

        // And at another scale, once settled.
        kernel.settle(1.3 * scale);
        const settled = kernel.symbols.slice();
        expect(Math.min(...changes(problem, target, 1.3 * scale, settled))).toBeGreaterThan(-ROUNDING);
        const loweredStill = energy(target, problem.metric) - errorOf(problem, target, 1.3 * scale, settled);
        expect(Math.abs(kernel.score - loweredStill)).toBeLessThan(1e-4 * lowered);
      }
    });
  });

  it('finds the best of all symbols of a tiny block, nearly always', () => {
    const problem = { ...problemOf({ cols: 68, samples: 128, alphabet }), metric: metricOf(4, 3) };
    const { frame, cols, samples, metric } = problem;
    const levels = alphabet === 'ternary' ? [-1, 0, 1] : [-1, 1];
    const thorough: SearchEffort = { starts: 4, keep: 4, rounds: 8, depth: 4 };
    const kernel = new SearchKernel();
    kernel.load(problem, thorough);
    let optimal = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const target = targetOf(cols, seed);
      kernel.search(target, scalesFor(problem, target), thorough);
      const times = (a: Float64Array, b: Float64Array): number => {
        let sum = 0;
        for (let i = 0; i < cols; i++) for (let j = 0; j < cols; j++) sum += a[i]! * metric[i * cols + j]! * b[j]!;
        return sum;
      };
      let best = 0;
      for (let code = 0; code < levels.length ** samples; code++) {
        const sum = new Float64Array(cols);
        for (let j = 0, rest = code; j < samples; j++, rest = Math.floor(rest / levels.length)) {
          for (let i = 0; i < cols; i++) sum[i] = sum[i]! + levels[rest % levels.length]! * frame[j * cols + i]!;
        }
        const length = times(sum, sum);
        if (length > 0) best = Math.max(best, times(sum, target) ** 2 / length);
      }
      expect(kernel.score).toBeLessThan(best * (1 + 1e-5));
      expect(kernel.score).toBeGreaterThan(0.95 * best);
      if (kernel.score > best * (1 - 1e-5)) optimal++;
    }
    expect(optimal).toBeGreaterThanOrEqual(14);
  });
});

/** Prepares a search as a linear of nothing but these targets would. */
function prepared(problem: SearchProblem, targets: readonly Float64Array[], effort = DEFAULT_EFFORT): BlockSearch {
  const search = refineSearch(problem, effort);
  search.prepare(targets);
  if (problem.metric !== null) search.useMetric?.(problem.metric);
  return search;
}

function exponentOf(search: BlockSearch, targets: readonly Float64Array[]): number {
  return exponentFor(Math.max(...targets.map((target) => search.amplitude(target))));
}

function quantized(search: BlockSearch, samples: number, target: Float64Array, exponent: number) {
  const symbols = new Int8Array(samples);
  const fit: BlockFit = search.quantize(target, exponent, symbols, 0);
  return { ...fit, symbols };
}

describe.each(['ternary', 'binary'] as const)('the refining search, %s', (alphabet) => {
  const plain = problemOf({ cols: 64, samples: 128, alphabet });
  const problems = [
    { name: 'orthogonal segments', problem: plain },
    { name: 'orthogonal segments in a metric', problem: { ...plain, metric: metricOf(64, 9) } },
    { name: 'a tail', problem: problemOf({ cols: 64 + 44, samples: 168, gainShifts: [0, 1, 1], alphabet }) },
  ];
  const targetsOf = (problem: SearchProblem, count: number): Float64Array[] =>
    Array.from({ length: count }, (_, i) => targetOf(problem.cols, i + 1));

  it.each(problems)('is not worse with more effort: $name', ({ problem }) => {
    const targets = targetsOf(problem, 12);
    const snrs: number[] = [];
    for (let effort = LEAST_EFFORT; effort <= GREATEST_EFFORT; effort++) {
      const search = prepared(problem, targets, effort);
      const exponent = exponentOf(search, targets);
      const snr = targets.map((target) => {
        const { mantissa, symbols } = quantized(search, problem.samples, target, exponent);
        return (
          10 * Math.log10(energy(target, problem.metric) / errorOf(problem, target, mantissa * 2 ** exponent, symbols))
        );
      });
      snrs.push(snr.reduce((sum, x) => sum + x, 0) / snr.length);
    }
    snrs.slice(1).forEach((snr, i) => {
      expect(snr).toBeGreaterThan(snrs[i]! - 0.15);
    });
    expect(snrs.at(-1)).toBeGreaterThan(snrs[0]! + 0.5);
  });

  it.each([0, 10, 1.5])('refuses effort %f', (effort) => {
    expect(() => refineSearch(plain, effort)).toThrow(RangeError);
  });

  it('gives a block of zeros no scale, and symbols that the alphabet has', () => {
    const search = prepared(plain, [new Float64Array(64), ...targetsOf(plain, 3)]);
    expect(search.amplitude(new Float64Array(64))).toBe(0);
    const symbols = new Int8Array(130).fill(7);
    expect(search.quantize(new Float64Array(64), -8, symbols, 1)).toEqual({ mantissa: 0, mean: 0 });
    expect([symbols[0], symbols[129]]).toEqual([7, 7]);
    expect(new Set(symbols.subarray(1, 129))).toEqual(new Set([alphabet === 'ternary' ? 0 : 1]));
  });

  it('can be prepared from zeros, or from nothing', () => {
    for (const sample of [[], [new Float64Array(64)]]) {
      const target = targetOf(64, 1);
      const search = prepared(plain, sample);
      const exponent = exponentOf(search, [target]);
      const { mantissa, symbols } = quantized(search, 128, target, exponent);
      expect(errorOf(plain, target, mantissa * 2 ** exponent, symbols)).toBeLessThan(0.12 * energy(target, null));
    }
  });

  // Mantissas of 1 to 4 for a block so much smaller than the linear's largest, and then those that are too small.
  it.each([
    [50, { ternary: 0.04, binary: 0.12 }],
    [100, { ternary: 0.04, binary: 0.13 }],
    [200, { ternary: 0.04, binary: 0.13 }],
    [1000, { ternary: 0.9, binary: 1 }],
    [1e6, { ternary: 1, binary: 1 }],
  ])('makes the best of a mantissa for a block %f times smaller than the largest', (ratio, most) => {
    for (const problem of [plain, { ...plain, metric: metricOf(64, 9) }]) {
      const targets = targetsOf(problem, 12);
      const search = prepared(problem, targets);
      const exponent = exponentOf(search, targets);
      let error = 0;
      let whole = 0;
      for (const target of targets.map((values) => values.map((value) => value / ratio))) {
        const { mantissa, symbols } = quantized(search, 128, target, exponent);
        const scale = mantissa * 2 ** exponent;
        // So few that rounding matters.
        expect(mantissa).toBeLessThan(8);
        const own = errorOf(problem, target, scale, symbols);
        expect(own).toBeLessThanOrEqual(energy(target, problem.metric));
        if (mantissa > 0) expect(Math.min(...changes(problem, target, scale, symbols))).toBeGreaterThan(-ROUNDING);
        error += own;
        whole += energy(target, problem.metric);
      }
      expect(error / whole).toBeLessThanOrEqual(most[alphabet]);
    }
  });

  it('settles for the largest mantissa where the exponent is too small', () => {
    const targets = targetsOf(plain, 4);
    const search = prepared(plain, targets);
    const exponent = exponentOf(search, targets) - 1;
    let clipped = 0;
    for (const target of targets) {
      const { mantissa, symbols } = quantized(search, 128, target, exponent);
      if (mantissa < 255) continue;
      clipped++;
      expect(mantissa).toBe(255);
      expect(Math.min(...changes(plain, target, 255 * 2 ** exponent, symbols))).toBeGreaterThan(-ROUNDING);
    }
    expect(clipped).toBeGreaterThan(0);
  });

  it('gives the same as another search that resumes from what it learned', () => {
    const targets = targetsOf(plain, 6);
    const search = refineSearch(plain, DEFAULT_EFFORT);
    const learned = search.prepare(targets);
    const other = refineSearch(plain, DEFAULT_EFFORT);
    other.resume(structuredClone(learned));
    for (const target of targets) {
      expect(other.amplitude(target)).toBe(search.amplitude(target));
      expect(quantized(other, 128, target, -9)).toEqual(quantized(search, 128, target, -9));
    }
  });

  it('gives the same again, and whatever other searches of the thread do in between', () => {
    const run = ({ problem }: { problem: SearchProblem }) => {
      const targets = targetsOf(problem, 5);
      const search = prepared(problem, targets);
      return { targets, search, exponent: exponentOf(search, targets), samples: problem.samples };
    };
    const alone = problems.map((problem) => {
      const { targets, search, exponent, samples } = run(problem);
      return targets.map((target) => quantized(search, samples, target, exponent));
    });
    const together = problems.map(run);
    for (let i = 0; i < 5; i++) {
      together.forEach(({ targets, search, exponent, samples }, at) => {
        expect(quantized(search, samples, targets[i]!, exponent)).toEqual(alone[at]![i]);
      });
    }
  });

  it('changes to another metric, and back', () => {
    const targets = targetsOf(plain, 8);
    const search = prepared(plain, targets);
    const all = () => targets.map((target) => quantized(search, 128, target, -11));
    const before = all();
    const metric = metricOf(64, 9);
    search.useMetric!(metric);
    const within = all();
    const errorIn = (found: typeof before): number =>
      found.reduce((sum, { mantissa, symbols }, i) => {
        return sum + errorOf({ ...plain, metric }, targets[i]!, mantissa * 2 ** -11, symbols);
      }, 0);
    expect(errorIn(within)).toBeLessThan(0.9 * errorIn(before));
    search.useMetric!(null);
    expect(all()).toEqual(before);
  });
});
