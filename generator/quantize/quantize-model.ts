import { InputError } from '../errors.js';
import { embed } from '../float/forward.js';
import { LayerWeights } from '../model/layer-weights.js';
import { headLinearsOf, inputOf, isHead } from '../model/roles.js';
import type { LinearRole, ModelSource } from '../model/types.js';
import type { Plan, PlanLinear } from '../plan/types.js';
import {
  type CalibrationStates,
  compensateDrift,
  headInputs,
  LayerCalibration,
  type LinearInputs,
} from './calibration.js';
import {
  dequantizeLinear,
  type QuantizeLinearOptions,
  type QuantizeLinearResult,
  quantizeLinear,
} from './quantize-linear.js';
import { checkSearch, type SearchName } from './searches.js';

export interface QuantizeProgress {
  readonly activity: 'calibrating' | 'quantizing';
  /** The linear at work, or the first one that the calibration is for. */
  readonly linear: PlanLinear;
  /** Linears that are done. */
  readonly done: number;
  readonly total: number;
}

export interface QuantizeModelOptions extends Omit<QuantizeLinearOptions, 'search' | 'hessian' | 'target'> {
  /** Token windows to calibrate on, each at most the model's context; without them no error is fed forward. */
  readonly calibration?: readonly ArrayLike<number>[];
  /** Default: `refine` for a linear with a hadamard frame, `sigma-delta` for one with a fourier frame. */
  readonly search?: SearchName;
  /** The result for the linear of this index in the plan, if it is known from an earlier run, else null. */
  readonly finished?: (index: number) => QuantizeLinearResult | null;
  /** Is called before each piece of work. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

export interface QuantizedModelLinear extends QuantizeLinearResult {
  readonly linear: PlanLinear;
}

/**
 * Quantizes a model, one linear at a time in the order of the plan; only one layer's weights are in memory, and the head's
 * if the plan has it. With calibration, each linear's input has passed through the linears that are quantized already.
 *
 * @throws InputError before the first linear if the plan is for another model or the search does not fit its frames;
 *   later as quantizeLinear does
 */
export function* quantizeModel(
  source: ModelSource,
  plan: Pick<Plan, 'linears' | 'signs'>,
  options: QuantizeModelOptions = {},
): Generator<QuantizedModelLinear, void, undefined> {
  checkPlan(source, plan);
  const searchOf = ({ frame }: PlanLinear): SearchName =>
    options.search ?? (frame === 'hadamard' ? 'refine' : 'sigma-delta');
  for (const linear of plan.linears) checkSearch(linear, searchOf(linear));
  const { config } = source;
  const { calibration, onProgress } = options;
  const groups = plan.linears.filter(isHead);
  const states = calibration === undefined ? null : embedded(source, calibration);
  const total = plan.linears.length;
  let done = 0;
  const search = (original: Float32Array, linear: PlanLinear, inputs: LinearInputs | null) =>
    quantizeLinear(original, linear, plan.signs, {
      ...options,
      search: searchOf(linear),
      hessian: inputs?.hessian ?? null,
      target: inputs && compensateDrift(original, linear.rows, inputs),
    });

  for (let layer = 0; layer < config.layers; layer++) {
    const loaded = source.loadLayer(layer);
    const linears = plan.linears.filter((linear) => linear.layer === layer);
    const replaced = new Map<LinearRole, () => Float32Array>();
    const values = linears.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
    const weights = new LayerWeights([...loaded.weights.keys()], values, (role) => {
      return replaced.get(role)?.() ?? loaded.weights.get(role)!;
    });
    const passes = states && new LayerCalibration(config, loaded, { ...loaded, weights }, states);
    let inputs: LinearInputs | null = null;
    for (const linear of linears) {
      const sharing = linears.filter(({ role }) => inputOf(role) === linear.role);
      // Inputs that no linear needs any more would only take time.
      if (passes !== null && sharing.some((_, i) => !options.finished?.(done + i))) {
        onProgress?.({ activity: 'calibrating', linear, done, total });
        inputs = passes.inputsOf(linear.role);
        // What is quantized so far has been passed.
        replaced.clear();
        weights.release();
      }
      onProgress?.({ activity: 'quantizing', linear, done, total });
      const result = options.finished?.(done) ?? search(loaded.weights.get(linear.role)!, linear, inputs);
      if (passes !== null) {
        replaced.set(linear.role, () => dequantizeLinear(result.quantized, linear, plan.signs));
        weights.forget(linear.role);
      }
      done++;
      yield { linear, ...result };
    }
    if (layer + 1 < config.layers || groups.length > 0) passes?.finish();
  }
  if (groups.length === 0) return;

  const ends = source.loadEnds();
  let inputs: LinearInputs | null = null;
  if (states !== null && groups.some((_, i) => !options.finished?.(done + i))) {
    onProgress?.({ activity: 'calibrating', linear: groups[0]!, done, total });
    inputs = headInputs(config, ends, states);
  }
  let first = 0;
  for (const linear of groups) {
    const end = first + linear.rows * linear.cols;
    onProgress?.({ activity: 'quantizing', linear, done, total });
    const result = options.finished?.(done) ?? search(ends.head.subarray(first, end), linear, inputs);
    first = end;
    done++;
    yield { linear, ...result };
  }
}

/** The windows before the first layer. The embedding is not kept. */
function embedded(source: ModelSource, calibration: readonly ArrayLike<number>[]): CalibrationStates {
  const ends = source.loadEnds();
  const states = (): Float32Array[] => calibration.map((window) => embed(source.config, ends, window));
  return { original: states(), quantized: states() };
}

function checkPlan(source: ModelSource, plan: Pick<Plan, 'linears'>): void {
  const { config } = source;
  const linears = [...source.linears, ...(plan.linears.some(isHead) ? headLinearsOf(config) : [])];
  const mismatch = plan.linears.find((planned, i) => {
    const linear = linears[i];
    return linear?.name !== planned.name || linear.rows !== planned.rows || linear.cols !== planned.cols;
  });
  if (mismatch === undefined && linears.length === plan.linears.length) return;
  const found = mismatch === undefined ? `it has ${plan.linears.length} linears` : `${mismatch.name} differs`;
  throw new InputError(`The plan is not for model ${config.name}: ${found}.`);
}
