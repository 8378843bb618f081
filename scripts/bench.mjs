// npm run bench -- <name> [arguments]: compiles bench/<name>.ts and runs its main with the arguments.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileIfStale } from './compile.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...values] = process.argv.slice(2);
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- <name> [arguments]; names: ${names.join(', ')}`);
  process.exit(2);
}
await compileIfStale();
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-b', join(root, 'tsconfig.bench.json')], {
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(1);
process.chdir(root);
const { main } = await import(pathToFileURL(join(root, 'dist/bench', `${name}.js`)).href);
// Numbers as numbers, so that a bench may have any parameters.
await main(...values.map((value) => (Number.isFinite(Number(value)) && value !== '' ? Number(value) : value)));
