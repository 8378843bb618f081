/** What the harness writes of a decoder's trace ports, with --trace: sim/harness/main.cpp. All numbers are little-endian. */

import type { MachineWidths } from '../../../generator/schedule/machine.js';

export type TraceEvent =
  /** An instruction is issued. */
  | { readonly kind: 'issue'; readonly entry: number; readonly layer: number; readonly position: number }
  /** A word of the vector RAM is written. */
  | { readonly kind: 'vector'; readonly address: number; readonly values: Int32Array }
  /** CUT writes mantissas. */
  | { readonly kind: 'mantissas'; readonly space: number; readonly values: Int16Array }
  /** Results of the array are taken; behind the last of a linear's there may be anything. */
  | { readonly kind: 'results'; readonly values: Int32Array }
  /** A score is stored. */
  | { readonly kind: 'scores'; readonly values: Int32Array };

const [ISSUE, VECTOR, MANTISSAS, RESULT, SCORE] = [1, 2, 3, 4, 5];

/** @param widths of the machine: elements of a word, and results at a time @throws RangeError if the bytes are no whole events */
export function* traceEvents(
  bytes: Uint8Array,
  { values, drain }: Pick<MachineWidths, 'values' | 'drain'>,
): Generator<TraceEvent> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): number => {
    const first = at;
    at += count;
    return first;
  };
  while (at < bytes.length) {
    const kind = view.getUint8(take(1));
    if (kind === ISSUE) {
      const first = take(5);
      yield {
        kind: 'issue',
        entry: view.getUint16(first, true),
        layer: view.getUint8(first + 2),
        position: view.getUint16(first + 3, true),
      };
    } else if (kind === VECTOR) {
      const address = view.getUint16(take(2), true);
      yield {
        kind: 'vector',
        address,
        values: Int32Array.from({ length: values }, () => view.getInt32(take(4), true)),
      };
    } else if (kind === MANTISSAS) {
      const space = view.getUint8(take(1));
      yield {
        kind: 'mantissas',
        space,
        values: Int16Array.from({ length: values }, () => view.getInt16(take(2), true)),
      };
    } else if (kind === RESULT) {
      yield { kind: 'results', values: Int32Array.from({ length: drain }, () => view.getInt32(take(4), true)) };
    } else if (kind === SCORE) {
      yield { kind: 'scores', values: Int32Array.of(view.getInt32(take(4), true)) };
    } else {
      throw new RangeError(`there is no trace event ${kind}`);
    }
  }
}
