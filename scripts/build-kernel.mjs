// Compiles the quantizer's inner loops (AssemblyScript) to WebAssembly, as a TypeScript module that holds the bytes.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'generator/kernel';

/** Does nothing if the module is newer than its sources. @throws Error with the compiler's messages */
export async function buildKernel(root) {
  const module = join(root, FOLDER, 'module.ts');
  const assembly = join(root, FOLDER, 'assembly');
  const newest = Math.max(...readdirSync(assembly).map((name) => statSync(join(assembly, name)).mtimeMs));
  if (existsSync(module) && statSync(module).mtimeMs > newest) return;
  const { default: asc } = await import('assemblyscript/asc');
  let bytes = null;
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort='];
  const source = `${FOLDER}/assembly/index.ts`;
  const { error, stderr } = await asc.main([source, ...options, '--baseDir', root, '--outFile', 'kernel.wasm'], {
    writeFile(name, content) {
      if (name === 'kernel.wasm') bytes = content;
    },
  });
  if (error || bytes === null) throw new Error(stderr.toString() || String(error));
  const text = Buffer.from(bytes).toString('base64');
  const comment = '/** assembly/ as WebAssembly, in base64; written by scripts/build-kernel.mjs. */';
  writeFileSync(module, `${comment}\nexport const MODULE = '${text}';\n`);
}
