import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What Verilator says about the C++ that it wrote, from its `_classes.mk`. */
export interface Generated {
  /** Code that runs every cycle, base names without '.cpp'. */
  readonly fast: readonly string[];
  /** Constructors, reset and settling. */
  readonly slow: readonly string[];
  /** Files of Verilator's run-time library that the model links with. */
  readonly runtime: readonly string[];
  /** Macros that model and harness ask for features; the library itself does not depend on them. */
  readonly macros: readonly string[];
  /** The design has delays (--timing), i.e. needs C++20 coroutines. */
  readonly timing: boolean;
}

/** Reads `<folder>/<prefix>_classes.mk`, whose layout has been the same since Verilator 4. */
export async function readGenerated(folder: string, prefix: string): Promise<Generated> {
  const text = (await readFile(join(folder, `${prefix}_classes.mk`), 'utf8')).replace(/\\\n/g, ' ');
  const variables = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const match = /^(\w+)\s*\+?=\s*(.*)$/.exec(line);
    if (match)
      variables.set(
        match[1]!,
        match[2]!.split(/\s+/).filter((word) => word !== ''),
      );
  }
  const list = (name: string): string[] => variables.get(name) ?? [];
  const flag = (name: string): string => list(name)[0] ?? '0';
  const macros = ['VM_COVERAGE', 'VM_TRACE', 'VM_TRACE_FST', 'VM_TRACE_VCD', 'VM_TRACE_SAIF'];
  return {
    fast: [...list('VM_CLASSES_FAST'), ...list('VM_SUPPORT_FAST')],
    slow: [...list('VM_CLASSES_SLOW'), ...list('VM_SUPPORT_SLOW')],
    runtime: [...list('VM_GLOBAL_FAST'), ...list('VM_GLOBAL_SLOW')],
    macros: macros.map((name) => `-D${name}=${flag(name)}`),
    timing: flag('VM_TIMING') === '1',
  };
}

/**
 * Every generated file reads a megabyte of library headers, which costs a second each; larger units cannot be spread
 * over the cores. So files are compiled together up to about this size, and small ones with those that are larger.
 */
const UNIT_BYTES = 150_000;

/**
 * Writes units `<folder>/<label>_N.cpp`, each including several generated files, and returns their names in the order
 * in which to start them: largest first, so that no core is left with a large one at the end.
 */
export async function writeUnits(folder: string, label: string, names: readonly string[]): Promise<string[]> {
  const files = await Promise.all(
    names.map(async (name) => ({ file: `${name}.cpp`, bytes: (await stat(join(folder, `${name}.cpp`))).size })),
  );
  const wanted = files.reduce((sum, { bytes }) => sum + Math.min(bytes, UNIT_BYTES), 0) / UNIT_BYTES;
  const length = Math.min(files.length, Math.max(1, Math.round(wanted)));
  const units = Array.from({ length }, () => ({ files: [] as string[], bytes: 0 }));
  // Longest processing time first; ties by name, so that the same design always gives the same units.
  for (const { file, bytes } of files.sort((a, b) => b.bytes - a.bytes || a.file.localeCompare(b.file))) {
    const smallest = units.reduce((best, unit) => (unit.bytes < best.bytes ? unit : best));
    smallest.files.push(file);
    smallest.bytes += bytes;
  }
  units.sort((a, b) => b.bytes - a.bytes);
  const written: string[] = [];
  for (const [index, unit] of units.entries()) {
    const name = `${label}_${index}.cpp`;
    await writeFile(
      join(folder, name),
      unit.files
        .sort()
        .map((file) => `#include "${file}"\n`)
        .join(''),
    );
    written.push(name);
  }
  return written;
}
