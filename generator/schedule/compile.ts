/** From a plan and its model's integers to the program of the decoder on the device. */

import {
  ACTIVATION_FRAC,
  GATED_FRAC,
  type IntegerModel,
  LOGIT_FRAC,
  RESIDUAL_FRAC,
} from '../../sim/golden/parameters.js';
import { InputError } from '../errors.js';
import { isHead } from '../model/roles.js';
import type { LinearRole } from '../model/types.js';
import type { PlanLinear } from '../plan/types.js';
import { LEAST_MATRIX_SHIFT } from './attention.js';
import {
  type FieldName,
  type Instruction,
  type Opcode,
  type Program,
  SPACES,
  type Space,
  type Unit,
} from './instructions.js';
import { type Machine, type MachinePlan, type MatrixPlace, parameterWord } from './machine.js';
import { LEAST_SHIFT, MOST_SHIFT } from './vector.js';

/** What a program's constants follow from: the model without the values of its parameters. */
export type ProgramModel = Pick<IntegerModel, 'exponents'> & {
  readonly plan: MachinePlan;
  readonly embedding: { readonly exponent: number };
  readonly positions: { readonly exponent: number } | null;
  readonly projectIn: { readonly exponent: number } | null;
  readonly projectOut: { readonly exponent: number } | null;
  readonly head: { readonly exponent: number } | null;
  readonly finalNorm: { readonly frac: number } | null;
  readonly layers: readonly {
    readonly attnNorm: { readonly frac: number };
    readonly mlpNorm: { readonly frac: number };
  }[];
};

/** A plan's decoder before there are weights. Words of its program are those of every model of the plan, constants are not. */
export function modelOfPlan(plan: MachinePlan): ProgramModel {
  const { layers, rope, dim, embedDim, finalNorm } = plan.model;
  // Shifts that every unit has.
  const matrix = { exponent: -RESIDUAL_FRAC };
  const norm = { frac: RESIDUAL_FRAC };
  return {
    plan,
    exponents: plan.linears.map(() => -RESIDUAL_FRAC),
    embedding: matrix,
    positions: rope ? null : matrix,
    projectIn: embedDim === dim ? null : matrix,
    projectOut: embedDim === dim ? null : matrix,
    head: plan.linears.some(isHead) ? null : matrix,
    finalNorm: finalNorm ? norm : null,
    layers: Array.from({ length: layers }, () => ({ attnNorm: norm, mlpNorm: norm })),
  };
}

/**
 * @returns one step of the decoder: token and position in, logits out
 * @throws InputError if no unit has a shift that embeddings or another int8 matrix need
 */
export function compileProgram(model: ProgramModel, machine: Machine): Program {
  const compiler = new Compiler(model, machine);
  compiler.embed();
  const layerEntry = compiler.length;
  compiler.layer();
  compiler.head();
  return {
    instructions: compiler.instructions,
    layerEntry,
    layerLinears: machine.layerLinears.length,
    layerWords: machine.parameters.layerStride / parameterWord(machine.widths),
    layers: machine.config.layers,
    finals: model.plan.linears.map(
      (linear, index) => inputFrac(linear, model) - outputFrac(linear) - model.exponents[index]!,
    ),
    names: model.plan.linears.map(({ name }) => name),
  };
}

function inputFrac(linear: PlanLinear, model: ProgramModel): number {
  const config = model.plan.model;
  if (isHead(linear)) return headFrac(model);
  const { attnNorm, mlpNorm } = model.layers[linear.layer]!;
  switch (linear.role) {
    case 'self_attn.q_proj':
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return config.normBefore ? attnNorm.frac : RESIDUAL_FRAC;
    case 'mlp.gate_proj':
    case 'mlp.up_proj':
    case 'fc1':
      return config.normBefore ? mlpNorm.frac : RESIDUAL_FRAC;
    case 'mlp.down_proj':
      return GATED_FRAC;
    default:
      return ACTIVATION_FRAC;
  }
}

/** Fraction bits of the head's input. */
const headFrac = ({ finalNorm, projectOut }: ProgramModel): number =>
  projectOut || !finalNorm ? RESIDUAL_FRAC : finalNorm.frac;

const RESIDUAL_ROLES: readonly LinearRole[] = ['self_attn.o_proj', 'self_attn.out_proj', 'mlp.down_proj', 'fc2'];

function outputFrac(linear: PlanLinear): number {
  if (isHead(linear)) return LOGIT_FRAC;
  return RESIDUAL_ROLES.includes(linear.role) ? RESIDUAL_FRAC : ACTIVATION_FRAC;
}

class Compiler {
  readonly instructions: Instruction[] = [];

  constructor(
    private readonly model: ProgramModel,
    private readonly machine: Machine,
  ) {}

  get length(): number {
    return this.instructions.length;
  }

