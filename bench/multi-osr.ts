/**
 * What MultiOSR is worth: uniform ratios, the paper's variance rule, and the measured allocation at equal bytes. What a
 * quantized model loses depends on chance twice: on the text, and on the sign patterns, which draw the noise of its weights. So
 * several draws are compared in pairs on the same text; they are the seeds 1, 2, …, of which plans have the first.
 */

import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { readText } from '../generator/evaluate/node/read-text.js';
import type { EvaluationText } from '../generator/evaluate/text.js';
import { countPredictions, tokenWindows } from '../generator/evaluate/windows.js';
import { openModel } from '../generator/model/node/open-model.js';
import type { LinearRole, ModelSource } from '../generator/model/types.js';
import { linearsAt, linearsOfLeastLoss, linearsWithin } from '../generator/plan/allocate.js';
import { MAX_OSR, MIN_OSR, type PlanOptions } from '../generator/plan/build-plan.js';
import { meanOsr, planBytes } from '../generator/plan/memory-size.js';
import { modelStatistics } from '../generator/plan/statistics.js';
import type { PlanLinear } from '../generator/plan/types.js';
import { dequantizeLinear } from '../generator/quantize/quantize-linear.js';
import { quantizeModel } from '../generator/quantize/quantize-model.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { expectedLoss, lossCurve } from '../generator/sensitivity/loss-curve.js';
import { measuredOsrs, measureSensitivity, sensitivityText } from '../generator/sensitivity/sensitivity.js';
import { estimate, scoreDocuments, type Version } from './support/document-scores.js';

const OPTIONS: PlanOptions = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' };
const SHARED = process.env.SDQ_SHARED ?? '../shared';
/** None of those of examples/train. */
const STORIES_SEED = 777;
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
  signSeed: number,
): Version {
  const signs = drawSigns(signSeed, Math.max(...linears.map(({ gainShifts }) => gainShifts.length)), linears[0]!.block);
  const layers = Array.from({ length: source.config.layers }, () => new Map<LinearRole, Float32Array>());
  for (const { linear, quantized } of quantizeModel(source, { linears: [...linears], signs }, { calibration })) {
    layers[linear.layer]!.set(linear.role, dequantizeLinear(quantized, linear, signs));
  }
  return (layer, tensors) => ({ ...tensors, weights: layers[layer]! });
}

/** Stories by the generator that the bundled models were trained on; those have other seeds. */
function freshStories(count: number): EvaluationText {
  const args = ['examples/train/stories.py', '--seed', String(STORIES_SEED), '--count', String(count)];
  const printed = execFileSync('python3', args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  return { documents: printed.trimEnd().split('\n\n'), long: 'cut' };
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

const MEASURES = { divergence: 'divergence', NLL: 'nll' } as const;

/** Prints what each allocation loses on a text, mean over its draws, and by how much less or more than the first of them. */
function compare(
  source: ModelSource,
  name: string,
  windows: readonly (readonly number[])[],
  allocations: ReadonlyMap<string, readonly Version[]>,
): void {
  const [float, ...scores] = scoreDocuments(source, windows, [...allocations.values()].flat());
  const format = (nats: number): string => nats.toFixed(5);
  const signed = (nats: number): string => `${nats < 0 ? '' : '+'}${format(nats)}`;
  const floatNll = estimate([float!.nll], windows).mean;
  console.log(`  ${name}, ${countPredictions(windows)} predictions: float NLL ${format(floatNll)}`);
  const uniform = scores.slice(0, [...allocations.values()][0]!.length);
  for (const [allocation, draws] of allocations) {
    const own = scores.splice(0, draws.length);
    const cells = Object.entries(MEASURES).map(([label, field]) => {
      const { mean } = estimate(
        own.map((draw) => draw[field]),
        windows,
      );
      if (own.every((draw, i) => draw === uniform[i])) return `${label} ${format(mean)}`;
      const differences = own.map((draw, i) => draw[field].map((sum, at) => sum - uniform[i]![field][at]!));
      const against = estimate(differences, windows);
      const each = differences.map((sums) => signed(estimate([sums], windows).mean));
      const drawn = draws.length === 1 ? '' : `; draws ${each.join(' ')}`;
      return `${label} ${format(mean)} (${signed(against.mean)} ± ${format(against.standardError)}${drawn})`;
    });
    console.log(`    ${allocation.padEnd(8)} ${cells.join(', ')}`);
  }
}

/**
 * Prints, for each model, what each allocation takes and is expected to lose, and its divergence from the float model and
 * NLL on other text, in nats per prediction; in brackets the difference from uniform ratios, its standard error over texts and
 * draws, and each draw's.
 *
 * @param only a part of the model's path
 * @param stories of the generator's to evaluate the bundled models on, beside the text that comes with them
 * @param draws how many draws of the signs to compare
 */
export function main(only = '', osr = 2, stories = 200, draws = 4): void {
  for (const { model, tokenizer, texts } of SUBJECTS.filter((subject) => subject.model.includes(only))) {
    const source = openModel(resolve(model));
    const { config } = source;
    const reader = loadTokenizer(resolve(model), tokenizer === undefined ? undefined : resolve(tokenizer));
    const [calibration, evaluation] = texts.map((text) => tokenWindows(config, reader, readText(resolve(text)))) as [
      number[][],
      number[][],
    ];

    const uniform = linearsAt(config, OPTIONS, { kind: 'uniform' }, osr);
    const bytes = planBytes({ linears: uniform });
    const variance = linearsWithin(config, OPTIONS, { kind: 'multi', statistics: modelStatistics(source) }, bytes);
    const started = Date.now();
    const osrs = measuredOsrs(osr, [MIN_OSR, MAX_OSR]);
    const text = sensitivityText(config, calibration, osrs.length);
    const curve = lossCurve(measureSensitivity(source, OPTIONS, text.windows, text.calibration, osrs), OPTIONS);
    console.log(`${config.name}: sensitivity measured in ${seconds(started)}`);
    const measured = linearsOfLeastLoss(config, OPTIONS, curve, { bytes });
    console.log(`  measured OSRs ${measured.map((linear) => linear.osr).join(' ')}`);
    const versions = new Map<string, Version[]>();
    for (const [name, linears] of Object.entries({ uniform, variance, measured })) {
      const since = Date.now();
      const seeds = Array.from({ length: draws }, (_, i) => i + 1);
      versions.set(
        name,
        seeds.map((seed) => quantized(source, linears, calibration, seed)),
      );
      console.log(
        `  ${name.padEnd(8)} mean OSR ${meanOsr({ linears }).toFixed(3)}, ${planBytes({ linears })} bytes: ` +
          `expected loss ${expectedLoss(curve, linears).toFixed(5)} (${seconds(since)})`,
      );
    }
    compare(source, 'text', evaluation, versions);
    if (stories > 0 && tokenizer === undefined) {
      compare(source, 'stories', tokenWindows(config, reader, freshStories(stories)), versions);
    }
    source.close();
  }
}
