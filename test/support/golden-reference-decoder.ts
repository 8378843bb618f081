/** "The decoder" of docs/numerics.md in arbitrarily large integers. */

import type { LinearRole } from '../../generator/model/types.js';
import type { QuantizedLinear } from '../../generator/quantize/types.js';
import type { IntegerModel, IntegerNorm } from '../../sim/golden/parameters.js';
import { big, matrixProduct, matrixRow, norm, ReferenceAttention, rotate, sat32, swiGlu } from './golden-reference.js';
import { finalShift, frameVector, linearOutput } from './golden-reference-linear.js';

const RESIDUAL = 16n;
const ACTIVATION = 20n;
const GATED = 16n;
const LOGITS = 16n;

interface Part {
  readonly values: bigint[];
  readonly frac: bigint;
}

const add = (x: readonly bigint[], y: readonly bigint[]): bigint[] => x.map((value, i) => sat32(value + y[i]!));

export class ReferenceDecoder {
  readonly #attention: ReferenceAttention[];
  readonly #epsilon: bigint;
  #position = 0;

  constructor(
    private readonly model: IntegerModel,
    private readonly weights: readonly QuantizedLinear[],
  ) {
    const { config, tables } = model;
    // "Parameters": epsilon and the score scale.
    this.#epsilon = BigInt(Math.round(config.normEps * config.dim * 2 ** 40));
    const scale = Math.LOG2E / Math.sqrt(config.headDim);
    let shift = 14;
    while (scale * 2 ** shift < 2 ** 14) shift++;
    const score = { mantissa: BigInt(Math.round(scale * 2 ** shift)), shift: BigInt(shift) };
    this.#attention = Array.from({ length: config.layers }, () => new ReferenceAttention(tables, config, score));
  }

  step(token: number): bigint[] {
    const { embedding, positions, projectIn, projectOut, head, finalNorm, layers } = this.model;
    let x = matrixRow(embedding, token, RESIDUAL);
    if (projectIn) x = matrixProduct(projectIn, x, RESIDUAL, RESIDUAL);
    if (positions) x = add(x, matrixRow(positions, this.#position, RESIDUAL));
    layers.forEach((layer, index) => {
      x = this.#around(x, layer.attnNorm, (input) => this.#attend(index, input));
      x = this.#around(x, layer.mlpNorm, (input) => this.#feedForward(index, input));
    });
    this.#position++;
    let last: Part = { values: x, frac: RESIDUAL };
    if (finalNorm) last = this.#norm(finalNorm, x);
    if (projectOut) last = { values: matrixProduct(projectOut, last.values, last.frac, RESIDUAL), frac: RESIDUAL };
    if (head) return matrixProduct(head, last.values, last.frac, LOGITS);
    const groups = this.model.plan.linears.flatMap(({ role }, index) => (role === 'lm_head' ? [index] : []));
    return this.#run(groups, last, LOGITS).flat();
  }

  #norm(parameters: IntegerNorm, x: readonly bigint[]): Part {
    const { config, tables } = this.model;
    const layerNorm = config.architecture === 'opt';
    return { values: norm(tables, parameters, x, layerNorm, this.#epsilon), frac: BigInt(parameters.frac) };
  }

  #around(x: readonly bigint[], parameters: IntegerNorm, part: (input: Part) => bigint[]): bigint[] {
    if (this.model.config.normBefore) return add(x, part(this.#norm(parameters, x)));
    const { values, frac } = this.#norm(parameters, add(x, part({ values: [...x], frac: RESIDUAL })));
    return values.map((value) => sat32(value * 2n ** (RESIDUAL - frac)));
  }

  #attend(layer: number, input: Part): bigint[] {
    const { config, tables } = this.model;
    let [q, k, v] = this.#linears(
      layer,
      ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
      input,
      ACTIVATION,
    ) as [bigint[], bigint[], bigint[]];
    if (config.rope) {
      q = rotate(tables, q, config.headDim, BigInt(this.#position));
      k = rotate(tables, k, config.headDim, BigInt(this.#position));
    }
    const values = this.#attention[layer]!.attend(q, k, v);
    const role = config.architecture === 'llama' ? 'self_attn.o_proj' : 'self_attn.out_proj';
    return this.#linears(layer, [role], { values, frac: ACTIVATION }, RESIDUAL)[0]!;
  }

  #feedForward(layer: number, input: Part): bigint[] {
    if (this.model.config.architecture === 'llama') {
      const [gate, up] = this.#linears(layer, ['mlp.gate_proj', 'mlp.up_proj'], input, ACTIVATION);
      const values = swiGlu(this.model.tables, gate!, up!);
      return this.#linears(layer, ['mlp.down_proj'], { values, frac: GATED }, RESIDUAL)[0]!;
    }
    const [inner] = this.#linears(layer, ['fc1'], input, ACTIVATION);
    const values = inner!.map((value) => (value > 0n ? value : 0n));
    return this.#linears(layer, ['fc2'], { values, frac: ACTIVATION }, RESIDUAL)[0]!;
  }

  #linears(layer: number, roles: readonly LinearRole[], input: Part, outputFrac: bigint): bigint[][] {
    const { linears } = this.model.plan;
    const all = roles.map((role) => linears.findIndex((linear) => linear.layer === layer && linear.role === role));
    return this.#run(all, input, outputFrac);
  }

  /** Linears, by their indices in the plan, that read the same vector. */
  #run(all: readonly number[], input: Part, outputFrac: bigint): bigint[][] {
    const { plan, kernels, biases, exponents } = this.model;
    return all.map((index) => {
      const linear = plan.linears[index]!;
      const fourier = linear.frame === 'fourier';
      const sharing = all
        .map((other) => plan.linears[other]!)
        .filter(({ samples }) => !fourier || samples === linear.samples);
      const kernel = fourier ? kernels.get(linear.samples)! : null;
      const vector = frameVector(plan, sharing, input.values, kernel);
      const final = finalShift(input.frac, outputFrac, BigInt(exponents[index]!), vector.reference);
      const y = linearOutput(linear, this.weights[index]!, vector, final);
      const bias = biases[index];
      return bias ? add(y, big(bias)) : y;
    });
  }
}
