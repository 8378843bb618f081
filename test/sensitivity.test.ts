import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runLayers } from '../generator/evaluate/layerwise.js';
import { openModel } from '../generator/model/node/open-model.js';
import type { LayerTensors, ModelSource } from '../generator/model/types.js';
import type { PlanOptions } from '../generator/plan/build-plan.js';
import { divergenceFrom } from '../generator/sensitivity/divergence.js';
import {
  measuredOsrs,
  measureSensitivity,
  type SensitivityProgress,
  sensitivityText,
} from '../generator/sensitivity/sensitivity.js';
import { writeSmallModel } from './support/cli.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const OPTIONS: PlanOptions = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' };
const random = uniform(1);
const windows = [20, 24, 7].map((length) => Array.from({ length }, () => Math.floor(300 * random())));
let model: ModelSource;

beforeAll(() => {
  model = openModel(writeSmallModel(join(tempDirectory(), 'small')));
});

/** The model with the weights of one linear changed. */
const withLinear = (name: string, change: (weight: number) => number): ModelSource => ({
  ...model,
  loadLayer(layer) {
    const tensors = model.loadLayer(layer);
    const weights = new Map(tensors.weights);
    for (const [role, values] of weights) {
      if (`layers.${layer}.${role}` === name) weights.set(role, values.map(change));
    }
    return { ...tensors, weights };
  },
});

describe('the measured sensitivity', () => {
  it('is positive for every linear, and less at higher ratios', () => {
    const steps: SensitivityProgress[] = [];
    const { osrs, losses } = measureSensitivity(model, OPTIONS, windows, windows, [1, 2, 4], (step) =>
      steps.push(step),
    );
    expect(osrs).toEqual([1, 2, 4]);
    expect(losses).toHaveLength(model.linears.length);
    for (const [low, middle, high] of losses as [number, number, number][]) {
      expect(low).toBeGreaterThan(middle);
      expect(middle).toBeGreaterThan(high);
      expect(high).toBeGreaterThan(0);
    }
    expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).sort((a, b) => a - b));
    expect(steps[0]!.done).toBe(0);
    expect(steps.at(-1)).toMatchObject({ done: steps.at(-1)!.total - 1 });
  });

  it('is 0 for a linear that quantization leaves as it is', () => {
    const name = 'layers.1.mlp.up_proj';
    const { losses } = measureSensitivity(
      withLinear(name, () => 0),
      OPTIONS,
      windows,
      windows,
      [1.5],
    );
    const index = model.linears.findIndex((linear) => linear.name === name);
    expect(losses[index]).toEqual([0]);
    expect(losses.flat().every((loss) => loss >= 0)).toBe(true);
  });

  it('measures other frames and alphabets', () => {
    for (const options of [
      { ...OPTIONS, frame: 'fourier' },
      { ...OPTIONS, alphabet: 'binary' },
    ] as const) {
      const { losses } = measureSensitivity(model, options, windows.slice(0, 1), windows, [2]);
      expect(losses.flat().every((loss) => loss > 0)).toBe(true);
    }
  });
});

describe('the divergence', () => {
  it('of the model from itself is 0, and grows with the change', () => {
    const ends = model.loadEnds();
    const divergence = divergenceFrom(model.config, ends, runLayers(model, ends, windows));
    const scaled = (factor: number): number => {
      const transformLayer = (_: number, tensors: LayerTensors): LayerTensors => ({
        ...tensors,
        weights: new Map([...tensors.weights].map(([role, values]) => [role, values.map((w) => w * factor)])),
      });
      return divergence(runLayers(model, ends, windows, { transformLayer }));
    };
    expect(scaled(1)).toBe(0);
    expect(scaled(1.1)).toBeGreaterThan(0);
    expect(scaled(1.5)).toBeGreaterThan(scaled(1.1));
  });
});

describe('what is measured', () => {
  it('are ratios around the target, within limits', () => {
    expect(measuredOsrs(2, [1, 8])).toEqual([1.5, 2, 3]);
    expect(measuredOsrs(1, [1, 8])).toEqual([1, 1.5]);
    expect(measuredOsrs(8, [1, 8])).toEqual([6, 8]);
  });

  it('are the beginnings of the first windows; whole windows are calibrated on', () => {
    const long = Array.from({ length: 120 }, (_, i) => Array.from({ length: 300 }, () => i));
    const config = { ...model.config, context: 300 };
    const short = sensitivityText({ ...config, vocab: 10 }, long, 3);
    expect(short.windows.map((window) => window.length)).toEqual(Array(32).fill(128));
    expect(short.windows.map((window) => window[0])).toEqual(Array.from({ length: 32 }, (_, i) => i));
    expect(short.calibration.map((window) => window.length)).toEqual([...Array(109).fill(300), 68]);
    const large = sensitivityText({ ...config, vocab: 10_000_000 }, long, 3);
    expect(large.windows.map((window) => window.length)).toEqual([64]);
    expect(large.calibration.map((window) => window.length)).toEqual([300, 212]);
  });
});
