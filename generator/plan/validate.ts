import type { ErrorObject } from 'ajv/dist/2020.js';
import { InputError } from '../errors.js';
import { headGroups, headLinearsOf, isHead, linearsOf, rolesOf } from '../model/roles.js';
import type { ModelConfig } from '../model/types.js';
import { machineOf } from '../schedule/machine.js';
import { LANE_CHOICES } from '../sizing/array.js';
import { frameWidths } from '../sizing/framing.js';
import { memoryMap } from '../sizing/memory.js';
import { blockKinds, ROWS_PER_BYTE } from '../sizing/shape.js';
import { segmentShifts } from './blocks.js';
import { schemaError } from './schema-check.js';
import type { Plan, PlanLinear } from './types.js';

/** Parses and checks a plan. @param name what to call the text in messages: the file's name
 *  @throws InputError naming the JSON path of the first field that is wrong */
export function parsePlan(text: string, name: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${name} is not JSON: ${(error as Error).message}`);
  }
  const wrong = schemaError(value);
  if (wrong) throw new InputError(`${name}: ${describe(wrong)}`);
  const plan = value as Plan;
  const problem = inconsistency(plan);
  if (problem) throw new InputError(`${name}: ${problem}`);
  return plan;
}

/** Checks that plans can be made of a model. @throws InputError naming the limit that it exceeds */
export function checkModel(model: ModelConfig): void {
  const problem = modelInconsistency(model);
  if (problem) throw new InputError(`no plan can be made of ${model.name}: ${problem}`);
}

/** One sentence for a schema error, with the JSON path of the field. */
export function describe(error: ErrorObject): string {
  const path = jsonPath(error.instancePath);
  const params = error.params as Record<string, unknown>;
  const given = `, not ${shorten(error.data)}`;
  switch (error.keyword) {
    case 'required':
      return `${path} lacks the field "${params.missingProperty}"`;
    case 'additionalProperties':
      return `${path} has a field "${params.additionalProperty}" that no plan has`;
    case 'enum':
      return `${path} must be one of ${(params.allowedValues as unknown[]).join(', ')}${given}`;
    case 'const':
      return `${path} must be ${JSON.stringify(params.allowedValue)}${given}`;
    default:
      return `${path} ${error.message}${given}`;
  }
}

/** `/linears/3/osr` as `$.linears[3].osr`. */
function jsonPath(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return `$${parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join('')}`;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** What the schema cannot say: limits, and fields that have to agree with each other. */
function inconsistency(plan: Plan): string | null {
  return (
    modelInconsistency(plan.model) ??
    shapeInconsistency(plan) ??
    firstProblem(plan.linears, (linear, i) => prefixed(`$.linears[${i}].`, linearInconsistency(plan, linear))) ??
    arrayInconsistency(plan) ??
    decoderInconsistency(plan) ??
    memoryInconsistency(plan)
  );
}

function firstProblem<T>(items: readonly T[], check: (item: T, index: number) => string | null): string | null {
  for (const [i, item] of items.entries()) {
    const problem = check(item, i);
    if (problem) return problem;
  }
  return null;
}

function prefixed(path: string, problem: string | null): string | null {
  return problem && path + problem;
}

/** Within these the bounds of docs/numerics.md hold. */
const LARGEST = { dim: 16384, embedDim: 16384, headDim: 256, context: 2 ** 20, vocab: 2 ** 24 } as const;
/** normEps · dim is less than this. */
const EPSILON_BOUND = 2 ** 11;

function modelInconsistency(model: ModelConfig): string | null {
  for (const [key, largest] of Object.entries(LARGEST) as [keyof typeof LARGEST, number][]) {
    if (model[key] > largest) return `$.model.${key} must be at most ${largest}, not ${model[key]}`;
  }
  const { heads, kvHeads, headDim, rope, normEps, dim } = model;
  if (heads % kvHeads !== 0) return `$.model.kvHeads must divide the ${heads} heads, not be ${kvHeads}`;
  if (rope && headDim % 2 !== 0) return `$.model.headDim must be even for rotary positions, not ${headDim}`;
  if (normEps * dim >= EPSILON_BOUND) {
    return `$.model.normEps must be less than ${EPSILON_BOUND / dim} for vectors of ${dim} values, not ${normEps}`;
  }
  return null;
}

function shapeInconsistency({ model, linears }: Plan): string | null {
  // Counted first: the number of layers may be absurd.
  const count = model.layers * rolesOf(model.architecture).length;
  const hasHead = linears.some(isHead);
  const wanted = count + (hasHead ? headGroups(model) : 0);
  if (linears.length !== wanted) {
    return `$.linears has ${linears.length} entries, but a model of this shape has ${wanted} linears`;
  }
  const shapes = [...linearsOf(model), ...(hasHead ? headLinearsOf(model) : [])];
  return firstProblem(linears, (linear, i) => {
    const shape = shapes[i]!;
    const key = (['name', 'layer', 'role', 'rows', 'cols'] as const).find((field) => linear[field] !== shape[field]);
    if (key === undefined) return null;
    return `$.linears[${i}].${key} must be ${shape[key]} for a model of this shape, not ${linear[key]}`;
  });
}

function arrayInconsistency({ array, linears }: Plan): string | null {
  if (!LANE_CHOICES.includes(array.lanes)) {
    return `$.array.lanes must be one of ${LANE_CHOICES.join(', ')}, not ${array.lanes}`;
  }
  const ternary = linears[0]!.alphabet === 'ternary';
  if (array.engine === 'table' && !ternary) return '$.array.engine may be "table" for ternary symbols only';
  if (ternary && array.engine === undefined && array.rows % ROWS_PER_BYTE !== 0) {
    return `$.array.rows must be a multiple of ${ROWS_PER_BYTE} for ternary symbols, not ${array.rows}`;
  }
  const { block, frame } = linears[0]!;
  if (array.frame !== undefined && frame !== 'hadamard') return '$.array.frame must be absent in mode fourier';
  const widths = frameWidths(array, block).map(({ values }) => values);
  if (array.frame !== undefined && !widths.includes(array.frame)) {
    return `$.array.frame must be one of ${widths.join(', ')} for this array and block, not ${array.frame}`;
  }
  const mostRows = linears.reduce((most, { rows }) => Math.max(most, rows), 0);
  if (array.rows >= mostRows + ROWS_PER_BYTE) {
    return `$.array.rows must not exceed the ${mostRows} rows of the largest linear, not ${array.rows}`;
  }
  return null;
}

function decoderInconsistency(plan: Plan): string | null {
  const { placement, decoder, array } = plan;
  if ((placement === 'decoder') !== (decoder !== undefined)) {
    return `$.decoder must be ${decoder === undefined ? 'there' : 'absent'} in placement ${placement}`;
  }
  if (decoder === undefined) return null;
  try {
    machineOf(plan, decoder);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return `$.decoder: ${error.message}`;
  }
  if (array.frame === undefined || array.frame % decoder.values !== 0) {
    return `$.array.frame must be a multiple of the decoder's ${decoder.values} values, not ${array.frame ?? 'absent'}`;
  }
  return null;
}

