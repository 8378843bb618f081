/**
 * Loss of a trained model, calibrated on one text and scored on another: this quantizer at several ratios, against
 * plain GPTQ at about equal bits; and the signal-to-noise ratio on Gaussian weights.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { loadBoard } from '../generator/boards/node/load.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { integerNll } from '../generator/evaluate/integer-nll.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import { tokenWindows } from '../generator/evaluate/windows.js';
import { cached } from '../generator/image/image.js';
import { openImage } from '../generator/image/node/open-image.js';
import { openModel } from '../generator/model/node/open-model.js';
import type { ModelSource } from '../generator/model/types.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import { bitsPerWeight } from '../generator/plan/memory-size.js';
import type { Alphabet, FrameMode, PlanLinear } from '../generator/plan/types.js';
import { quantizeToImage } from '../generator/quantize/node/quantize-to-image.js';
import { DEFAULT_EFFORT, GREATEST_EFFORT } from '../generator/quantize/refine.js';
import { gaussianLinear, quantizeGaussian } from './support/gaussian.js';
import { gptqModel } from './support/gptq.js';

const SHARED = process.env.SDQ_SHARED ?? '../shared';

/** Columns per block. */
const BLOCK = 64;
/** As many stored bits as GPTQ of 3 and 4 bits: 125 (165) symbols are 25 (33) bytes, a scale is one more, for 64 weights. */
const GPTQ_OSRS: readonly number[] = [125 / BLOCK, 165 / BLOCK];

interface Setting {
  readonly alphabet: Alphabet;
  readonly frame: FrameMode;
  readonly osr: number;
  readonly calibrated: boolean;
  readonly effort: number;
}

const SETTINGS: readonly Setting[] = [
  ...[2, 2.5, 3].flatMap((osr): Setting[] => [
    { alphabet: 'ternary', frame: 'hadamard', osr, calibrated: true, effort: DEFAULT_EFFORT },
    { alphabet: 'ternary', frame: 'hadamard', osr, calibrated: false, effort: DEFAULT_EFFORT },
  ]),
  { alphabet: 'ternary', frame: 'hadamard', osr: 2.5, calibrated: true, effort: 7 },
  ...GPTQ_OSRS.map(
    (osr): Setting => ({ alphabet: 'ternary', frame: 'hadamard', osr, calibrated: true, effort: DEFAULT_EFFORT }),
  ),
  { alphabet: 'binary', frame: 'hadamard', osr: 3, calibrated: true, effort: DEFAULT_EFFORT },
];

/** Prints one line per setting. @param part `gaussian`, `trained`, `gptq` or `all` */
export function main(part = 'all'): void {
  if (part === 'all' || part === 'gaussian') gaussian();
  if (part !== 'gaussian') trained(part);
}

function gaussian(): void {
  for (const alphabet of ['ternary', 'binary'] as const) {
    for (const osr of [1.5, 2, 2.5, 3, 4]) {
      const cells = [DEFAULT_EFFORT, GREATEST_EFFORT].map((effort) => {
        const { snrDb } = quantizeGaussian(gaussianLinear(32, 1024, osr, alphabet), { search: 'refine', effort });
        return `effort ${effort}: ${snrDb.toFixed(2)} dB`;
      });
      console.log(`Gaussian rows, B = 128, ${alphabet}, OSR ${osr}: ${cells.join(', ')}`);
    }
  }
}

/** The integer decoder's loss above that of the float model, in nats per token. */
function trained(part: string): void {
  const folder = resolve(SHARED, 'models/stories260K');
  const source = openModel(join(folder, 'stories260K.bin'));
  const tokenizer = loadTokenizer(folder, join(folder, 'tok512.bin'));
  const windows = (name: string): number[][] =>
    tokenWindows(source.config, tokenizer, readText(resolve(SHARED, `text/tinystories_${name}.jsonl`)));
  const calibration = windows('calibration');
  const evaluation = windows('eval');
  const float = floatNll(source, evaluation, {}).nll;
  console.log(`stories260K, float: ${float.toFixed(4)} nats`);
  for (const setting of part === 'gptq' ? SETTINGS.filter(({ osr }) => GPTQ_OSRS.includes(osr)) : SETTINGS) {
    console.log(score(source, setting, calibration, evaluation, float));
  }
  for (const bits of part === 'trained' ? [] : [3, 4]) {
    const { nll } = floatNll(gptqModel(source, bits, calibration), evaluation, {});
    console.log(`GPTQ, ${bits} bits, groups of 64 (${bits}.25 bits stored): ${signed(nll - float)}`);
  }
  source.close();
}

function score(
  source: ModelSource,
  { alphabet, frame, osr, calibrated, effort }: Setting,
  calibration: readonly number[][],
  evaluation: readonly number[][],
  float: number,
): string {
  const linears = planLinears(source.config, { alphabet, frame, block: BLOCK, placement: 'linear' }, () => osr).map(
    (linear) => withSamples(linear, Math.round(BLOCK * osr)),
  );
  const plan = buildPlan(source.config, linears, loadBoard('sim'), 'linear');
  const folder = mkdtempSync(join(tmpdir(), 'sdq-bench-'));
  try {
    const path = join(folder, 'weights.sdq');
    const started = Date.now();
    quantizeToImage(source, plan, path, { effort, ...(calibrated && { calibration }) });
    const seconds = (Date.now() - started) / 1000;
    const image = openImage(path);
    const { nll } = integerNll(image.integerModel(), cached(image), evaluation);
    const name = `${alphabet} OSR ${Number(osr.toFixed(3))}, effort ${effort}, ${calibrated ? 'calibrated' : 'uncalibrated'}`;
    return `${name} (${bitsPerWeight(plan).toFixed(2)} bits): ${signed(nll - float)} in ${seconds.toFixed(0)} s`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Exactly so many symbols per block: the planner would round them to what fills the array's beats. */
function withSamples(linear: PlanLinear, samples: number): PlanLinear {
  const { block, tail } = linear;
  return {
    ...linear,
    osr: samples / block,
    samples,
    tail: tail && { ...tail, samples: Math.ceil((samples * tail.cols) / block) },
  };
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)} nats`;
}
