/** Parameters of a family's PLL for a clock: the Verilog in rtl/board instantiates it with them. All in integers of Hz. */

import type { Board } from './board.js';

/** A PLL that makes one clock from another. */
export interface Pll {
  /** The module in rtl/board. */
  readonly module: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** What it makes, which may differ from what was asked for; in Hz, rounded down. */
  readonly outputHz: number;
}

const MHZ = 1_000_000;

/** Relative difference from the wanted clock that is accepted: 1 / this. */
const TOLERANCE = 1000;

interface Candidate extends Pll {
  readonly oscillatorHz: number;
}

/** Of those that make the wanted clock best, one whose oscillator runs in the middle of its range. */
function best(candidates: readonly Candidate[], wantedHz: number, middleHz: number): Candidate | null {
  const off = (pll: Candidate): number => Math.abs(pll.outputHz - wantedHz);
  return candidates.reduce<Candidate | null>((chosen, pll) => {
    if (chosen === null || off(pll) < off(chosen)) return pll;
    const nearer = Math.abs(pll.oscillatorHz - middleHz) < Math.abs(chosen.oscillatorHz - middleHz);
    return off(pll) === off(chosen) && nearer ? pll : chosen;
  }, null);
}

/** Settings of the loop filter, by the least phase detector rate that has the next one. */
const ICE40_FILTER_MHZ = [17, 26, 44, 66, 101] as const;

/** iCE40 sysCLOCK PLL: phase detector 10 … 133 MHz, oscillator 533 … 1066 MHz, output 16 … 275 MHz. */
function ice40Candidates(inputHz: number): Candidate[] {
  const candidates: Candidate[] = [];
  for (let divr = 0; divr <= 15; divr++) {
    const detectorHz = Math.floor(inputHz / (divr + 1));
    if (detectorHz < 10 * MHZ || detectorHz > 133 * MHZ) continue;
    const filter = 1 + ICE40_FILTER_MHZ.filter((mhz) => detectorHz >= mhz * MHZ).length;
    for (let divf = 0; divf <= 127; divf++) {
      const oscillatorHz = Math.floor((inputHz * (divf + 1)) / (divr + 1));
      if (oscillatorHz < 533 * MHZ || oscillatorHz > 1066 * MHZ) continue;
      for (let divq = 1; divq <= 6; divq++) {
        const outputHz = Math.floor((inputHz * (divf + 1)) / ((divr + 1) * 2 ** divq));
        if (outputHz < 16 * MHZ || outputHz > 275 * MHZ) continue;
        const parameters = { DIVR: divr, DIVF: divf, DIVQ: divq, FILTER_RANGE: filter };
        candidates.push({ module: 'sdq_pll_ice40', parameters, outputHz, oscillatorHz });
      }
    }
  }
  return candidates;
}

/** ECP5 EHXPLLL: phase detector 3.125 … 400 MHz, oscillator 400 … 800 MHz, output 10 … 400 MHz. */
function ecp5Candidates(inputHz: number): Candidate[] {
  const candidates: Candidate[] = [];
  for (let input = 1; input <= 128; input++) {
    const detectorHz = Math.floor(inputHz / input);
    if (detectorHz < 3_125_000 || detectorHz > 400 * MHZ) continue;
    for (let feedback = 1; feedback <= 80; feedback++) {
      const outputHz = Math.floor((inputHz * feedback) / input);
      if (outputHz < 10 * MHZ || outputHz > 400 * MHZ) continue;
      for (let output = 1; output <= 128; output++) {
        const oscillatorHz = Math.floor((inputHz * feedback * output) / input);
        if (oscillatorHz < 400 * MHZ || oscillatorHz > 800 * MHZ) continue;
        const parameters = { CLKI_DIV: input, CLKFB_DIV: feedback, CLKOP_DIV: output };
        candidates.push({ module: 'sdq_pll_ecp5', parameters, outputHz, oscillatorHz });
      }
    }
  }
  return candidates;
}

/**
 * The PLL that makes a clock from an oscillator, within the ranges of the family's data sheet.
 *
 * @throws RangeError if none comes within a thousandth, or the family has none here
 */
export function pllFor(family: Board['family'], inputHz: number, outputHz: number): Pll {
  const [candidates, middleHz] =
    family === 'ice40'
      ? [ice40Candidates(inputHz), 800 * MHZ]
      : family === 'ecp5'
        ? [ecp5Candidates(inputHz), 600 * MHZ]
        : [[], 0];
  const pll = best(candidates, outputHz, middleHz);
  if (pll === null || Math.abs(pll.outputHz - outputHz) * TOLERANCE > outputHz) {
    throw new RangeError(`no PLL of ${family} makes ${outputHz} Hz from ${inputHz} Hz`);
  }
  return { module: pll.module, parameters: pll.parameters, outputHz: pll.outputHz };
}
