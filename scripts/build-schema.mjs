// Compiles the plan's schema to code, in the place of the module that has ajv compile it in each process: that takes a third
// of a short command's time, and a web page's policy does not let it run.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What ajv's code needs of its own, as it would call for it in a module of Node's older kind. Length counts code points. */
const NEEDED = { 'ajv/dist/runtime/ucs2length': '{ default: (text) => [...text].length }' };

/** Rewrites one of the compiled modules. */
export async function buildSchema(root) {
  const plan = (name) => join(root, 'dist/generator/plan', name);
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const { planSchema } = await import(pathToFileURL(plan('schema.js')).href);
  const ajv = new Ajv2020({ allErrors: false, verbose: true, code: { source: true, esm: true } });
  const code = standalone.default(ajv.addSchema(planSchema, 'plan'), { validate: 'plan' });
  const module = code.replaceAll(/require\("([^"]+)"\)/g, (_, name) => {
    if (NEEDED[name] === undefined) throw new Error(`the code of the plan's schema needs ${name}`);
    return `(${NEEDED[name]})`;
  });
  const comment = '// The code that ajv makes of the schema; written by scripts/build-schema.mjs.';
  const check = 'export const schemaError = (value) => (validate(value) ? null : validate.errors[0]);';
  writeFileSync(plan('schema-check.js'), [comment, module, check, ''].join('\n'));
}
