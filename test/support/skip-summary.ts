/** Says at the end of a run, where nobody overlooks it, why tests were skipped. */

import type { Reporter } from 'vitest/node';
import { SKIPPED } from './needs.js';

export class SkipSummary implements Reporter {
  readonly #reasons = new Set<string>();

  onUserConsoleLog({ content }: { readonly content: string }): void {
    for (const line of content.split('\n')) if (line.startsWith(SKIPPED)) this.#reasons.add(line);
  }

  onTestRunEnd(): void {
    if (this.#reasons.size > 0) console.warn(`${[...this.#reasons].sort().join('\n')}\n`);
  }
}
