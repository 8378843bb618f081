/**
 * npm run bench -- head: the loss of stories260K with its head in SDQ at several ratios beside the int8 head, on the same
 * layers; calibrated on one text and scored on another.
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
import { openImage } from '../generator/image/node/open-image.js';
import { openModel } from '../generator/model/node/open-model.js';
import type { ModelSource } from '../generator/model/types.js';
import { buildPlan, planHead, planLinears } from '../generator/plan/build-plan.js';
import { bitsPerWeight } from '../generator/plan/memory-size.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { dequantizedModel } from '../generator/quantize/dequantized-model.js';
import { quantizeToImage } from '../generator/quantize/node/quantize-to-image.js';
import { quantizeModel } from '../generator/quantize/quantize-model.js';
import type { QuantizedLinear } from '../generator/quantize/types.js';
import type { IntegerModel } from '../sim/golden/parameters.js';

const SHARED = process.env.SDQ_SHARED ?? '../shared';
const OPTIONS = { alphabet: 'ternary', frame: 'hadamard', block: 64, placement: 'linear' } as const;
const LAYER_OSRS: readonly number[] = [2, 3];
const HEAD_OSRS: readonly number[] = [2, 2.5, 3, 4];

/** A quantized model in memory. */
interface Quantized {
  readonly model: IntegerModel;
  readonly linears: readonly QuantizedLinear[];
}

/** Prints a line per ratio of the layers and head. */
export function main(): void {
  const folder = resolve(SHARED, 'models/stories260K');
  const source = openModel(join(folder, 'stories260K.bin'));
  const tokenizer = loadTokenizer(folder, join(folder, 'tok512.bin'));
  const windows = (name: string): number[][] =>
    tokenWindows(source.config, tokenizer, readText(resolve(SHARED, `text/tinystories_${name}.jsonl`)));
  const calibration = windows('calibration');
  const evaluation = windows('eval');
  const float = floatNll(source, evaluation).nll;
  console.log(`stories260K, float: ${float.toFixed(4)} nats`);
  for (const osr of LAYER_OSRS) {
    const layers = planLinears(source.config, OPTIONS, () => osr);
    const whole = quantizeLayers(source, layers, calibration);
    const report = (head: string, quantized: Quantized): void =>
      console.log(`layers at OSR ${osr}, head ${head}: ${losses(source, quantized, evaluation, float)}`);
    report('int8', whole);
    for (const headOsr of HEAD_OSRS) {
      const head = planHead(source.config, layers[0]!, headOsr);
      const bits = bitsPerWeight({ linears: head }).toFixed(2);
      report(`at OSR ${headOsr} (${bits} bits)`, withHead(source, whole, head, calibration));
    }
  }
  source.close();
}

function quantizeLayers(source: ModelSource, layers: PlanLinear[], calibration: readonly number[][]): Quantized {
  const folder = mkdtempSync(join(tmpdir(), 'sdq-bench-'));
  try {
    const path = join(folder, 'weights.sdq');
    quantizeToImage(source, buildPlan(source.config, layers, loadBoard('sim'), 'linear'), path, { calibration });
    const image = openImage(path);
    const quantized = { model: image.integerModel(), linears: layers.map((_, index) => image.linear(index)) };
    image.close();
    return quantized;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same layers with a head in SDQ, quantized behind them. */
function withHead(
  source: ModelSource,
  { model, linears }: Quantized,
  head: readonly PlanLinear[],
  calibration: readonly number[][],
): Quantized {
  const plan = buildPlan(source.config, [...model.plan.linears, ...head], loadBoard('sim'), 'linear');
  const finished = (index: number) =>
    linears[index] === undefined ? null : { quantized: linears[index], signal: 1, noise: 0, snrDb: Infinity };
  const all = [...quantizeModel(source, plan, { calibration, finished })].map(({ quantized }) => quantized);
  return { model: { ...model, plan, head: null, exponents: all.map(({ exponent }) => exponent) }, linears: all };
}

/** Above the float model, in float arithmetic on the quantized weights and of the integer decoder. */
function losses(
  source: ModelSource,
  { model, linears }: Quantized,
  evaluation: readonly number[][],
  float: number,
): string {
  const weights = { linear: (index: number) => linears[index]! };
  const sdq = floatNll(dequantizedModel(source, model, weights), evaluation).nll;
  const integer = integerNll(model, weights, evaluation).nll;
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
  return `${signed(sdq - float)} nats in float arithmetic, ${signed(integer - float)} in integers`;
}
