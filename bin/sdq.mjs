#!/usr/bin/env node
// In a checkout the TypeScript sources are compiled first if they changed; an installed package has dist/ only.
import { existsSync } from 'node:fs';

const compiler = new URL('../scripts/compile.mjs', import.meta.url);
if (existsSync(compiler)) {
  const { compileIfStale } = await import(compiler.href);
  await compileIfStale();
}
await import('../dist/generator/cli/main.js');
