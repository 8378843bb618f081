import { InputError } from '../errors.js';
import { blockCount, blocksOf, symbolsPerRow } from '../plan/blocks.js';
import type { PlanLinear } from '../plan/types.js';
import { blockKinds } from '../sizing/shape.js';

const POWERS_OF_3 = [1, 3, 9, 27, 81];

/** Bytes that `samples` symbols of one row and block take. */
export function packedBytes(linear: Pick<PlanLinear, 'packing'>, samples: number): number {
  return Math.ceil(samples / (linear.packing === 'base3' ? 5 : 8));
}

/** Bytes of a linear in the image, by part. */
export function linearBytes(linear: PlanLinear): { symbols: number; scales: number; means: number } {
  const perRow = blockKinds(linear).reduce((sum, { count, samples }) => sum + count * packedBytes(linear, samples), 0);
  const scales = linear.rows * blockCount(linear);
  return { symbols: linear.rows * perRow, scales, means: linear.frame === 'fourier' ? scales : 0 };
}

/**
 * Packs symbols in the image's canonical order: rows, blocks, samples; each row and block starts at a byte.
 * base3: symbol 5i + k of a block adds (symbol + 1) · 3^k to byte i, missing symbols count as 0 (symbol −1 is code 0).
 * bits: bit k of byte i is 1 for symbol 8i + k = +1.
 *
 * @throws RangeError if the number of symbols is not that of the linear
 */
export function packSymbols(linear: PlanLinear, symbols: Int8Array): Uint8Array {
  const blocks = blocksOf(linear);
  if (symbols.length !== linear.rows * symbolsPerRow(linear)) {
    throw new RangeError(`${linear.name}: ${symbols.length} symbols are not those of ${linear.rows} rows`);
  }
  const packed = new Uint8Array(linearBytes(linear).symbols);
  const base3 = linear.packing === 'base3';
  const perByte = base3 ? 5 : 8;
  let from = 0;
  let to = 0;
  for (let r = 0; r < linear.rows; r++) {
    for (const { samples } of blocks) {
      for (let first = 0; first < samples; first += perByte) {
        let byte = 0;
        const count = Math.min(perByte, samples - first);
        for (let k = 0; k < count; k++) {
          const symbol = symbols[from++]!;
          byte += base3 ? (symbol + 1) * POWERS_OF_3[k]! : symbol > 0 ? 1 << k : 0;
        }
        packed[to++] = byte;
      }
    }
  }
  return packed;
}

/** The inverse of packSymbols. @throws InputError on a byte that no five ternary symbols make */
export function unpackSymbols(linear: PlanLinear, packed: Uint8Array): Int8Array {
  const blocks = blocksOf(linear);
  const symbols = new Int8Array(linear.rows * symbolsPerRow(linear));
  const base3 = linear.packing === 'base3';
  const perByte = base3 ? 5 : 8;
  let to = 0;
  let from = 0;
  for (let r = 0; r < linear.rows; r++) {
    for (const { samples } of blocks) {
      for (let first = 0; first < samples; first += perByte) {
        let byte = packed[from++]!;
        if (base3 && byte > 242) {
          throw new InputError(
            `${linear.name}: symbol byte ${from - 1} is ${byte}, more than five ternary symbols make`,
          );
        }
        const count = Math.min(perByte, samples - first);
        for (let k = 0; k < count; k++) {
          if (base3) {
            symbols[to++] = (byte % 3) - 1;
            byte = Math.floor(byte / 3);
          } else {
            symbols[to++] = (byte >> k) & 1 ? 1 : -1;
          }
        }
      }
    }
  }
  return symbols;
}
