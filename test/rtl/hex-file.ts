import { writeFileSync } from 'node:fs';

/** Writes words for a bench's `$readmemh`, in hex, one a line. */
export function hexFile(path: string, words: readonly (bigint | number)[]): void {
  writeFileSync(path, `${words.map((word) => word.toString(16)).join('\n')}\n`);
}
