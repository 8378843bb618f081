/** What a plan says about its model, its memory and its engine: everything in the report that needs no weights. */

import type { Board } from '../boards/board.js';
import { linearBytes } from '../image/symbols.js';
import type { LinearRole } from '../model/types.js';
import { planHash } from '../plan/hash.js';
import { bitsPerWeight, meanOsr, planBytes } from '../plan/memory-size.js';
import type { Plan, PlanLinear } from '../plan/types.js';
import { expectedSnr, expectedSnrOf } from '../quantize/expected-snr.js';
import { planEstimate } from '../schedule/placement.js';
import { planGeometry } from '../schedule/resources.js';
import { utilisation } from '../sizing/array.js';
import { type TokenBound, tokenBound } from '../sizing/bound.js';
import { runCycles, tokenCycles } from '../sizing/cycles.js';
import { type Estimate, engineLuts } from '../sizing/estimate.js';
import type { EngineGeometry } from '../sizing/geometry.js';

/** One linear, measured. */
export interface LinearFacts {
  readonly name: string;
  readonly layer: number;
  readonly role: LinearRole;
  readonly rows: number;
  readonly cols: number;
  readonly weights: number;
  readonly osr: number;
  /** SNR of the weights in dB, expected if they are Gaussian. */
  readonly snrDb: number;
  /** Packed symbols, scales and means. */
  readonly bytes: number;
  /** Stored bits per weight, scales included. */
  readonly bits: number;
  /** Engine cycles of its run in a token. */
  readonly cycles: number;
  /** Useful symbols / (array cycles · L · R). */
  readonly utilisation: number;
}

/** The linears of one role together. */
export interface RoleFacts extends Omit<LinearFacts, 'name' | 'layer' | 'rows' | 'cols'> {
  readonly count: number;
  /** `rows × cols` of each. */
  readonly shape: string;
  /** Least and greatest OSR of the role. */
  readonly osrRange: readonly [number, number];
}

export interface PlanFacts {
  readonly plan: Plan;
  readonly planHash: string;
  readonly board: Board;
  readonly geometry: EngineGeometry;
  /** In plan order: all roles of layer 0, then of layer 1, … */
  readonly linears: readonly LinearFacts[];
  readonly roles: readonly RoleFacts[];
  /** Weights in all linears. */
  readonly weights: number;
  readonly meanOsr: number;
  /** Expected SNR of all weights in dB, if they are Gaussian and of one variance. */
  readonly snrDb: number;
  readonly bitsPerWeight: number;
  readonly bytes: number;
  /** Engine cycles and link cycles of one token. */
  readonly cycles: { readonly engine: number; readonly link: number };
  /** What bounds the speed of a token. */
  readonly bound: TokenBound;
  readonly utilisation: number;
  /** LUTs of the engine, without the host link: what the board's budget is for. */
  readonly engineLuts: number;
  /** LUTs and block RAMs, the host link included. */
  readonly estimate: Estimate;
  /** Bits of the engine's memories. */
  readonly memoryBits: number;
}

function measure(linear: PlanLinear, geometry: EngineGeometry, cycles: number): LinearFacts {
  const { name, layer, role, rows, cols, osr } = linear;
  const parts = linearBytes(linear);
  const bytes = parts.symbols + parts.scales + parts.means;
  return {
    name,
    layer,
    role,
    rows,
    cols,
    weights: rows * cols,
    osr,
    snrDb: expectedSnr(linear),
    bytes,
    bits: (8 * bytes) / (rows * cols),
    cycles,
    utilisation: utilisation([linear], geometry.array, geometry.units),
  };
}

const sum = (linears: readonly LinearFacts[], field: 'weights' | 'bytes' | 'cycles'): number =>
  linears.reduce((total, linear) => total + linear[field], 0);

function roleFacts(plan: Plan, facts: readonly LinearFacts[], geometry: EngineGeometry): RoleFacts[] {
  return [...new Set(facts.map(({ role }) => role))].map((role) => {
    const own = facts.filter((linear) => linear.role === role);
    const linears = plan.linears.filter((linear) => linear.role === role);
    const weights = sum(own, 'weights');
    const bytes = sum(own, 'bytes');
    const ratios = own.map(({ osr }) => osr);
    return {
      role,
      count: own.length,
      shape: `${[...new Set(own.map(({ rows }) => rows))].join(' or ')} × ${own[0]!.cols}`,
      weights,
      osr: meanOsr({ linears }),
      snrDb: expectedSnrOf(linears),
      osrRange: [Math.min(...ratios), Math.max(...ratios)],
      bytes,
      bits: (8 * bytes) / weights,
      cycles: sum(own, 'cycles'),
      utilisation: utilisation(linears, geometry.array, geometry.units),
    };
  });
}

/** Measures a plan. @throws RangeError if its linears do not fit its array */
export function planFacts(plan: Plan, board: Board): PlanFacts {
  const geometry = planGeometry(plan, board);
  const runs = runCycles(plan, geometry);
  const linears = plan.linears.map((linear, index) => measure(linear, geometry, runs[index]!.cycles));
  return {
    plan,
    planHash: planHash(plan),
    board,
    geometry,
    linears,
    roles: roleFacts(plan, linears, geometry),
    weights: sum(linears, 'weights'),
    meanOsr: meanOsr(plan),
    snrDb: expectedSnrOf(plan.linears),
    bitsPerWeight: bitsPerWeight(plan),
    bytes: planBytes(plan),
    cycles: tokenCycles(plan, geometry, board),
    bound: tokenBound(plan, board, geometry),
    utilisation: utilisation(plan.linears, geometry.array, geometry.units),
    engineLuts: engineLuts(geometry, board),
    estimate: planEstimate(plan, board),
    memoryBits: 8 * Object.values(plan.memory).reduce((bytes, { words, wordBytes }) => bytes + words * wordBytes, 0),
  };
}

const SHORT_ROLES: Readonly<Partial<Record<LinearRole, string>>> = { 'self_attn.out_proj': 'out', lm_head: 'head' };

/** A role in a word or less: `q`, `gate`, `fc1`. */
export function shortRole(role: LinearRole): string {
  return SHORT_ROLES[role] ?? role.replace(/^.*\./, '').replace(/_proj$/, '');
}
