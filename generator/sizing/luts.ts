/**
 * The cost model: LUTs that the parts of an accelerator take, by family. Its numbers are fitted to what Yosys counts;
 * `npm run bench -- luts engines` prints both side by side, and test/full/cost-model.test.ts holds them together.
 */

import type { PlanArray, PlanDecoder } from '../plan/types.js';
import type { FrameWidth } from './framing.js';
import { ROWS_PER_BYTE } from './shape.js';
import { tableWordBytes } from './table.js';

/** Families whose LUTs differ in what they hold. */
export type LutFamily = 'ice40' | 'ecp5' | 'xilinx';

/** What the cost of a part depends on of a board. */
export interface LutTarget {
  /** A board that is only simulated counts as one of a family with its kind of LUT. */
  readonly family?: LutFamily | 'sim';
  /** Inputs of a LUT. */
  readonly lutInputs: 4 | 6;
}

/** The family whose numbers a target is sized with. */
export function lutFamily({ family = 'sim', lutInputs }: LutTarget): LutFamily {
  if (family !== 'sim') return family;
  return lutInputs === 6 ? 'xilinx' : 'ecp5';
}

interface EngineCosts {
  /** Per symbol and clock: its decoder or look-up, and its node of the adder tree. */
  readonly mac: number;
  /** Per lane: table writer, and host port and registers of the samples. */
  readonly lane: number;
  /** Per row: block total, its place in the shift register of the phases, and host port of its scale. */
  readonly row: number;
  /** Per scale unit, with its accumulator. */
  readonly scaleUnit: number;
  /** Per byte of a word of weights: the host port's write enable and its part of the multiplexer. */
  readonly weightByte: number;
  /** Sequencer, results, run control, and the addresses of the memories. */
  readonly control: number;
}

/** The table engine of the iCE40, which has no LUT-RAM, is an extrapolation that sizing does not use. */
const ENGINE_COSTS: Readonly<Record<'adder' | 'table', Readonly<Record<LutFamily, EngineCosts>>>> = {
  adder: {
    ice40: { mac: 28.7, lane: 10, row: 50, scaleUnit: 200, weightByte: 12, control: 700 },
    ecp5: { mac: 19.2, lane: 10, row: 50, scaleUnit: 445, weightByte: 12, control: 895 },
    xilinx: { mac: 11, lane: 5, row: 30, scaleUnit: 160, weightByte: 5, control: 650 },
  },
  table: {
    ice40: { mac: 25.5, lane: 18, row: 100, scaleUnit: 200, weightByte: 12, control: 1530 },
    ecp5: { mac: 25.5, lane: 18, row: 100, scaleUnit: 445, weightByte: 12, control: 1730 },
    xilinx: { mac: 6, lane: 12, row: 45, scaleUnit: 160, weightByte: 5, control: 1110 },
  },
};

/**
 * LUTs of the frame unit with its memories' ports: per number of a transform's word (signs, level, magnitude), per sample
 * that is rounded in a cycle, and of its control.
 */
const FRAME_COSTS: Readonly<
  Record<LutFamily, { readonly value: number; readonly sample: number; readonly control: number }>
> = {
  ice40: { value: 149, sample: 68, control: 270 },
  ecp5: { value: 149, sample: 68, control: 240 },
  xilinx: { value: 75, sample: 33, control: 390 },
};

/** LUTs of an engine of this size, without frame unit and host link. */
export function arrayLuts(array: PlanArray, units: number, target: LutTarget): number {
  const { lanes, rows, engine = 'adder' } = array;
  const cost = ENGINE_COSTS[engine][lutFamily(target)];
  const weightBytes = engine === 'table' ? tableWordBytes(array) : (lanes * rows) / ROWS_PER_BYTE;
  return Math.round(
    lanes * rows * cost.mac +
      lanes * cost.lane +
      rows * cost.row +
      units * cost.scaleUnit +
      weightBytes * cost.weightByte +
      cost.control,
  );
}

/** LUTs of a frame unit. */
export function frameLuts(unit: FrameWidth, target: LutTarget): number {
  const cost = FRAME_COSTS[lutFamily(target)];
  return unit.values * cost.value + unit.samples * cost.sample + cost.control;
}

/**
 * LUTs of the decoder's units: per element of the vector unit, with the sequencer's logits; of its control; of attention per
 * multiplier, and the rest; of sequencer and memories. Those of the iCE40, on which no decoder fits, are the ECP5's.
 */
const DECODER_COSTS: Readonly<
  Record<
    LutFamily,
    {
      readonly value: number;
      readonly vector: number;
      readonly multiplier: number;
      readonly attention: number;
      readonly sequencer: number;
    }
  >
> = {
  ice40: { value: 2200, vector: 2320, multiplier: 490, attention: 2570, sequencer: 1150 },
  ecp5: { value: 2200, vector: 2320, multiplier: 490, attention: 2570, sequencer: 1150 },
  xilinx: { value: 1480, vector: 1630, multiplier: 316, attention: 1470, sequencer: 475 },
};

/** LUTs of the decoder on the device, without array and host link. */
export function decoderLuts({ values, attention }: PlanDecoder, target: LutTarget): number {
  const cost = DECODER_COSTS[lutFamily(target)];
  return cost.vector + values * cost.value + cost.attention + attention * cost.multiplier + cost.sequencer;
}

/** Multipliers of 18 × 18 bits of the decoder's units; the array and its scale units have none. See docs/decoder.md. */
export function decoderMultipliers({ values, attention }: PlanDecoder): number {
  return 2 * values + 4 + 2 * attention + 6;
}
