import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A new empty directory that is removed after the test file's tests. */
export function tempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sdq-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
