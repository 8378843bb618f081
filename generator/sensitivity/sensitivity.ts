/**
 * How much a model's predictions lose to the quantization of each of its linears: what MultiOSR (measured) allocates by.
 */

import { InputError } from '../errors.js';
import { embed, layerForward } from '../float/forward.js';
import { linearsOf } from '../model/roles.js';
import type { LayerTensors, LinearRole, ModelConfig, ModelSource } from '../model/types.js';
import { type PlanOptions, planLinears } from '../plan/build-plan.js';
import type { PlanLinear } from '../plan/types.js';
import { Hessian } from '../quantize/hessian.js';
import { dequantizeLinear, quantizeLinear } from '../quantize/quantize-linear.js';
import { drawSigns } from '../quantize/signs.js';
import { type Divergence, divergenceFrom } from './divergence.js';

/** The search is to be typical, not good: all linears are compared under the same one. */
const EFFORT = 1;
/** Most and fewest tokens that are used unless a number is given, and the operations that they may take. */
const MOST_TOKENS = 4096;
const FEWEST_TOKENS = 64;
const OPERATIONS = 1e11;
/** Tokens from which the statistics for error feedback are taken, as a multiple of those on which losses are measured. */
const CALIBRATION_SHARE = 8;
/** Windows are cut to this many tokens, so that several documents are seen. */
const WINDOW_TOKENS = 128;

export interface Sensitivity {
  /** Over-sampling ratios at which every linear was quantized, ascending. */
  readonly osrs: readonly number[];
  /**
   * linears × osrs, in nats per token: the mean Kullback–Leibler divergence of the next-token distributions from the
   * float model's when that linear alone is quantized. At least 0.
   */
  readonly losses: readonly (readonly number[])[];
}

export interface SensitivityProgress {
  readonly linear: PlanLinear;
  /** Of `total` steps of about the same length; the last of them is the head. */
  readonly done: number;
  readonly total: number;
}

/** The ratios around a target at which linears are measured: where most of an allocation's ratios will lie. */
export function measuredOsrs(target: number, [least, most]: readonly [number, number]): number[] {
  const wanted = [0.75 * target, target, 1.5 * target].map((osr) => Math.min(most, Math.max(least, osr)));
  return [...new Set(wanted)];
}

/** The parts of a calibration text that take little time. */
export interface SensitivityText {
  /** To measure on: the beginnings of the first windows, 128 tokens at most, 64 to 4096 together. */
  readonly windows: ArrayLike<number>[];
  /** For error feedback: the first windows, whole, with eight times as many tokens. */
  readonly calibration: ArrayLike<number>[];
}

/** What is used of a calibration text at a number of ratios, so that it takes little time. */
export function sensitivityText(
  config: ModelConfig,
  text: readonly ArrayLike<number>[],
  osrs: number,
): SensitivityText {
  const linears = linearsOf(config);
  const weights = linears.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  const perToken = linears.length * osrs * (weights + 2 * config.vocab * config.embedDim);
  const tokens = Math.min(MOST_TOKENS, Math.max(FEWEST_TOKENS, Math.floor(OPERATIONS / perToken)));
  return {
    windows: firstTokens(text, tokens, WINDOW_TOKENS),
    calibration: firstTokens(text, CALIBRATION_SHARE * tokens, config.context),
  };
}

/** The beginnings of the first windows, each of at most `longest` tokens, `count` tokens together. */
function firstTokens(text: readonly ArrayLike<number>[], count: number, longest: number): ArrayLike<number>[] {
  const kept: ArrayLike<number>[] = [];
  let left = count;
  for (const window of text) {
    if (left <= 0) break;
    kept.push(Array.from(window).slice(0, Math.min(left, longest)));
    left -= kept.at(-1)!.length;
  }
  return kept;
}