  #put(opcode: Opcode, fields: Partial<Record<FieldName, number>> = {}, wait: readonly Unit[] = []): void {
    this.instructions.push({ opcode, wait, fields });
  }

  #word(bytes: number): number {
    return bytes / parameterWord(this.machine.widths);
  }

  /** The embedding and the learned position; and the phases of rotary positions. */
  embed(): void {
    const { config, vectors, parameters, block } = this.machine;
    const { embedding, positions, projectIn } = this.model;
    if (config.rope) this.#put('PHASE');
    const start = parameters.projectIn ? vectors.mixed : vectors.x;
    this.#row(parameters.embedding, embedding.exponent, { target: start, segment: block, add: 0, position: 0 });
    if (parameters.projectIn) {
      this.#matrix(parameters.projectIn, start, RESIDUAL_FRAC, projectIn!.exponent, RESIDUAL_FRAC, vectors.x);
    }
    if (parameters.positions) {
      const fields = { target: vectors.x, segment: block, add: 1, position: 1 };
      this.#row(parameters.positions, positions!.exponent, fields, parameters.projectIn ? ['dot'] : []);
    }
  }

  #row(
    matrix: MatrixPlace,
    exponent: number,
    fields: { target: number; segment: number; add: number; position: number },
    wait: readonly Unit[] = [],
  ): void {
    const parameters = this.#word(matrix.values);
    const shift = -exponent - RESIDUAL_FRAC;
    if (shift < LEAST_SHIFT || shift > MOST_SHIFT) {
      throw new InputError(`the decoder cannot be put on the device: embeddings want a shift by ${shift}`);
    }
    this.#put('ROW', { ...fields, length: matrix.cols, parameters, scales: this.#word(matrix.scales), shift }, wait);
  }

  /** Instructions of every layer; the sequencer goes through them once per layer. */
  layer(): void {
    const { config, parameters } = this.machine;
    const entry = this.length;
    this.#part(parameters.attnNorm, (input) => this.#attention(input));
    this.#part(parameters.mlpNorm, (input) => this.#feedForward(input));
    if (config.layers > 1) this.#put('LOOP', { entry });
  }

  /** A part around the residual stream, with its norm before or after. */
  #part(norm: number, part: (input: number) => void): void {
    const { config, vectors, block } = this.machine;
    if (config.normBefore) {
      this.#norm(norm, 1);
      part(vectors.y);
      return;
    }
    part(vectors.x);
    this.#norm(norm, 1);
    const fields = { source: vectors.y, target: vectors.x, length: config.dim, segment: block };
    this.#put('ALIGN', { ...fields, layered: 1, parameters: this.#word(norm) });
  }

  /** y = norm(x) */
  #norm(norm: number, layered: number): void {
    const { config, vectors, block } = this.machine;
    const { x, y } = vectors;
    const length = config.dim;
    this.#put('MOMENTS', { source: x, length });
    this.#put('ROOT');
    this.#put('CENTER', { source: x, target: y, length });
    this.#put('WEIGHT', { source: y, target: y, length, segment: block, layered, parameters: this.#word(norm) });
  }

  #cut(space: Space, source: number, length: number, segment: number, wait: readonly Unit[] = []): void {
    this.#put('CUT', { source, length, segment, space: SPACES.indexOf(space) }, wait);
  }

  /** Mantissas of a vector for the linears that follow. */
  #frame(source: number, length: number): void {
    this.#cut('frame', source, length, this.machine.block, ['array']);
  }

  #linear(role: LinearRole): PlanLinear {
    return this.machine.layerLinears.find((linear) => linear.role === role)!;
  }

  #run(role: LinearRole, wait: readonly Unit[] = ['vector']): void {
    this.#put('RUN', { linear: this.machine.layerLinears.indexOf(this.#linear(role)), layered: 1 }, wait);
  }

  /** Results of a RUN to the vector RAM, as they come. */
  #results(role: LinearRole, target: number, segment: number, flags: { add?: number; rectify?: number } = {}): void {
    const bias = this.machine.parameters.biases.get(role);
    this.#put('PASS', {
      source: 0,
      target,
      length: this.#linear(role).rows,
      segment,
      results: 1,
      add: 0,
      rectify: 0,
      ...flags,
      biased: bias === undefined ? 0 : 1,
      layered: 1,
      parameters: this.#word(bias ?? 0),
    });
  }

  /** A query or key: rotated where there are rotary positions. */
  #turned(role: LinearRole, target: number): void {
    const { rope, headDim } = this.machine.config;
    if (rope) this.#put('ROTATE', { target, length: this.#linear(role).rows, segment: headDim });
    else this.#results(role, target, headDim);
  }

  /**
   * While the array runs k and v, the vector unit takes q and k; the first head's scores are computed while v is. Heads
   * then follow one another, the scores of one beside the mixing of the one before.
   */
  #attention(input: number): void {
    const { config, vectors, block } = this.machine;
    const { heads, kvHeads, headDim, dim } = config;
    const { q, k, v, mixed } = vectors;
    this.#frame(input, dim);
    this.#run('self_attn.q_proj');
    this.#run('self_attn.k_proj');
    this.#turned('self_attn.q_proj', q);
    // Its mantissas lie in the frame unit already: nothing to wait for.
    this.#run('self_attn.v_proj', []);
    this.#cut('query', q, heads * headDim, headDim);
    this.#turned('self_attn.k_proj', k);
    this.#cut('keys', k, kvHeads * headDim, headDim);
    this.#put('SCORE', { head: 0 }, ['vector']);
    this.#results('self_attn.v_proj', v, headDim);
    this.#cut('values', v, kvHeads * headDim, headDim);
    for (let head = 0; head < heads; head++) {
      const target = mixed + (head * headDim) / this.machine.widths.values;
      this.#put('MIX', { target, head }, head === 0 ? ['vector', 'dot'] : ['dot']);
      if (head + 1 < heads) this.#put('SCORE', { head: head + 1 });
    }
    const length = heads * headDim;
    const fields = { source: mixed, target: mixed, length, segment: block, results: 0, add: 0, biased: 0, rectify: 0 };
    this.#put('PASS', { ...fields, layered: 0, parameters: 0 }, ['mix']);
    this.#frame(mixed, length);
    const role = config.architecture === 'llama' ? 'self_attn.o_proj' : 'self_attn.out_proj';
    this.#run(role);
    this.#results(role, vectors.x, block, { add: 1 });
  }

  #feedForward(input: number): void {
    const { config, vectors, block } = this.machine;
    const { dim, hidden } = config;
    const { inner, x } = vectors;
    const llama = config.architecture === 'llama';
    this.#frame(input, dim);
    if (llama) {
      this.#run('mlp.gate_proj');
      this.#run('mlp.up_proj');
      this.#put('GATE', { target: inner, length: hidden });
      this.#put('PRODUCT', { source: inner, target: inner, length: hidden, segment: block });
    } else {
      this.#run('fc1');
      this.#results('fc1', inner, block, { rectify: 1 });
    }
    this.#frame(inner, hidden);
    const last = llama ? 'mlp.down_proj' : 'fc2';
    this.#run(last);
    this.#results(last, x, block, { add: 1 });
  }

  /** The int8 matrix times a vector, through its mantissas; `target` null: logits. */
  #matrix(
    matrix: MatrixPlace,
    source: number,
    inputFraction: number,
    exponent: number,
    outputFraction: number,
    target: number | null,
  ): void {
    const shift = inputFraction - outputFraction - exponent;
    if (shift < LEAST_MATRIX_SHIFT || shift > MOST_SHIFT) {
      throw new InputError(`the decoder cannot be put on the device: an int8 matrix wants a shift by ${shift}`);
    }
    this.#cut('query', source, matrix.cols, 0);
    this.#put(
      'MATRIX',
      {
        target: target ?? 0,
        out: target === null ? 1 : 0,
        parameters: this.#word(matrix.values),
        scales: this.#word(matrix.scales),
        rows: matrix.rows,
        cols: matrix.cols,
        shift,
      },
      ['vector'],
    );
  }

  head(): void {
    const { config, parameters, vectors, block } = this.machine;
    const { finalNorm, projectOut, head, plan } = this.model;
    let source = vectors.x;
    if (parameters.finalNorm !== null) {
      this.#norm(parameters.finalNorm, 0);
      source = vectors.y;
    }
    if (parameters.projectOut) {
      const { exponent } = projectOut!;
      this.#matrix(
        parameters.projectOut,
        source,
        finalNorm?.frac ?? RESIDUAL_FRAC,
        exponent,
        RESIDUAL_FRAC,
        vectors.mixed,
      );
      // The unit that writes them leaves no peaks.
      const fields = { source: vectors.mixed, target: vectors.mixed, length: config.embedDim, segment: block };
      const flags = { results: 0, add: 0, biased: 0, rectify: 0, layered: 0, parameters: 0 };
      this.#put('PASS', { ...fields, ...flags }, ['dot']);
      source = vectors.mixed;
    }
    if (parameters.head) {
      this.#matrix(parameters.head, source, headFrac(this.model), head!.exponent, LOGIT_FRAC, null);
    } else {
      this.#headGroups(source, plan.linears.filter(isHead));
    }
    this.#put('END', {}, ['vector', 'array', 'dot', 'mix']);
  }

  /** A head on the array: each group's logits come out while the next group runs. */
  #headGroups(source: number, groups: readonly PlanLinear[]): void {
    this.#frame(source, this.machine.config.embedDim);
    groups.forEach((group, i) => {
      this.#put('RUN', { linear: this.model.plan.linears.indexOf(group), layered: 0 }, i === 0 ? ['vector'] : []);
      if (i > 0) this.#put('LOGITS', { length: groups[i - 1]!.rows });
    });
    this.#put('LOGITS', { length: groups.at(-1)!.rows });
  }
}
