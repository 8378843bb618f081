import { describe, expect, it } from 'vitest';
import { embed, layerForward } from '../generator/float/forward.js';
import { rolesOf, shapeOf } from '../generator/model/roles.js';
import type { LayerTensors, LinearRole, ModelConfig, ModelSource } from '../generator/model/types.js';
import { compensateDrift, LayerCalibration } from '../generator/quantize/calibration.js';
import { Hessian } from '../generator/quantize/hessian.js';
import { dequantizeLinear, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { fabricatePlan, llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';
import { gaussian } from './support/random.js';
import { randomModel, windows } from './support/random-model.js';

/** The layer with some noise on the weights of each linear. */
function disturbed(layer: LayerTensors, deviation: number): LayerTensors {
  const next = gaussian(9);
  const noisy = (values: Float32Array): Float32Array => {
    const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
    return values.map((value) => value + deviation * size * next());
  };
  return { ...layer, weights: new Map([...layer.weights].map(([role, values]) => [role, noisy(values)])) };
}

function embedded(source: ModelSource, texts: readonly number[][]): Float32Array[] {
  return texts.map((text) => embed(source.config, source.loadEnds(), text));
}

/** The inputs of a layer's linears, window after window; the states are taken through the layer. */
function inputsOf(config: ModelConfig, layer: LayerTensors, states: readonly Float32Array[]) {
  const inputs = new Map<LinearRole, Float32Array[]>();
  for (const state of states) {
    layerForward(config, layer, state, state.length / config.dim, (role, input) => {
      inputs.set(role, [...(inputs.get(role) ?? []), input.slice()]);
    });
  }
  return (role: LinearRole): Float32Array => joined(inputs.get(role)!);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => {
    whole.set(part, at);
    return at + part.length;
  }, 0);
  return whole;
}

/** 2 · Σ a bᵀ over the vectors, in double precision: cols × cols. */
function twiceProducts(a: Float32Array, b: Float32Array, cols: number): Float64Array {
  const sum = new Float64Array(cols * cols);
  for (let t = 0; t < a.length; t += cols) {
    for (let i = 0; i < cols; i++) {
      for (let j = 0; j < cols; j++) sum[i * cols + j] = sum[i * cols + j]! + 2 * a[t + i]! * b[t + j]!;
    }
  }
  return sum;
}

const norm = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
};

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): Float64Array =>
  Float64Array.from(a, (value, i) => value - b[i]!);