/**
 * Measures every linear at several ratios. The windows pass through the model once, layer by layer: beside the float
 * model's residual stream, one for each linear and ratio so far.
 *
 * @param windows token sequences to measure on; their residual streams are held in memory linears × osrs times
 * @param calibration token sequences for the error feedback; if they are few, linears with many columns seem worse than
 *   they will be
 * @throws InputError if a token or tensor cannot be used, or nothing finite comes out
 */
export function measureSensitivity(
  source: ModelSource,
  options: PlanOptions,
  windows: readonly ArrayLike<number>[],
  calibration: readonly ArrayLike<number>[],
  osrs: readonly number[],
  onProgress: (progress: SensitivityProgress) => void = () => {},
): Sensitivity {
  const { config } = source;
  const ends = source.loadEnds();
  const plans = osrs.map((osr) => planLinears(config, options, () => osr));
  const linears = plans[0]!;
  const segments = Math.max(...plans.flat().map(({ gainShifts }) => gainShifts.length));
  const signs = drawSigns(linears[0]!.signSeed, segments, linears[0]!.block);
  const quantized = (weights: Float32Array, linear: PlanLinear, hessian: Hessian): Float32Array => {
    const search = linear.frame === 'hadamard' ? 'refine' : 'sigma-delta';
    const result = quantizeLinear(weights, linear, signs, { search, effort: EFFORT, hessian });
    return dequantizeLinear(result.quantized, linear, signs);
  };

  const float = windows.map((window) => embed(config, ends, window));
  const calibrating = calibration.map((window) => embed(config, ends, window));
  const streams: Float32Array[][][] = [];
  const total = (linears.length * (linears.length + 1)) / 2 + linears.length;
  let done = 0;
  for (let layer = 0; layer < config.layers; layer++) {
    const tensors = source.loadLayer(layer);
    for (const [index, perOsr] of streams.entries()) {
      onProgress({ linear: linears[index]!, done, total });
      for (const states of perOsr) runLayer(config, tensors, states);
      done += tensors.weights.size;
    }
    const before = float.map((hidden) => hidden.slice());
    runLayer(config, tensors, float);
    const hessians = hessiansOf(config, tensors, calibrating);
    linears.forEach((linear, index) => {
      if (linear.layer !== layer) return;
      onProgress({ linear, done, total });
      const weights = tensors.weights.get(linear.role)!;
      streams[index] = plans.map((plan) => {
        const replaced = quantized(weights, plan[index]!, hessians.get(linear.role)!);
        const states = before.map((hidden) => hidden.slice());
        runLayer(config, { ...tensors, weights: new Map(tensors.weights).set(linear.role, replaced) }, states);
        return states;
      });
      done += 1 + index - linears.findIndex((first) => first.layer === layer);
    });
  }
  const divergence = divergenceFrom(config, ends, float);
  const losses = streams.map((perOsr, index) => {
    onProgress({ linear: linears[index]!, done: done++, total });
    return perOsr.map((states) => checkedLoss(divergence, states, linears[index]!));
  });
  return { osrs: [...osrs], losses };
}

function runLayer(config: ModelConfig, tensors: LayerTensors, states: readonly Float32Array[]): void {
  for (const hidden of states) layerForward(config, tensors, hidden, hidden.length / config.dim);
}

/** Takes the windows through a layer. @returns the statistics of the input of each linear */
function hessiansOf(
  config: ModelConfig,
  tensors: LayerTensors,
  states: readonly Float32Array[],
): Map<LinearRole, Hessian> {
  const hessians = new Map<LinearRole, Hessian>();
  for (const hidden of states) {
    layerForward(config, tensors, hidden, hidden.length / config.dim, (role, input, seq) => {
      const hessian = hessians.get(role) ?? new Hessian(input.length / seq);
      hessians.set(role, hessian);
      hessian.accumulate(input, seq);
    });
  }
  return hessians;
}

function checkedLoss(divergence: Divergence, states: readonly Float32Array[], linear: PlanLinear): number {
  const loss = divergence(states);
  if (Number.isFinite(loss)) return loss;
  throw new InputError(`${linear.name}: its quantization at OSR ${linear.osr} leads to a loss of ${loss}.`);
}
