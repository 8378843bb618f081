/** A possible merge of the token at place `left` with its right neighbour. */
interface Candidate {
  readonly score: number;
  readonly left: number;
  readonly right: number;
  /** What the two were when this was noted; if they are no longer so, the candidate is void. */
  readonly leftId: number;
  readonly rightId: number;
  readonly mergedId: number;
}

/**
 * Merges adjacent tokens, always the pair whose merged token has the best score, the leftmost of equals, until none
 * can be merged. The result is that of searching the whole sequence anew for each merge; a heap of candidates makes
 * it O(n log n).
 *
 * @param ids the sequence
 * @param findMerge the token that two tokens make, with its score, or null
 */
export function mergeByScore(
  ids: readonly number[],
  findMerge: (left: number, right: number) => { readonly id: number; readonly score: number } | null,
): number[] {
  const tokens = [...ids];
  const end = tokens.length;
  // Neighbours of each place; a merged pair lives on in its left place.
  const next = Int32Array.from(tokens, (_, place) => place + 1);
  const previous = Int32Array.from(tokens, (_, place) => place - 1);
  const heap: Candidate[] = [];

  const note = (left: number): void => {
    const right = left < 0 ? end : next[left]!;
    if (right === end) return;
    const merge = findMerge(tokens[left]!, tokens[right]!);
    if (merge === null) return;
    const { id: mergedId, score } = merge;
    pushHeap(heap, { score, left, right, leftId: tokens[left]!, rightId: tokens[right]!, mergedId });
  };
  for (let place = 0; place < end - 1; place++) note(place);

  for (let best = popHeap(heap); best !== undefined; best = popHeap(heap)) {
    const { left, right, leftId, rightId, mergedId } = best;
    if (tokens[left] !== leftId || tokens[right] !== rightId || next[left] !== right) continue;
    const after = next[right]!;
    tokens[left] = mergedId;
    tokens[right] = GONE;
    next[left] = after;
    if (after < end) previous[after] = left;
    note(previous[left]!);
    note(left);
  }
  return tokens.filter((id) => id !== GONE);
}

const GONE = -1;

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}

function pushHeap(heap: Candidate[], item: Candidate): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(item, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

function popHeap(heap: Candidate[]): Candidate | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (heap.length === 0 || last === undefined) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
