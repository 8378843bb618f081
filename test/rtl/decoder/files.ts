/** Words in files that the benches of the decoder's units read. */

import type { Tables } from '../../../sim/golden/tables.js';

/** Numbers of `bits` bits each in one, low end first. */
export function packed(numbers: ArrayLike<number>, bits: number): bigint {
  return Array.from(numbers).reduceRight((all, n) => (all << BigInt(bits)) | BigInt.asUintN(bits, BigInt(n)), 0n);
}

/** Words of the table port: write enables, address, entry. */
export function tableEntries({ reciprocalRoot, sigmoid, sine, ropeStep }: Tables): bigint[] {
  const of = (select: number, first: number, table: ArrayLike<number>): bigint[] =>
    Array.from(table, (entry, i) => (BigInt((1 << select) * 65536 + first + i) << 32n) | BigInt(entry));
  return [...of(0, 256, reciprocalRoot), ...of(1, 0, sigmoid), ...of(2, 0, sine), ...of(3, 0, ropeStep)];
}
