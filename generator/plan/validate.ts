import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { InputError } from '../errors.js';
import { linearsOf } from '../model/roles.js';
import { planSchema } from './schema.js';
import type { Plan, PlanLinear } from './types.js';

let compiled: ValidateFunction | null = null;

/** Parses and checks a plan. @param name what to call the text in messages: the file's name
 *  @throws InputError naming the JSON path of the first field that is wrong */
export function parsePlan(text: string, name: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${name} is not JSON: ${(error as Error).message}`);
  }
  compiled ??= new Ajv2020({ allErrors: false, verbose: true }).compile(planSchema);
  if (!compiled(value)) throw new InputError(`${name}: ${describe(compiled.errors![0]!)}`);
  const plan = value as Plan;
  const problem = inconsistency(plan);
  if (problem) throw new InputError(`${name}: ${problem}`);
  return plan;
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

/** What the schema cannot say: fields that have to agree with each other. */
function inconsistency(plan: Plan): string | null {
  const expected = linearsOf(plan.model);
  if (plan.linears.length !== expected.length) {
    return `$.linears has ${plan.linears.length} entries, but a model of this shape has ${expected.length} linears`;
  }
  for (const [i, linear] of plan.linears.entries()) {
    const shape = expected[i]!;
    for (const key of ['name', 'layer', 'role', 'rows', 'cols'] as const) {
      if (linear[key] !== shape[key]) {
        return `$.linears[${i}].${key} must be ${shape[key]} for a model of this shape, not ${linear[key]}`;
      }
    }
    const problem = linearInconsistency(plan, linear);
    if (problem) return `$.linears[${i}].${problem}`;
  }
  if (plan.array.rows % 5 !== 0 && plan.linears.some((linear) => linear.packing === 'base3')) {
    return `$.array.rows must be a multiple of 5 for ternary symbols, not ${plan.array.rows}`;
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
  return null;
}
