import { InputError } from '../errors.js';
import { embed, layerForward } from '../float/forward.js';
import type { LayerTensors, LinearRole, ModelSource } from '../model/types.js';
import type { Plan, PlanLinear } from '../plan/types.js';
import { Hessian } from './hessian.js';
import {
  dequantizeLinear,
  type QuantizeLinearOptions,
  type QuantizeLinearResult,
  quantizeLinear,
} from './quantize-linear.js';
import { checkSearch, type SearchName } from './searches.js';

/** The first linear, in the order of inference, that reads the same vector as the given one. */
function inputOf(role: LinearRole): LinearRole {
  switch (role) {
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return 'self_attn.q_proj';
    case 'mlp.up_proj':
      return 'mlp.gate_proj';
    default:
      return role;
  }
}

export interface QuantizeProgress {
  readonly activity: 'calibrating' | 'quantizing';
  /** The linear at work, or the first one that the calibration is for. */
  readonly linear: PlanLinear;
  /** Linears that are done. */
  readonly done: number;
  readonly total: number;
}

export interface QuantizeModelOptions extends Omit<QuantizeLinearOptions, 'search' | 'hessian'> {
  /** Token windows to calibrate on, each at most the model's context; without them no error is fed forward. */
  readonly calibration?: readonly ArrayLike<number>[];
  /** Default: `greedy` for a linear with a hadamard frame, `sigma-delta` for one with a fourier frame. */
  readonly search?: SearchName;
  /** Is called before each piece of work. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

export interface QuantizedModelLinear extends QuantizeLinearResult {
  readonly linear: PlanLinear;
}

/**
 * Quantizes a model, one linear at a time in the order of the plan; only one layer's weights are in memory. With
 * calibration, each layer's inputs come from layers that are quantized already.
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
    options.search ?? (frame === 'hadamard' ? 'greedy' : 'sigma-delta');
  for (const linear of plan.linears) checkSearch(linear, searchOf(linear));
  const { config } = source;
  const { calibration, onProgress } = options;
  const ends = calibration === undefined ? null : source.loadEnds();
  const states = ends === null ? null : calibration!.map((window) => embed(config, ends, window));
  const total = plan.linears.length;
  let done = 0;

  for (let layer = 0; layer < config.layers; layer++) {
    const loaded = source.loadLayer(layer);
    const weights = new Map(loaded.weights);
    const tensors: LayerTensors = { ...loaded, weights };
    const linears = plan.linears.filter((linear) => linear.layer === layer);
    let hessians: ReadonlyMap<LinearRole, Hessian> | null = null;
    if (states !== null && linears.length > 0) {
      onProgress?.({ activity: 'calibrating', linear: linears[0]!, done, total });
      hessians = observeInputs(source, loaded, states, linears);
    }
    for (const linear of linears) {
      onProgress?.({ activity: 'quantizing', linear, done, total });
      const search = searchOf(linear);
      const hessian = hessians?.get(inputOf(linear.role)) ?? null;
      const result = quantizeLinear(weights.get(linear.role)!, linear, plan.signs, { ...options, search, hessian });
      if (states !== null) weights.set(linear.role, dequantizeLinear(result.quantized, linear, plan.signs));
      done++;
      yield { linear, ...result };
    }
    if (states === null || layer + 1 === config.layers) continue;
    for (const hidden of states) layerForward(config, tensors, hidden, hidden.length / config.dim);
  }
}

/**
 * Runs a layer on copies of the hidden states for the statistics of what its linears read. All are taken in one pass,
 * with the checkpoint's weights; a pass after each linear, with those before it quantized, would multiply the time of
 * calibration.
 */
function observeInputs(
  { config }: ModelSource,
  tensors: LayerTensors,
  states: readonly Float32Array[],
  linears: readonly PlanLinear[],
): Map<LinearRole, Hessian> {
  const hessians = new Map<LinearRole, Hessian>();
  for (const { role, cols } of linears) hessians.set(inputOf(role), hessians.get(inputOf(role)) ?? new Hessian(cols));
  for (const hidden of states) {
    layerForward(config, tensors, hidden.slice(), hidden.length / config.dim, (role, input, seq) => {
      // Roles that share an input are each reported; the first of them stands for all.
      if (role === inputOf(role)) hessians.get(role)?.accumulate(input, seq);
    });
  }
  return hessians;
}

function checkPlan(source: ModelSource, plan: Pick<Plan, 'linears'>): void {
  const { linears, config } = source;
  const mismatch = plan.linears.find((planned, i) => {
    const linear = linears[i];
    return linear?.name !== planned.name || linear.rows !== planned.rows || linear.cols !== planned.cols;
  });
  if (mismatch === undefined && linears.length === plan.linears.length) return;
  const found = mismatch === undefined ? `it has ${plan.linears.length} linears` : `${mismatch.name} differs`;
  throw new InputError(`The plan is not for model ${config.name}: ${found}.`);
}
