import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const SHARED = process.env.SDQ_SHARED ?? resolve(import.meta.dirname, '../../../shared');
const EXAMPLES = resolve(import.meta.dirname, '../../examples');

/** A file or folder of the reference data, which is not part of the repository (SDQ_SHARED says where it is). */
export function sharedPath(name: string): string {
  return join(SHARED, name);
}

/** A file or folder of the bundled examples. */
export function examplePath(name: string): string {
  return join(EXAMPLES, name);
}

/** For describe.skipIf: true, and says so on stderr, if a path that the tests need is absent. */
export function isAbsent(path: string): boolean {
  if (existsSync(path)) return false;
  console.warn(`SKIPPED: ${path} is absent (SDQ_SHARED may name the folder of reference data)`);
  return true;
}
