/** FFT resampling as a dense matrix (the semantics of scipy.signal.resample for real input without a window). */

const cache = new Map<string, Float64Array>();

/**
 * cos(2π · turn / turns) for integers, from additions, multiplications and divisions alone, so that every platform gets
 * the same bits (Math.cos may differ in the last one): a table derived from it can be recomputed anywhere. Error below
 * 2 ulp of 1.
 */
export function cosOfTurn(turn: number, turns: number): number {
  // Work in eighths of a turn, exactly: the Taylor series is then only needed below π/4.
  let numerator = ((turn % turns) + turns) % turns;
  if (2 * numerator > turns) numerator = turns - numerator;
  const negative = 4 * numerator > turns;
  // Distances from 0 (cosine) and from a quarter turn (sine), both in units of 1 / (4 · turns).
  const fromZero = negative ? 2 * turns - 4 * numerator : 4 * numerator;
  const fromQuarter = turns - fromZero;
  const useSine = fromQuarter < fromZero;
  const angle = ((useSine ? fromQuarter : fromZero) / turns) * (Math.PI / 2);
  const square = angle * angle;
  let sum = 0;
  for (let order = 20; order >= 2; order -= 2) {
    const divisor = useSine ? order * (order + 1) : order * (order - 1);
    sum = ((1 + sum) * -square) / divisor;
  }
  const magnitude = useSine ? angle * (1 + sum) : 1 + sum;
  return negative ? -magnitude : magnitude;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * The matrix R (to × from, row-major) with y = R · x for `from` real samples x resampled to `to` samples y by
 * truncating or zero-padding the spectrum. When the shorter length is even, its Nyquist bin stands for both ends of the
 * spectrum: it is halved when padding, and doubled when truncating. Computed once per pair of lengths; treat it as
 * read-only. Throws a RangeError unless both lengths are positive integers.
 */
export function resampleMatrix(from: number, to: number): Float64Array {
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to < 1) {
    throw new RangeError(`cannot resample ${from} samples to ${to}`);
  }
  const key = `${from}:${to}`;
  const known = cache.get(key);
  if (known !== undefined) return known;

  const shorter = Math.min(from, to);
  const turns = (from / greatestCommonDivisor(from, to)) * to;
  const cosines = new Float64Array(turns);
  for (let t = 0; t < turns; t++) cosines[t] = cosOfTurn(t, turns);
  // The response to an impulse depends on the distance between output and input time alone, except for the Nyquist bin.
  const response = new Float64Array(turns);
  for (let t = 0; t < turns; t++) {
    let sum = 0;
    for (let k = Math.floor((shorter - 1) / 2); k >= 1; k--) sum += cosines[(k * t) % turns]!;
    response[t] = 1 + 2 * sum;
  }
  const matrix = new Float64Array(to * from);
  const nyquist = shorter % 2 === 0 ? shorter / 2 : 0;
  const nyquistGain = to < from ? 2 : 1;
  for (let m = 0; m < to; m++) {
    for (let i = 0; i < from; i++) {
      const distance = (((m * turns) / to - (i * turns) / from) % turns) + turns;
      let sum = response[distance % turns]!;
      if (nyquist > 0) {
        // The real part of the input's bin, placed at the same bin of the output.
        const input = cosines[(nyquist * i * (turns / from)) % turns]!;
        const output = cosines[(nyquist * m * (turns / to)) % turns]!;
        sum += nyquistGain * input * output;
      }
      matrix[m * from + i] = sum / from;
    }
  }
  cache.set(key, matrix);
  return matrix;
}

/** y = matrix · x for a matrix of `y.length` rows and `x.length` columns, row-major. */
export function applyMatrix(matrix: Float64Array, x: Float64Array, y: Float64Array): void {
  const columns = x.length;
  for (let row = 0, at = 0; row < y.length; row++) {
    let sum = 0;
    for (let i = 0; i < columns; i++, at++) sum += matrix[at]! * x[i]!;
    y[row] = sum;
  }
}
