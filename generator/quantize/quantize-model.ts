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
  type SearchName,
} from './quantize-linear.js';

/** Linears of a layer that read the same vector, in the order of inference; roles that a model lacks do no harm. */
const INPUT_GROUPS: readonly (readonly LinearRole[])[] = [
  ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  ['self_attn.o_proj', 'self_attn.out_proj'],
  ['mlp.gate_proj', 'mlp.up_proj', 'fc1'],
  ['mlp.down_proj', 'fc2'],
];

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
  readonly sequential?: boolean;
  /** Is called before each piece of work. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

export interface QuantizedModelLinear extends QuantizeLinearResult {
  readonly linear: PlanLinear;
}

/**
 * Quantizes a model, one linear at a time in the order of the plan; only one layer's weights are in memory. With calibration,
 * the statistics of a linear's input are taken from the float model with everything before that linear quantized already.
 *
 * @throws InputError if the plan is for another model (before the first linear), or as quantizeLinear does
 */
export function* quantizeModel(
  source: ModelSource,
  plan: Pick<Plan, 'linears' | 'signs'>,
  options: QuantizeModelOptions = {},
): Generator<QuantizedModelLinear, void, undefined> {
  checkPlan(source, plan);
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
    for (const group of INPUT_GROUPS) {
      const linears = plan.linears.filter((linear) => linear.layer === layer && group.includes(linear.role));
      if (linears.length === 0) continue;
      let hessian: Hessian | null = null;
      if (states !== null) {
        onProgress?.({ activity: 'calibrating', linear: linears[0]!, done, total });
        hessian = observeInput(source, options.sequential ? tensors : loaded, states, linears[0]!);
      }
      for (const linear of linears) {
        onProgress?.({ activity: 'quantizing', linear, done, total });
        const search = options.search ?? (linear.frame === 'hadamard' ? 'greedy' : 'sigma-delta');
        const result = quantizeLinear(weights.get(linear.role)!, linear, plan.signs, { ...options, search, hessian });
        if (states !== null) weights.set(linear.role, dequantizeLinear(result.quantized, linear, plan.signs));
        done++;
        yield { linear, ...result };
      }
    }
    for (const hidden of states ?? []) layerForward(config, tensors, hidden, hidden.length / config.dim);
  }
}

/** Runs a layer on copies of the hidden states for the statistics of what one of its linears reads. */
function observeInput(
  { config }: ModelSource,
  tensors: LayerTensors,
  states: readonly Float32Array[],
  linear: PlanLinear,
): Hessian {
  const hessian = new Hessian(linear.cols);
  for (const hidden of states) {
    layerForward(config, tensors, hidden.slice(), hidden.length / config.dim, (role, input, seq) => {
      if (role === linear.role) hessian.accumulate(input, seq);
    });
  }
  return hessian;
}

function checkPlan(source: ModelSource, plan: Pick<Plan, 'linears'>): void {
  const { linears, config } = source;
  const mismatch = plan.linears.find((planned, i) => {
    const linear = linears[i];
    return linear?.name !== planned.name || linear.rows !== planned.rows || linear.cols !== planned.cols;
  });
  if (mismatch === undefined && linears.length === plan.linears.length) return;
  const what = mismatch === undefined ? `${plan.linears.length} linears` : `${mismatch.name}`;
  throw new InputError(`the plan is for another model: its ${what} ${mismatch === undefined ? 'are' : 'is'} not ${config.name}'s`);
}
