import { Comparison, describeMismatch } from '../session/compare.js';

/** Where board and golden model differ, of the mismatches that were kept after the first `seen`. */
export function differenceSince({ mismatches }: Comparison, seen: number): string {
  const first = mismatches[seen];
  return first ? describeMismatch(first) : `more than ${Comparison.KEPT} values by now`;
}
