/** Tiling: from a linear's canonical symbols and scales to the bytes of the engine's memories. */

import { blockCount, blocksOf, symbolsPerRow } from '../plan/blocks.js';
import type { Plan, PlanArray, PlanLinear } from '../plan/types.js';
import type { QuantizedLinear } from '../quantize/types.js';
import { ceilDiv } from './integers.js';
import { linearWords } from './memory.js';
import { ROWS_PER_BYTE, rowGroups } from './shape.js';
import { TABLE_CODE_BITS, TABLE_LANES, tableCode, tableGroups, tableSpans } from './table.js';

/** The parts of a plan that place a linear in the memories. */
export type TilingPlan = Pick<Plan, 'array' | 'memory' | 'linears'>;

/** A run of bytes on the host link, as large as its words with their padding. */
export interface MemoryImage {
  /** First byte address. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

const POWERS_OF_THREE = [1, 3, 9, 27, 81];
/** Five symbols 0: Σ (0 + 1) · 3^i. */
const ZERO_BYTE = 121;

/**
 * Weights of a linear in order of the memory: block, row group, beat; one word per beat, padded to the region's stride. For
 * the table engine: block, span of row groups, beat, row group; a word holds the codes of three symbols of each row. Rows
 * and samples that do not exist hold symbol 0 (ternary) or cleared bits (binary).
 *
 * @param symbols rows × symbols per row, as in QuantizedLinear
 * @throws RangeError if the number of symbols is not that of the linear
 */
export function tileWeights(plan: TilingPlan, linear: PlanLinear, symbols: Int8Array): Uint8Array {
  const { lanes, rows: arrayRows } = plan.array;
  const { stride, wordBytes } = plan.memory.weights;
  const perRow = symbolsPerRow(linear);
  if (symbols.length !== linear.rows * perRow) {
    throw new RangeError(`${linear.name}: ${symbols.length} symbols instead of ${linear.rows} × ${perRow}`);
  }
  if (plan.array.engine === 'table') return tileCodes(plan, linear, symbols);
  const ternary = linear.alphabet === 'ternary';
  const laneBytes = arrayRows / ROWS_PER_BYTE;
  const groups = rowGroups(linear, plan.array);
  const bytes = new Uint8Array(linearWords(linear, plan.array).weights * stride);
  if (ternary) {
    for (let word = 0; word < bytes.length; word += stride) bytes.fill(ZERO_BYTE, word, word + wordBytes);
  }
  let blockWord = 0;
  for (const { samples, symbolOffset } of blocksOf(linear)) {
    const beats = ceilDiv(samples, lanes);
    for (let row = 0; row < linear.rows; row++) {
      const inGroup = row % arrayRows;
      const groupByte = (blockWord + ((row - inGroup) / arrayRows) * beats) * stride;
      const power = POWERS_OF_THREE[inGroup % ROWS_PER_BYTE]!;
      const rowByte = Math.floor(inGroup / ROWS_PER_BYTE);
      const source = row * perRow + symbolOffset;
      for (let j = 0; j < samples; j++) {
        const lane = j % lanes;
        const word = groupByte + ((j - lane) / lanes) * stride;
        const symbol = symbols[source + j]!;
        if (ternary) {
          bytes[word + lane * laneBytes + rowByte]! += symbol * power;
        } else if (symbol > 0) {
          const bit = lane * arrayRows + inGroup;
          bytes[word + (bit >> 3)]! |= 1 << (bit & 7);
        }
      }
    }
    blockWord += beats * groups;
  }
  return bytes;
}

/** `tileWeights` for the table engine. */
function tileCodes(plan: TilingPlan, linear: PlanLinear, symbols: Int8Array): Uint8Array {
  const { lanes, rows: arrayRows } = plan.array;
  const { stride } = plan.memory.weights;
  const perRow = symbolsPerRow(linear);
  const groups = rowGroups(linear, plan.array);
  const spans = tableSpans(groups);
  const tables = tableGroups(plan.array);
  const bytes = new Uint8Array(linearWords(linear, plan.array).weights * stride);
  let blockWord = 0;
  for (const { samples, symbolOffset } of blocksOf(linear)) {
    const beats = ceilDiv(samples, lanes);
    for (let row = 0; row < linear.rows; row++) {
      const group = Math.floor(row / arrayRows);
      const inSpan = group % spans.groups;
      const spanGroup = group - inSpan;
      const turns = Math.min(spans.groups, groups - spanGroup);
      const source = row * perRow + symbolOffset;
      for (let beat = 0; beat < beats; beat++) {
        const word = (blockWord + spanGroup * beats + beat * turns + inSpan) * stride;
        const end = Math.min(samples, (beat + 1) * lanes);
        const symbol = (j: number): number => (j < end ? symbols[source + j]! : 0);
        for (let table = 0; table < tables; table++) {
          const j = beat * lanes + table * TABLE_LANES;
          const code = tableCode(symbol(j), symbol(j + 1), symbol(j + 2));
          const bit = TABLE_CODE_BITS * ((row % arrayRows) * tables + table);
          const shifted = code << (bit & 7);
          bytes[word + (bit >> 3)]! |= shifted & 0xff;
          if (shifted > 0xff) bytes[word + (bit >> 3) + 1]! |= shifted >> 8;
        }
      }
    }
    blockWord += beats * groups;
  }
  return bytes;
}

/**
 * Scales of a linear in order of the memory: block, row group; a word holds R mantissas, then (mode `fourier`) R means,
 * padded to the region's stride. Rows that do not exist hold 0.
 *
 * @throws RangeError if the number of scales or means is not rows × blocks
 */
export function tileScales(
  plan: TilingPlan,
  linear: PlanLinear,
  quantized: Pick<QuantizedLinear, 'scales' | 'means'>,
): Uint8Array {
  const arrayRows = plan.array.rows;
  const { stride } = plan.memory.scales;
  const blocks = blockCount(linear);
  const { scales, means } = quantized;
  if (scales.length !== linear.rows * blocks || (means !== null && means.length !== scales.length)) {
    throw new RangeError(`${linear.name}: scales and means must be ${linear.rows} × ${blocks}`);
  }
  const groups = rowGroups(linear, plan.array);
  const bytes = new Uint8Array(blocks * groups * stride);
  for (let row = 0; row < linear.rows; row++) {
    const inGroup = row % arrayRows;
    const group = (row - inGroup) / arrayRows;
    for (let block = 0; block < blocks; block++) {
      const word = (block * groups + group) * stride;
      bytes[word + inGroup] = scales[row * blocks + block]!;
      if (means !== null) bytes[word + arrayRows + inGroup] = means[row * blocks + block]!;
    }
  }
  return bytes;
}

/** First words of each linear in the weights and scales regions, in plan order. */
export function linearBases(
  linears: readonly PlanLinear[],
  array: PlanArray,
): { readonly weights: number; readonly scales: number }[] {
  let weights = 0;
  let scales = 0;
  return linears.map((linear) => {
    const base = { weights, scales };
    const words = linearWords(linear, array);
    weights += words.weights;
    scales += words.scales;
    return base;
  });
}

/** The images of linear `index` of a plan: its weights, then its scales. */
export function tileLinear(plan: TilingPlan, index: number, quantized: QuantizedLinear): MemoryImage[] {
  const linear = plan.linears[index];
  const base = linearBases(plan.linears.slice(0, index + 1), plan.array)[index];
  if (linear === undefined || base === undefined) throw new RangeError(`no linear ${index}`);
  const { weights, scales } = plan.memory;
  return [
    { address: weights.base + base.weights * weights.stride, bytes: tileWeights(plan, linear, quantized.symbols) },
    { address: scales.base + base.scales * scales.stride, bytes: tileScales(plan, linear, quantized) },
  ];
}
