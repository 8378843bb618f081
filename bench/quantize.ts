/** Accuracy and time of the quantizer on Gaussian rows: the table of SNR against over-sampling ratio. */

import type { PlanLinear, PlanTail } from '../generator/plan/types.js';
import { type QuantizeLinearOptions, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns } from '../generator/quantize/signs.js';

interface Method {
  readonly name: string;
  readonly frame: PlanLinear['frame'];
  readonly options: QuantizeLinearOptions;
  /** Gain shift of segment k. */
  readonly gain?: (segment: number) => number;
}

const METHODS: readonly Method[] = [
  { name: 'published', frame: 'fourier', options: { search: 'sigma-delta', sigmaDelta: { searchScales: 'none' } } },
  { name: 'published, searched', frame: 'fourier', options: { search: 'sigma-delta' } },
  { name: 'hadamard, no gains', frame: 'hadamard', options: { search: 'refine' } },
  { name: 'hadamard, gains', frame: 'hadamard', options: { search: 'refine' }, gain: (segment) => segment },
];
const RATIOS = [1, 1.5, 2, 2.5, 3, 4];
const BLOCK = 128;

/** Normally distributed weights of deviation 0.05, the same in every run. */
function gaussianWeights(count: number): Float32Array {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => 0.05 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

function planOf(rows: number, cols: number, osr: number, alphabet: PlanLinear['alphabet'], method: Method): PlanLinear {
  const samples = Math.floor(BLOCK * osr);
  const segments = Math.ceil(samples / BLOCK);
  const rest = cols % BLOCK;
  const tail: PlanTail | null =
    rest === 0 || method.frame === 'fourier'
      ? null
      : { cols: rest, size: 2 ** Math.ceil(Math.log2(rest)), samples: Math.ceil(osr * rest) };
  return {
    name: 'layers.0.fc1',
    layer: 0,
    role: 'fc1',
    rows,
    cols,
    osr,
    block: BLOCK,
    samples,
    tail,
    alphabet,
    frame: method.frame,
    signSeed: 1,
    packing: alphabet === 'ternary' ? 'base3' : 'bits',
    gainShifts: Array.from({ length: segments }, (_, k) => method.gain?.(k) ?? 0),
  };
}

/** Prints one line per alphabet, ratio and method: dB, and weights per second. */
export function main(rows = 64, cols = 1024): void {
  const weights = gaussianWeights(rows * cols);
  const signs = drawSigns(1, Math.ceil(Math.max(...RATIOS)), BLOCK);
  for (const alphabet of ['ternary', 'binary'] as const) {
    for (const osr of RATIOS) {
      const cells = METHODS.map((method) => {
        const start = performance.now();
        const { snrDb } = quantizeLinear(weights, planOf(rows, cols, osr, alphabet, method), signs, method.options);
        const rate = weights.length / (performance.now() - start);
        return `${method.name} ${snrDb.toFixed(2)} dB, ${rate.toFixed(0)} k weights/s`;
      });
      console.log(`${alphabet} OSR ${osr}: ${cells.join(' | ')}`);
    }
  }
}