function memoryInconsistency({ memory, linears, array }: Plan): string | null {
  const wanted = memoryMap(linears, array);
  for (const name of ['weights', 'scales', 'activations', 'blocks'] as const) {
    for (const field of ['base', 'stride', 'wordBytes', 'words'] as const) {
      const [found, right] = [memory[name][field], wanted[name][field]];
      if (found !== right) {
        return `$.memory.${name}.${field} must be ${right} for these linears and this array, not ${found}`;
      }
    }
  }
  return null;
}

function linearInconsistency(plan: Plan, linear: PlanLinear): string | null {
  const first = plan.linears[0]!;
  for (const key of ['block', 'alphabet', 'frame', 'packing', 'signSeed'] as const) {
    if (linear[key] !== first[key]) return `${key} differs from that of $.linears[0]: one array runs all linears`;
  }
  if (linear.packing !== (linear.alphabet === 'ternary' ? 'base3' : 'bits')) {
    return `packing must be ${linear.alphabet === 'ternary' ? 'base3' : 'bits'} for the ${linear.alphabet} alphabet`;
  }
  if (linear.osr !== linear.samples / linear.block)
    return `osr must be samples / block = ${linear.samples / linear.block}`;
  const segments = Math.ceil(linear.samples / linear.block);
  if (linear.gainShifts.length !== segments) return `gainShifts must have one entry per segment: ${segments}`;
  if (linear.frame === 'fourier' && linear.gainShifts.some((gain) => gain !== 0)) {
    return `gainShifts must be 0 in mode fourier, not ${linear.gainShifts.join(', ')}`;
  }
  const patterns = linear.frame === 'hadamard' ? segments : 1;
  if (plan.signs.length < patterns)
    return `samples asks for ${patterns} sign patterns, but $.signs has ${plan.signs.length}`;
  if (plan.signs.some((hex) => hex.length * 4 !== linear.block)) {
    return `block asks for sign patterns of ${linear.block / 4} hex digits in $.signs`;
  }
  const rest = linear.cols % linear.block;
  if (linear.frame === 'hadamard' && rest > 0) {
    if (!linear.tail) return `tail must describe the last ${rest} columns`;
    if (linear.tail.cols !== rest) return `tail.cols must be ${rest}, not ${linear.tail.cols}`;
    const { size, samples } = linear.tail;
    if (size < rest || size >= 2 * rest || (size & (size - 1)) !== 0) {
      return `tail.size must be the least power of two that holds ${rest} columns, not ${size}`;
    }
    if (Math.ceil(samples / size) > segments || samples > linear.samples) {
      return `tail.samples must need no more segments than a full block has, not ${samples}`;
    }
  } else if (linear.tail) {
    return 'tail must be null: the blocks are filled';
  }
  if (accumulatorBound(linear) >= ACCUMULATOR_LIMIT) {
    return `cols must be fewer than ${linear.cols}, for which an accumulator could reach 2^52`;
  }
  return null;
}

/** Accumulators are exact below this, rounding included. */
const ACCUMULATOR_LIMIT = 2 ** 52;

/** The largest |A| that a linear can reach. Source: docs/numerics.md, "Bound of the accumulator". */
function accumulatorBound(linear: PlanLinear): number {
  const fourier = linear.frame === 'fourier';
  const scale = fourier ? 382 * Math.SQRT2 : 255;
  return blockKinds(linear).reduce((bound, kind) => {
    const { count, size, samples } = kind;
    const gain = fourier ? samples / size : segmentShifts(linear, kind).reduce((sum, shift) => sum + 2 ** shift, 0);
    return bound + count * ((9 / 8) * 2 ** 15 * scale * size * Math.sqrt(size) * gain + 1 / 2);
  }, 0);
}