describe.each([
  { name: 'a LLaMA', config: llamaConfig() },
  { name: 'an OPT', config: optConfig() },
  { name: 'an OPT with norms after the additions', config: optPostNormConfig() },
])('the calibration of a layer of $name', ({ config }) => {
  const source = randomModel(config);
  const layer = source.loadLayer(0);
  const roles = rolesOf(config.architecture);
  const texts = [...windows(config, 3), [1, 2, 3, 5, 8]];

  it('is of the linears’ inputs, and shows no drift where nothing is quantized', () => {
    const states = { original: embedded(source, texts), quantized: embedded(source, texts) };
    const calibration = new LayerCalibration(config, layer, layer, states);
    const inputs = inputsOf(config, layer, embedded(source, texts));
    for (const role of roles) {
      const { hessian, before, now } = calibration.inputsOf(role);
      const { cols } = shapeOf(config, role);
      const expected = twiceProducts(inputs(role), inputs(role), cols);
      expect(hessian.vectors).toBe(3 * config.context + 5);
      expect(norm(difference(hessian.matrix, expected))).toBeLessThan(1e-6 * norm(expected));
      expect(now).toEqual(before);
    }
  });

  it('is of the inputs behind what is quantized, and their drift', () => {
    const quantized = disturbed(layer, 0.1);
    // The streams have drifted before the layer already.
    const next = gaussian(4);
    const moved = () => embedded(source, texts).map((state) => state.map((value) => value + 0.02 * next()));
    const start = moved();
    const copy = (states: readonly Float32Array[]): Float32Array[] => states.map((state) => state.slice());
    const original = inputsOf(config, layer, embedded(source, texts));
    const now = inputsOf(config, quantized, copy(start));
    const states = { original: embedded(source, texts), quantized: copy(start) };
    const calibration = new LayerCalibration(config, layer, quantized, states);
    for (const role of roles) {
      const inputs = calibration.inputsOf(role);
      const { cols } = shapeOf(config, role);
      const expected = twiceProducts(now(role), now(role), cols);
      expect(norm(difference(inputs.hessian.matrix, expected))).toBeLessThan(1e-6 * norm(expected));
      expect(joined(inputs.before)).toEqual(original(role));
      expect(joined(inputs.now)).toEqual(now(role));
      expect(norm(difference(original(role), now(role)))).toBeGreaterThan(0.005 * norm(original(role)));
    }
    // Behind the layer, the streams are those of the two layers.
    calibration.finish();
    const through = (tensors: LayerTensors, stream: Float32Array[]): Float32Array[] => {
      for (const state of stream) layerForward(config, tensors, state, state.length / config.dim);
      return stream;
    };
    expect(states.original).toEqual(through(layer, embedded(source, texts)));
    expect(states.quantized).toEqual(through(quantized, copy(start)));
  });

  it('takes weights that are replaced as it goes on', () => {
    const weights = new Map(layer.weights);
    const states = { original: embedded(source, texts), quantized: embedded(source, texts) };
    const calibration = new LayerCalibration(config, layer, { ...layer, weights }, states);
    const isDrifted = (role: LinearRole): boolean => {
      const { before, now } = calibration.inputsOf(role);
      return difference(joined(before), joined(now)).some((value) => value !== 0);
    };
    expect(isDrifted('self_attn.q_proj')).toBe(false);
    weights.set('self_attn.q_proj', disturbed(layer, 0.1).weights.get('self_attn.q_proj')!);
    // Keys and values are of the same input.
    expect(isDrifted('self_attn.v_proj')).toBe(false);
    expect(isDrifted(roles[3]!)).toBe(true);
    expect(isDrifted(roles.at(-1)!)).toBe(true);
  });

  it('can be asked again for the same linear, but not for an earlier one', () => {
    const states = () => ({ original: embedded(source, texts), quantized: embedded(source, texts) });
    const calibration = new LayerCalibration(config, layer, layer, states());
    const first = calibration.inputsOf(roles[3]!).hessian.matrix;
    expect(calibration.inputsOf(roles[3]!).hessian.matrix).toEqual(first);
    expect(() => calibration.inputsOf('self_attn.q_proj')).toThrow(/no self_attn\.q_proj to come/);
    const finished = new LayerCalibration(config, layer, layer, states());
    finished.finish();
    expect(() => finished.inputsOf('self_attn.q_proj')).toThrow(RangeError);
  });
});

/** x with A · x = b for a symmetric positive definite n × n matrix, by Gaussian elimination. */
function solve(matrix: Float64Array, b: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const x = b.slice();
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / a[k * n + k]!;
      for (let j = k; j < n; j++) a[i * n + j] = a[i * n + j]! - factor * a[k * n + j]!;
      x[i] = x[i]! - factor * x[k]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let j = i + 1; j < n; j++) sum -= a[i * n + j]! * x[j]!;
    x[i] = sum / a[i * n + i]!;
  }
  return x;
}

/** ‖W x − Ŵ x̃‖ over the vectors. */
function outputError(w: Float32Array, x: Float32Array, wq: Float32Array, xq: Float32Array, cols: number): number {
  const rows = w.length / cols;
  let sum = 0;
  for (let t = 0; t < x.length; t += cols) {
    for (let r = 0; r < rows; r++) {
      let error = 0;
      for (let c = 0; c < cols; c++) error += w[r * cols + c]! * x[t + c]! - wq[r * cols + c]! * xq[t + c]!;
      sum += error ** 2;
    }
  }
  return Math.sqrt(sum);
}

