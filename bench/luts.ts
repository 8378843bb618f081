/** LUTs of the arrays with their decoders or table writers, and of the decoder: what docs/rtl.md quotes. */

import type { PlanArray } from '../generator/plan/types.js';
import type { Target } from '../generator/synth/targets.js';
import { DECODER_SIZES, synthesizeDecoder } from './support/decoder-units.js';
import {
  ENGINE_LINEARS,
  ENGINE_SIZES,
  synthesizeArray,
  synthesizeEngine,
  synthesizeModule,
} from './support/synthesis.js';

interface Measure {
  readonly name: string;
  readonly array: PlanArray;
  readonly target: Target;
  readonly flags: string;
  /** LUTs per addition and clock. */
  readonly most: number;
}

const ADDERS = { lanes: 32, rows: 20 };
const TABLES = { lanes: 32, rows: 18, engine: 'table' } as const;

const MEASURES: readonly Measure[] = [
  { name: 'adder engine, LUT6', array: ADDERS, target: 'xilinx', flags: '', most: 15 },
  { name: 'adder engine, LUT6, -abc9', array: ADDERS, target: 'xilinx', flags: '-abc9', most: 15 },
  { name: 'table engine, LUT6', array: TABLES, target: 'xilinx', flags: '', most: 7.5 },
  { name: 'table engine, LUT6, -abc9', array: TABLES, target: 'xilinx', flags: '-abc9', most: 7.5 },
  { name: 'adder engine, iCE40', array: ADDERS, target: 'ice40', flags: '', most: 30 },
  { name: 'adder engine, ECP5', array: ADDERS, target: 'ecp5', flags: '', most: 30 },
];
const MOST_PER_BYTE = 22;

/**
 * Prints each measure with its limit; a few minutes each.
 * @param what instead, beside what the cost model predicts, `engines`: whole engines; `decoder`: the decoder's units, of one
 *   family if `family` says so
 */
export async function main(what?: string, family?: string): Promise<void> {
  if (what === 'engines') return await compareEngines();
  if (what === 'decoder') return await compareDecoders(family);
  const decoder = await synthesizeModule('sdq_base3_decode', {}, 'xilinx');
  report('base-3 decoder, LUT6 per byte', decoder.luts, MOST_PER_BYTE, '');
  for (const { name, array, target, flags, most } of MEASURES) {
    const { luts, lutRams, dsps } = await synthesizeArray(array, target, flags);
    const { lanes, rows } = array;
    report(
      `${name}: per addition and clock`,
      luts / (lanes * rows),
      most,
      `${lanes} × ${rows}, ${luts} LUTs, ${lutRams} of them LUT-RAM, ${dsps} DSPs`,
    );
  }
}

async function compareEngines(): Promise<void> {
  for (const { target, array } of ENGINE_SIZES) {
    const { measured, predicted } = await synthesizeEngine(ENGINE_LINEARS, array, target);
    const { lanes, rows, engine = 'adder', frame } = array;
    const unit = frame === undefined ? '' : ` with a frame unit of ${frame}`;
    const ratio = (measured.luts / predicted).toFixed(2);
    console.log(
      `${engine} engine${unit}, ${target}, ${lanes} × ${rows}: ${measured.luts} LUTs, ${predicted} predicted, ratio ${ratio}`,
    );
  }
}

async function compareDecoders(family?: string): Promise<void> {
  for (const { target, widths } of DECODER_SIZES.filter((size) => family === undefined || size.target === family)) {
    const { units, measured, predicted } = await synthesizeDecoder(widths, target);
    console.log(
      `${target}, W ${widths.values}, A ${widths.attention}: LUTs, LUT-RAM of these, flip-flops, block RAMs, DSPs`,
    );
    for (const [name, { luts, lutRams, ffs, brams, dsps }] of Object.entries({ ...units, all: measured })) {
      console.log(
        `  ${name.padEnd(24)}${[luts, lutRams, ffs, brams, dsps].map((n) => String(n).padStart(8)).join('')}`,
      );
    }
    const { luts, brams, dsps } = predicted;
    console.log(`  ${'predicted'.padEnd(24)}${[luts, '', '', brams, dsps].map((n) => String(n).padStart(8)).join('')}`);
  }
}

function report(name: string, value: number, most: number, detail: string): void {
  console.log(
    `${name}: ${value.toFixed(2)} (${value <= most ? 'at most' : 'MORE THAN'} ${most})${detail && `; ${detail}`}`,
  );
}
