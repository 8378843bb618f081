// Compiles the TypeScript sources when one of them is newer than the last build. Everything it prints goes to stderr.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildKernel } from './build-kernel.mjs';
import { buildPage } from './build-page.mjs';
import { buildSchema } from './build-schema.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist/.compiled');
const lock = join(root, 'dist/.compiling');
const SOURCES = ['generator', 'sim', 'firmware', 'templates', 'types', 'package-lock.json', 'tsconfig.base.json'];
const STALE_LOCK_MS = 120_000;

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

/** The latest modification among the sources below a path, folders included: a deleted file counts. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  let latest = stat.mtimeMs;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    if (entry.isDirectory() || /\.(ts|json|css|html|svg)$/.test(entry.name))
      latest = Math.max(latest, newest(join(path, entry.name)));
  }
  return latest;
}

const isStale = () => Math.max(...SOURCES.map((name) => newest(join(root, name)))) > modified(stamp);

/** Only one process compiles; the others wait for it. */
async function withLock(action) {
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (Date.now() - modified(lock) > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    return await action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

export async function compileIfStale() {
  if (!isStale()) return;
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(tsc)) {
    process.stderr.write('sdq: the dependencies are not installed; run "npm ci" in the checkout first\n');
    process.exit(2);
  }
  const compiled = await withLock(async () => {
    if (!isStale()) return true;
    const started = Date.now();
    process.stderr.write('sdq: compiling the TypeScript sources\n');
    await buildKernel(root);
    const result = spawnSync(process.execPath, [tsc, '-b', join(root, 'tsconfig.json')], { stdio: ['ignore', 2, 2] });
    if (result.status !== 0) return false;
    await buildSchema(root);
    await buildPage(root);
    writeFileSync(stamp, '');
    process.stderr.write(`sdq: compiled in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return true;
  });
  if (!compiled) {
    process.stderr.write('sdq: the TypeScript sources do not compile\n');
    process.exit(2);
  }
}
