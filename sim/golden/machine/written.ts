import { type Instruction, operand, SPACES, type Space } from '../../../generator/schedule/instructions.js';
import type { Machine } from '../../../generator/schedule/machine.js';
import { roundUpTo } from '../../../generator/sizing/integers.js';
import type { MachineState } from './state.js';

/** What an instruction writes that others read as numbers: words of the vector RAM, mantissas, results of the array, or scores. */
export type Written =
  | { readonly kind: 'vector'; readonly address: number; readonly values: Int32Array }
  | { readonly kind: 'mantissas'; readonly space: Space; readonly values: Int16Array | Int8Array }
  | { readonly kind: 'results'; readonly values: Int32Array }
  | { readonly kind: 'scores'; readonly values: Int32Array };

/**
 * What an instruction has written, as a copy; null if it writes none of that. To be called before the next one is executed.
 * @param results those of a RUN
 */
export function writtenBy(
  instruction: Instruction,
  results: Int32Array | null,
  machine: Machine,
  state: MachineState,
): Written | null {
  if (results !== null) return { kind: 'results', values: results.slice() };
  const vector = (length: number): Written => {
    const address = operand(instruction, 'target');
    const first = address * machine.widths.values;
    return { kind: 'vector', address, values: state.vectors.slice(first, first + length) };
  };
  switch (instruction.opcode) {
    case 'ROW':
    case 'PASS':
    case 'CENTER':
    case 'WEIGHT':
    case 'ALIGN':
    case 'ROTATE':
    case 'GATE':
    case 'PRODUCT':
      return vector(operand(instruction, 'length'));
    case 'MIX':
      return vector(machine.config.headDim);
    case 'MATRIX':
      return operand(instruction, 'out') === 1 ? null : vector(operand(instruction, 'rows'));
    case 'SCORE':
      return { kind: 'scores', values: scores(instruction, machine, state) };
    case 'CUT':
      return { kind: 'mantissas', ...mantissas(instruction, machine, state) };
    default:
      return null;
  }
}

/** Of the positions up to this one. */
function scores(instruction: Instruction, { config: { context } }: Machine, state: MachineState): Int32Array {
  const first = (operand(instruction, 'head') & 1) * context;
  return state.scores.slice(first, first + state.position + 1);
}

/** Segments of keys and values lie apart in their caches; the frame's last block is written to its end. */
function mantissas(
  instruction: Instruction,
  { config, block }: Machine,
  state: MachineState,
): { space: Space; values: Int16Array | Int8Array } {
  const space = SPACES[operand(instruction, 'space')]!;
  const length = operand(instruction, 'length');
  if (space === 'frame') return { space, values: state.frame.values.slice(0, roundUpTo(length, block)) };
  if (space === 'query') return { space, values: state.query.values.slice(0, length) };
  const { kvHeads, headDim, context } = config;
  const cache = space === 'keys' ? state.keys : state.values;
  const values = space === 'keys' ? new Int16Array(length) : new Int8Array(length);
  for (let head = 0; head < kvHeads; head++) {
    const first = ((state.layer * kvHeads + head) * context + state.position) * headDim;
    values.set(cache.subarray(first, first + headDim), head * headDim);
  }
  return { space, values };
}
