/** What Yosys prints, read. */

import { STATISTICS_MARK } from './scripts.js';
import type { CellCounts } from './targets.js';

/** The part of the output that a script marked. @throws Error if there is none */
function marked(output: string): string {
  const at = output.lastIndexOf(`\n${STATISTICS_MARK}\n`);
  if (at < 0) throw new Error('Yosys ended without the statistics that it was asked for');
  return output.slice(at + STATISTICS_MARK.length + 2);
}

/** The modules that `ls` lists, by the name that each has in its source. */
export function parseModules(output: string): ReadonlyMap<string, string> {
  const modules = new Map<string, string>();
  for (const line of marked(output).split('\n')) {
    const derived = /^ {2}((?:\$paramod(?:\$[0-9a-f]+)?\\)?([A-Za-z_]\w*)(?:\\\S*)?)$/.exec(line);
    // Of a module that occurs with several sets of parameters the first stands.
    if (derived && !modules.has(derived[2]!)) modules.set(derived[2]!, derived[1]!);
  }
  return modules;
}

/**
 * The cells by type of the whole design, from the output of `stat -json`. It is not read as JSON: some versions of Yosys
 * print a comma too much, and some print an object of texts instead of a number.
 *
 * @throws Error if the output has no such statistics
 */
export function parseCells(output: string): CellCounts {
  const text = marked(output);
  const key = '"num_cells_by_type": {';
  const at = text.lastIndexOf(key);
  if (at < 0) throw new Error('Yosys printed no statistics');
  const entry = /\s*"([^"]+)":\s*(?:(\d+)|\{\s*"count":\s*"?(\d+)[^}]*\})\s*,?/y;
  entry.lastIndex = at + key.length;
  const cells: Record<string, number> = {};
  for (let match = entry.exec(text); match; match = entry.exec(text)) {
    // Newer versions keep notes on the flattened hierarchy as cells.
    if (match[1] !== '$scopeinfo') cells[match[1]!] = Number(match[2] ?? match[3]);
  }
  return cells;
}

/** The title of a pass in the log (`2.13. Executing ABC pass (...)`), at most two numbers deep; reading files is none. */
export function passTitle(line: string): string | null {
  return /^\d+(?:\.\d+)?\. Executing (.*?) pass\b/.exec(line)?.[1] ?? null;
}

/** The error message in a log, or null. */
export function errorOf(output: string): string | null {
  return /^(?:.*:\d+: )?ERROR: .*$/m.exec(output)?.[0] ?? null;
}
