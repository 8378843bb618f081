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
