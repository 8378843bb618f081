import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { planSchema } from './schema.js';

let compiled: ValidateFunction | null = null;

/**
 * The first thing in which a value is not of the plan's schema, or null. Compiles the schema to code when it is first
 * called; the web page, whose policy forbids that, has the code instead of this module (scripts/build-page.mjs).
 */
export function schemaError(value: unknown): ErrorObject | null {
  // That the schema is one, a test says: to see it here would take longer than all the rest.
  compiled ??= new Ajv2020({ allErrors: false, verbose: true, validateSchema: false }).compile(planSchema);
  return compiled(value) ? null : compiled.errors![0]!;
}
