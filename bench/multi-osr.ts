/** What MultiOSR is worth: uniform ratios, the paper's variance rule, and the measured allocation at equal bytes. */

import { resolve } from 'node:path';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { floatNll } from '../generator/evaluate/float-nll.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import { tokenWindows } from '../generator/evaluate/windows.js';
import { openModel } from '../generator/model/node/open-model.js';
import type { LayerTensors, LinearRole, ModelSource } from '../generator/model/types.js';
import { linearsAt, linearsOfLeastLoss, linearsWithin } from '../generator/plan/allocate.js';
import { MAX_OSR, MIN_OSR, type PlanOptions } from '../generator/plan/build-plan.js';
import { meanOsr, planBytes } from '../generator/plan/memory-size.js';
import { modelStatistics } from '../generator/plan/statistics.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { dequantizeLinear } from '../generator/quantize/quantize-linear.js';
import { quantizeModel } from '../generator/quantize/quantize-model.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { expectedLoss, lossCurve } from '../generator/sensitivity/loss-curve.js';
import {
  measuredOsrs,
  measureSensitivity,
  modelDivergence,
  sensitivityText,
} from '../generator/sensitivity/sensitivity.js';

const OPTIONS: PlanOptions = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' };
const SHARED = process.env.SDQ_SHARED ?? '../shared';
const EXAMPLE_TEXTS = ['examples/text/calibration.jsonl', 'examples/text/eval.jsonl'] as const;

interface Subject {
  readonly model: string;
  readonly tokenizer?: string;
  readonly texts: readonly [calibration: string, evaluation: string];
}

const SUBJECTS: readonly Subject[] = [
  {
    model: `${SHARED}/models/stories260K/stories260K.bin`,
    tokenizer: `${SHARED}/models/stories260K/tok512.bin`,
    texts: [`${SHARED}/text/tinystories_calibration.jsonl`, `${SHARED}/text/tinystories_eval.jsonl`],
  },
  { model: 'examples/tiny-llama', texts: EXAMPLE_TEXTS },
  { model: 'examples/tiny-opt', texts: EXAMPLE_TEXTS },
];

/** Quantizes with calibration at the default effort. @returns what a layer is replaced by */
function quantized(
  source: ModelSource,
  linears: readonly PlanLinear[],
  calibration: readonly ArrayLike<number>[],
): (layer: number, tensors: LayerTensors) => LayerTensors {
  const signs = drawSigns(1, Math.max(...linears.map(({ gainShifts }) => gainShifts.length)), linears[0]!.block);
  const layers = Array.from({ length: source.config.layers }, () => new Map<LinearRole, Float32Array>());
  for (const { linear, quantized } of quantizeModel(source, { linears: [...linears], signs }, { calibration })) {
    layers[linear.layer]!.set(linear.role, dequantizeLinear(quantized, linear, signs));
  }
  return (layer, tensors) => ({ ...tensors, weights: layers[layer]! });
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Prints, for each model, the float model's NLL, and for each allocation its bytes, the loss that was expected, the
 * divergence from the float model and the NLL on other text, in nats per token.
 *
 * @param only a part of the model's path
 */
export function main(only = '', osr = 2, documents = 20): void {
  for (const { model, tokenizer, texts } of SUBJECTS.filter((subject) => subject.model.includes(only))) {
    const source = openModel(resolve(model));
    const { config } = source;
    const reader = loadTokenizer(resolve(model), tokenizer === undefined ? undefined : resolve(tokenizer));
    const [calibration, evaluation] = texts.map((text) =>
      tokenWindows(config, reader, readText(resolve(text))).slice(0, documents),
    ) as [number[][], number[][]];

    const uniform = linearsAt(config, OPTIONS, { kind: 'uniform' }, osr);
    const bytes = planBytes({ linears: uniform });
    const variance = linearsWithin(config, OPTIONS, { kind: 'multi', statistics: modelStatistics(source) }, bytes);
    const started = Date.now();
    const osrs = measuredOsrs(osr, [MIN_OSR, MAX_OSR]);
    const text = sensitivityText(config, calibration, osrs.length);
    const curve = lossCurve(measureSensitivity(source, OPTIONS, text.windows, text.calibration, osrs));
    const time = seconds(started);
    const measured = linearsOfLeastLoss(config, OPTIONS, curve, { bytes });
    console.log(`${config.name}: float ${floatNll(source, evaluation).nll.toFixed(4)}; measured in ${time}`);
    console.log(`  measured OSRs ${measured.map((linear) => linear.osr).join(' ')}`);
    for (const [name, linears] of Object.entries({ uniform, variance, measured })) {
      const since = Date.now();
      const replace = quantized(source, linears, calibration);
      const { nll } = floatNll(source, evaluation, { transformLayer: replace });
      const loss = modelDivergence(source, evaluation, replace);
      console.log(
        `  ${name.padEnd(8)} mean OSR ${meanOsr({ linears }).toFixed(3)}, ${planBytes({ linears })} bytes: ` +
          `expected ${expectedLoss(curve, linears).toFixed(4)}, divergence ${loss.toFixed(5)}, NLL ${nll.toFixed(5)} ` +
          `(${seconds(since)})`,
      );
    }
    source.close();
  }
}
