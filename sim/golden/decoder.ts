import { isHead } from '../../generator/model/roles.js';
import type { LinearRole } from '../../generator/model/types.js';
import type { PlanLinear } from '../../generator/plan/types.js';
import { Attention } from './attention.js';
import { type FramedVector, Framer, frameShape, framingGroups } from './frame.js';
import { fixedPoint, INT32_MAX, pow2, saturate } from './integer.js';
import { finalShift } from './linear.js';
import { addInto, gatedProduct, matrixRow, multiplyInt8, normalize, normEpsilon, rectify, rotate } from './ops.js';
import {
  ACTIVATION_FRAC,
  GATED_FRAC,
  type IntegerModel,
  type IntegerNorm,
  LOGIT_FRAC,
  RESIDUAL_FRAC,
} from './parameters.js';

/** One linear that the decoder wants run: the answer is the accelerator's output before biases. */
export interface LinearCall {
  /** Index in plan.linears. */
  readonly index: number;
  readonly linear: PlanLinear;
  /** The same object for consecutive calls that share a framing. */
  readonly vector: FramedVector;
  /** Final shift, −16 … 63. */
  readonly shift: number;
  readonly position: number;
}

/** A decoder step that pauses at each linear: yields the call, is resumed with its `rows` outputs. */
export type DecoderStep = Generator<LinearCall, Int32Array, Int32Array>;

/** A linear with what the decoder needs around it. */
interface Stage {
  readonly index: number;
  readonly linear: PlanLinear;
  /** The same object for stages that share a framing. */
  readonly framer: Framer;
}

/**
 * The whole decoder in integers, from token to logits, for both families; who runs the linears is the caller's
 * choice, so that the golden model, the simulator and a board share every other operation.
 * Source: docs/numerics.md.
 */
export class IntegerDecoder {
  readonly #model: IntegerModel;
  readonly #stages: readonly ReadonlyMap<LinearRole, Stage>[];
  /** Of a head in SDQ: its groups of rows. */
  readonly #headStages: readonly Stage[];
  readonly #epsilon: number;
  #attention: Attention[] = [];
  #position = 0;

  constructor(model: IntegerModel) {
    this.#model = model;
    this.#stages = layerStages(model);
    this.#headStages = stagesOf(model, model.plan.linears.filter(isHead));
    this.#epsilon = normEpsilon(model.config.normEps, model.config.dim);
    this.reset();
  }

  /** Tokens since the last reset. */
  get position(): number {
    return this.#position;
  }

  /** Forgets the sequence. */
  reset(): void {
    const { config, tables } = this.#model;
    // Division and square root are exactly rounded on every platform.
    const scale = fixedPoint(Math.LOG2E / Math.sqrt(config.headDim));
    this.#position = 0;
    this.#attention = Array.from({ length: config.layers }, () => new Attention(tables, config, scale));
  }

  /**
   * Feeds one token.
   * @returns logits, Q16, `vocab` values
   * @throws RangeError beyond the context or the vocabulary
   */
  *step(token: number): DecoderStep {
    const { config } = this.#model;
    const position = this.#position;
    if (position >= config.context) throw new RangeError(`the context of ${config.context} tokens is full`);
    if (!(token >= 0 && token < config.vocab)) throw new RangeError(`token ${token} is outside the vocabulary`);
    const x = this.#embed(token, position);
    for (let layer = 0; layer < config.layers; layer++) {
      const { attnNorm, mlpNorm } = this.#model.layers[layer]!;
      yield* this.#residual(x, attnNorm, (input, frac) => this.#attend(layer, input, frac, position));
      yield* this.#residual(x, mlpNorm, (input, frac) => this.#feedForward(layer, input, frac, position));
    }
    const logits = yield* this.#head(x, position);
    this.#position = position + 1;
    return logits;
  }

