/** The FPGA families that synthesis knows: how Yosys is asked, and what its cells take. */

import type { EstimateTarget } from '../sizing/estimate.js';

export const TARGETS = ['ice40', 'ecp5', 'xilinx'] as const;
export type Target = (typeof TARGETS)[number];

/** What a design takes of a device. */
export interface Resources {
  /** LUTs, those used as memory or shift registers included. */
  readonly luts: number;
  /** Of these, LUTs used as memory or shift registers. */
  readonly lutRams: number;
  readonly ffs: number;
  /** Block RAMs; half of a 36-kbit block counts one half. */
  readonly brams: number;
  readonly dsps: number;
}

/** Cells by type. */
export type CellCounts = Readonly<Record<string, number>>;

/** What an estimate needs to know of a family. */
export type Fabric = Pick<EstimateTarget, 'family' | 'lutInputs' | 'blockRam'>;

interface TargetFacts {
  readonly fabric: Fabric;
  /** Commands before synthesis. */
  readonly prepare: string;
  /** The synthesis command; `-top` follows. */
  readonly command: string;
  readonly luts: CellCounts;
  readonly lutRams: CellCounts;
  readonly brams: CellCounts;
  readonly dsps: CellCounts;
  readonly flipFlop: RegExp;
}

/** Only the iCE40 UltraPlus has the large memories that sdq_spram asks for. */
const NO_HUGE_RAM = 'setattr -unset ram_style */m:* a:ram_style=huge %i';
/** The iCE40 has no LUTs that are memory: what asks for them becomes registers. */
const NO_LUT_RAM = 'setattr -unset ram_style */m:* a:ram_style=distributed %i';

const FACTS: Readonly<Record<Target, TargetFacts>> = {
  ice40: {
    fabric: { family: 'ice40', lutInputs: 4, blockRam: { bits: 4096, width: 16 } },
    // Yosys merges the registers after a multiplier into its cell, and when there are two, 0.23 crashes and 0.55 leaves
    // the result undriven: a register that is kept is not merged.
    prepare: `${NO_LUT_RAM}; setattr -set keep 1 */w:product_q`,
    command: 'synth_ice40 -dsp',
    // A carry cell shares its place with the LUT of the same sum, which is counted.
    luts: { SB_LUT4: 1 },
    lutRams: {},
    brams: { SB_RAM40_4K: 1, SB_RAM40_4KNR: 1, SB_RAM40_4KNW: 1, SB_RAM40_4KNRNW: 1 },
    dsps: { SB_MAC16: 1 },
    flipFlop: /^SB_DFF/,
  },
  ecp5: {
    fabric: { family: 'ecp5', lutInputs: 4, blockRam: { bits: 18432, width: 36 } },
    prepare: NO_HUGE_RAM,
    command: 'synth_ecp5',
    // A carry cell is two LUTs with the carry chain between them.
    luts: { LUT4: 1, CCU2C: 2 },
    // Four LUTs hold the bits; the write port takes the inputs of two more.
    lutRams: { TRELLIS_DPR16X4: 6 },
    brams: { DP16KD: 1, PDPW16KD: 1 },
    dsps: { MULT18X18D: 1 },
    flipFlop: /^TRELLIS_FF$/,
  },
  xilinx: {
    fabric: { family: 'xilinx', lutInputs: 6, blockRam: { bits: 36864, width: 72 } },
    // Without -abc9, which crashes on designs with block RAM in Yosys 0.23 (issue 3384 of Yosys) and finds no fewer LUTs.
    prepare: NO_HUGE_RAM,
    command: 'synth_xilinx -family xc7 -flatten',
    // An inverter that no LUT has absorbed takes one of its own.
    luts: { LUT1: 1, LUT2: 1, LUT3: 1, LUT4: 1, LUT5: 1, LUT6: 1, LUT6_2: 1, INV: 1 },
    lutRams: {
      RAM16X1S: 1,
      RAM16X1D: 2,
      RAM32X1S: 1,
      RAM32X1D: 2,
      RAM64X1S: 1,
      RAM64X1D: 2,
      RAM128X1S: 2,
      RAM128X1D: 4,
      RAM256X1S: 4,
      RAM256X1D: 8,
      RAM32M: 4,
      RAM64M: 4,
      SRL16E: 1,
      SRLC16E: 1,
      SRLC32E: 1,
    },
    brams: { RAMB36E1: 1, RAMB18E1: 0.5 },
    dsps: { DSP48E1: 1 },
    flipFlop: /^FD[RSCP]E(_1)?$/,
  },
};

/** The LUTs and block RAMs of a family. */
export function fabricOf(target: Target): Fabric {
  return FACTS[target].fabric;
}

/** The commands that synthesise a module for a target, within the hierarchy of its top. */
export function synthCommand(target: Target, top: string): string {
  const { prepare, command } = FACTS[target];
  return `${prepare}; ${command} -top ${top}`;
}

/** What the cells of a synthesised design take. */
export function resourcesOf(target: Target, cells: CellCounts): Resources {
  const facts = FACTS[target];
  const weigh = (weights: CellCounts): number =>
    Object.entries(weights).reduce((sum, [type, weight]) => sum + weight * (cells[type] ?? 0), 0);
  const lutRams = weigh(facts.lutRams);
  const ffs = Object.entries(cells).reduce((sum, [type, count]) => sum + (facts.flipFlop.test(type) ? count : 0), 0);
  return { luts: weigh(facts.luts) + lutRams, lutRams, ffs, brams: weigh(facts.brams), dsps: weigh(facts.dsps) };
}
