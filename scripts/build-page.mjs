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