  #embed(token: number, position: number): Int32Array {
    const { embedding, positions, projectIn } = this.#model;
    const embedded = matrixRow(embedding, token, RESIDUAL_FRAC);
    const x = projectIn ? multiplyInt8(projectIn, embedded, RESIDUAL_FRAC, RESIDUAL_FRAC) : embedded;
    if (positions) addInto(x, matrixRow(positions, position, RESIDUAL_FRAC));
    return x;
  }

  /** Adds a sub-layer to the residual stream, with its norm before it or after the addition. */
  *#residual(
    x: Int32Array,
    norm: IntegerNorm,
    subLayer: (input: Int32Array, frac: number) => DecoderStep,
  ): Generator<LinearCall, void, Int32Array> {
    if (this.#model.config.normBefore) {
      addInto(x, yield* subLayer(this.#norm(norm, x), norm.frac));
    } else {
      addInto(x, yield* subLayer(x, RESIDUAL_FRAC));
      const y = this.#norm(norm, x);
      for (let i = 0; i < x.length; i++) {
        x[i] = saturate(y[i]! * pow2(RESIDUAL_FRAC - norm.frac), INT32_MAX);
      }
    }
  }

  *#attend(layer: number, input: Int32Array, frac: number, position: number): DecoderStep {
    const { config, tables } = this.#model;
    const [q, k, v] = (yield* this.#linears(
      this.#stagesOf(layer, 'self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'),
      input,
      frac,
      ACTIVATION_FRAC,
      position,
    )) as [Int32Array, Int32Array, Int32Array];
    if (config.rope) {
      rotate(tables, q, config.headDim, position);
      rotate(tables, k, config.headDim, position);
    }
    const mixed = this.#attention[layer]!.attend(q, k, v, position);
    const role = config.architecture === 'llama' ? 'self_attn.o_proj' : 'self_attn.out_proj';
    return yield* this.#linear(layer, role, mixed, ACTIVATION_FRAC, RESIDUAL_FRAC, position);
  }

  *#feedForward(layer: number, input: Int32Array, frac: number, position: number): DecoderStep {
    const { config, tables } = this.#model;
    if (config.architecture === 'llama') {
      const [gate, up] = (yield* this.#linears(
        this.#stagesOf(layer, 'mlp.gate_proj', 'mlp.up_proj'),
        input,
        frac,
        ACTIVATION_FRAC,
        position,
      )) as [Int32Array, Int32Array];
      const gated = gatedProduct(tables, gate, up);
      return yield* this.#linear(layer, 'mlp.down_proj', gated, GATED_FRAC, RESIDUAL_FRAC, position);
    }
    const inner = yield* this.#linear(layer, 'fc1', input, frac, ACTIVATION_FRAC, position);
    rectify(inner);
    return yield* this.#linear(layer, 'fc2', inner, ACTIVATION_FRAC, RESIDUAL_FRAC, position);
  }

  *#head(x: Int32Array, position: number): DecoderStep {
    const { finalNorm, projectOut, head } = this.#model;
    let input = finalNorm ? this.#norm(finalNorm, x) : x;
    let frac = finalNorm ? finalNorm.frac : RESIDUAL_FRAC;
    if (projectOut) {
      input = multiplyInt8(projectOut, input, frac, RESIDUAL_FRAC);
      frac = RESIDUAL_FRAC;
    }
    if (head) return multiplyInt8(head, input, frac, LOGIT_FRAC);
    const groups = yield* this.#linears(this.#headStages, input, frac, LOGIT_FRAC, position);
    return Int32Array.from(groups.flatMap((logits) => [...logits]));
  }

  #norm(norm: IntegerNorm, x: Int32Array): Int32Array {
    const { tables, config } = this.#model;
    return normalize(tables, norm, x, config.architecture === 'opt', this.#epsilon);
  }

  *#linear(
    layer: number,
    role: LinearRole,
    input: Int32Array,
    inputFrac: number,
    outputFrac: number,
    position: number,
  ): DecoderStep {
    const [y] = yield* this.#linears(this.#stagesOf(layer, role), input, inputFrac, outputFrac, position);
    return y!;
  }

  #stagesOf(layer: number, ...roles: readonly LinearRole[]): Stage[] {
    return roles.map((role) => this.#stages[layer]!.get(role)!);
  }

  /** Runs linears that read the same vector, framing it once for all that can share it, and adds their biases. */
  *#linears(
    stages: readonly Stage[],
    input: Int32Array,
    inputFrac: number,
    outputFrac: number,
    position: number,
  ): Generator<LinearCall, Int32Array[], Int32Array> {
    const framed = new Map<Framer, FramedVector>();
    const results: Int32Array[] = [];
    for (const { index, linear, framer } of stages) {
      const vector = framed.get(framer) ?? framer.frame(input);
      framed.set(framer, vector);
      const shift = finalShift(inputFrac, outputFrac, this.#model.exponents[index]!, vector.reference);
      const y = yield { index, linear, vector, shift, position };
      const bias = this.#model.biases[index];
      results.push(bias ? y.map((value, i) => saturate(value + bias[i]!, INT32_MAX)) : y);
    }
    return results;
  }
}

/** Linears that read the same vector, by role. */
const INPUTS: readonly (readonly LinearRole[])[] = [
  ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  ['self_attn.o_proj'],
  ['self_attn.out_proj'],
  ['mlp.gate_proj', 'mlp.up_proj'],
  ['mlp.down_proj'],
  ['fc1'],
  ['fc2'],
];

function layerStages(model: IntegerModel): ReadonlyMap<LinearRole, Stage>[] {
  return Array.from({ length: model.config.layers }, (_, layer) => {
    const linears = model.plan.linears.filter((linear) => linear.layer === layer);
    const stages = INPUTS.flatMap((roles) =>
      stagesOf(
        model,
        linears.filter(({ role }) => roles.includes(role)),
      ),
    );
    return new Map(stages.map((stage) => [stage.linear.role, stage]));
  });
}

/** The stages of linears that read the same vector, in plan order. */
function stagesOf({ plan, kernels }: IntegerModel, readers: readonly PlanLinear[]): Stage[] {
  const framers = new Map<PlanLinear, Framer>();
  for (const group of framingGroups(readers)) {
    const shape = frameShape(group);
    const framer = new Framer(shape, plan, shape.mode === 'fourier' ? kernels.get(shape.samples)! : null);
    for (const linear of group) framers.set(linear, framer);
  }
  return readers.map((linear) => ({ index: plan.linears.indexOf(linear), linear, framer: framers.get(linear)! }));
}
