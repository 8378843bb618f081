import { vectorShapes } from '../../../generator/sizing/framing.js';
import { Framer } from '../frame.js';
import { runLinear } from '../linear.js';
import type { IntegerModel, LinearWeights } from '../parameters.js';
import type { ArrayRun, MachineAnswer, MachineStep } from './interpreter.js';

/** The array and its frame unit as the golden model has them: answers the RUNs of a plan (mode `hadamard`). */
export class GoldenArray {
  readonly #framers: readonly Framer[];

  constructor(
    private readonly model: Pick<IntegerModel, 'plan'>,
    private readonly weights: LinearWeights,
  ) {
    this.#framers = vectorShapes(model.plan.linears).map((shape) => new Framer(shape, model.plan, null));
  }

  run({ index, frame, reference, shift }: ArrayRun): Int32Array {
    const linear = this.model.plan.linears[index]!;
    const blocks = Math.ceil(linear.cols / linear.block);
    const exponents = Int8Array.from(frame.exponents.subarray(0, blocks), (exponent) => exponent - reference);
    const mantissas = frame.values.slice(0, blocks * linear.block);
    const vector = this.#framers[index]!.frameMantissas(mantissas, exponents, reference);
    return runLinear(linear, this.weights.linear(index), vector, shift);
  }

  /** Runs a step to its end. */
  finish(step: MachineStep): MachineAnswer {
    let state = step.next();
    while (!state.done) state = step.next(this.run(state.value));
    return state.value;
  }
}
