// Bundles the web page from the compiled sources into dist/page: files for any static host.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @throws Error with the bundler's messages */
export async function buildPage(root) {
  const dist = (name) => join(root, 'dist', name);
  const source = (name) => readFileSync(join(root, name), 'utf8');
  const page = dist('page.partial');
  rmSync(page, { recursive: true, force: true });
  mkdirSync(page, { recursive: true });

  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: { page: dist('firmware/web/page.js'), worker: dist('firmware/web/worker.js') },
    platform: 'browser',
    plugins: [await compiledSchema(dist)],
    logLevel: 'warn',
  });
  await bundle.write({ dir: page, format: 'esm', minify: true, chunkFileNames: '[name].js' });
  await bundle.close();

  const { PAGE_POLICY } = await import(pathToFileURL(dist('firmware/serve/policy.js')).href);
  writeFileSync(join(page, 'index.html'), source('firmware/web/index.html').replace('{{policy}}', PAGE_POLICY));
  const styles = ['templates/theme.css', 'templates/heat-map.css', 'firmware/web/page.css'];
  writeFileSync(join(page, 'page.css'), styles.map(source).join('\n'));
  copyFileSync(join(root, 'firmware/web/icon.svg'), join(page, 'icon.svg'));
  const boards = readdirSync(join(root, 'generator/boards')).filter((name) => name.endsWith('.json'));
  const declared = boards.map((name) => [basename(name, '.json'), JSON.parse(source(`generator/boards/${name}`))]);
  writeFileSync(join(page, 'boards.json'), JSON.stringify(Object.fromEntries(declared)));
  replaceFiles(page, dist('page'));
}

/** File by file: a server of the page may be running, and finds each of them at any time. */
function replaceFiles(from, to) {
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from);
  for (const name of names) renameSync(join(from, name), join(to, name));
  for (const name of readdirSync(to)) if (!names.includes(name)) rmSync(join(to, name));
  rmSync(from, { recursive: true });
}

/** Puts the code that ajv makes of the plan's schema in the place of ajv, which the page's policy would not let run. */
async function compiledSchema(dist) {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const { planSchema } = await import(pathToFileURL(dist('generator/plan/schema.js')).href);
  const ajv = new Ajv2020({ allErrors: false, verbose: true, code: { source: true, esm: true } });
  const code = standalone.default(ajv.addSchema(planSchema, 'plan'), { validate: 'plan' });
  const replaced = dist('generator/plan/schema-check.js');
  return {
    name: 'compiled-schema',
    load: (id) =>
      id === replaced
        ? `${code}\nexport const schemaError = (value) => (validate(value) ? null : validate.errors[0]);`
        : null,
  };
}
