import { type Comparison, describeMismatch } from '../session/compare.js';

/** Where board and golden model differ, of the mismatches that were kept after the first `seen`: a sentence. */
export function differenceSince({ mismatches }: Comparison, seen: number): string {
  const first = mismatches[seen];
  return first ? `${describeMismatch(first)}.` : 'Like the differences before.';
}