// Within a strip of the Hessian, and across two.
describe.each([108, 300])('making up for the drift of %i inputs', (hidden) => {
  const config = llamaConfig({ context: 64, hidden });
  const role = 'mlp.down_proj';
  const { rows, cols } = shapeOf(config, role);
  const source = randomModel(config);
  const layer = source.loadLayer(0);
  const weights = layer.weights.get(role)!;
  const quantized = disturbed(layer, 0.2);
  const texts = windows(config, 8);

  /** One linear's inputs, anew each time because the Hessian is factored in place. */
  const inputs = () => {
    const states = { original: embedded(source, texts), quantized: embedded(source, texts) };
    return new LayerCalibration(config, layer, quantized, states).inputsOf(role);
  };
  const original = inputsOf(config, layer, embedded(source, texts))(role);
  const now = inputsOf(config, quantized, embedded(source, texts))(role);

  it('moves the weights half of the way to the least-squares answer', () => {
    const found = compensateDrift(weights, rows, inputs());
    const matrix = Float64Array.from(inputs().hessian.matrix);
    const drift = twiceProducts(now, Float32Array.from(difference(original, now)), cols);
    let trace = 0;
    for (let i = 0; i < cols; i++) trace += matrix[i * (cols + 1)]!;
    for (let i = 0; i < cols; i++) matrix[i * (cols + 1)] = matrix[i * (cols + 1)]! + (0.01 * trace) / cols;
    for (let r = 0; r < rows; r += 7) {
      const row = weights.subarray(r * cols, (r + 1) * cols);
      const along = Float64Array.from({ length: cols }, (_, i) =>
        row.reduce((sum, weight, j) => sum + weight * drift[i * cols + j]!, 0),
      );
      const answer = solve(matrix, along, cols);
      const moved = difference(found.subarray(r * cols, (r + 1) * cols), row);
      expect(norm(answer)).toBeGreaterThan(0.01 * norm(row));
      expect(
        norm(
          difference(
            moved,
            answer.map((value) => 0.5 * value),
          ),
        ),
      ).toBeLessThan(1e-3 * norm(answer));
    }
  });

  it('leaves the weights alone where there is no drift', () => {
    const hessian = new Hessian(cols);
    hessian.accumulate(now, now.length / cols);
    const kept = weights.slice();
    expect(compensateDrift(weights, rows, { hessian, before: [now], now: [now] })).toBe(weights);
    expect(weights).toEqual(kept);
  });

  it('lowers the error of the output, on other text too', () => {
    const found = compensateDrift(weights, rows, inputs());
    expect(outputError(weights, original, found, now, cols)).toBeLessThan(
      0.75 * outputError(weights, original, weights, now, cols),
    );
    const other = windows(config, 8, 77);
    const [x, xq] = [layer, quantized].map((tensors) => inputsOf(config, tensors, embedded(source, other))(role));
    expect(outputError(weights, x!, found, xq!, cols)).toBeLessThan(
      0.85 * outputError(weights, x!, weights, xq!, cols),
    );
  });

  it('lowers it for the quantized weights', () => {
    const plan = fabricatePlan(config, { samples: (_, block) => 2 * block, gain: () => 0 });
    const linear = plan.linears.find((planned) => planned.role === role)!;
    const error = (isCompensated: boolean): number => {
      const found = inputs();
      const target = isCompensated ? compensateDrift(weights, rows, found) : null;
      const { hessian } = found;
      const result = quantizeLinear(weights, linear, plan.signs, { search: 'refine', hessian, target });
      return outputError(weights, original, dequantizeLinear(result.quantized, linear, plan.signs), now, cols);
    };
    expect(error(true)).toBeLessThan(0.8 * error(false));
  });
});
