import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { planSchema } from './schema.js';

let compiled: ValidateFunction | null = null;

/**
 * The first thing in which a value is not of the plan's schema, or null. Compiles the schema to code when it is first
 * called; what is built and released has that code instead of this module (scripts/build-schema.mjs).
 */
export function schemaError(value: unknown): ErrorObject | null {
  compiled ??= new Ajv2020({ allErrors: false, verbose: true }).compile(planSchema);
  return compiled(value) ? null : compiled.errors![0]!;
}
