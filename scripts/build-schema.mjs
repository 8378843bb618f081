// Compiles the plan's schema to code, in the place of the module that has ajv compile it in each process: that takes a third
// of a short command's time, and a web page's policy does not let it run.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Rewrites one of the compiled modules. */
export async function buildSchema(root) {
  const plan = (name) => join(root, 'dist/generator/plan', name);
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const { planSchema } = await import(pathToFileURL(plan('schema.js')).href);
  const ajv = new Ajv2020({ allErrors: false, verbose: true, code: { source: true, esm: true } });
  const code = standalone.default(ajv.addSchema(planSchema, 'plan'), { validate: 'plan' });
  // ajv writes calls of require for what it needs of itself, although an ES module is asked for.
  const imports = [];
  const module = code.replaceAll(/require\("([^"]+)"\)/g, (_, name) => {
    imports.push(`import needed${imports.length} from '${name}.js';`);
    return `needed${imports.length - 1}`;
  });
  const comment = '// The code that ajv makes of the schema; written by scripts/build-schema.mjs.';
  const check = 'export const schemaError = (value) => (validate(value) ? null : validate.errors[0]);';
  writeFileSync(plan('schema-check.js'), [comment, ...imports, module, check, ''].join('\n'));
}
