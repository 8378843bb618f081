import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { campaign, type Module, type Outcome } from '../mutation/campaign.js';
import { ROOT, rtlFolders } from '../rtl/bench.js';
import { benchesByModule, UNTESTABLE } from '../rtl/benches.js';
import { icarus, lacks } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

/** Any number gives other mutants; survivors.json explains those of this one. */
const SEED = Number(process.env.SDQ_MUTATION_SEED ?? 1);
/** Least share that tests must notice of the mutants that change behaviour; the share of all is printed beside it. */
const LEAST_KILLED = 0.95;
/** On a machine with other work too. */
const TIMEOUT_MS = 7_200_000;

interface Explanation {
  readonly module: string;
  readonly mutant: string;
  /** Whether the mutant behaves like the module in every way that the module's contract speaks of. */
  readonly equivalent: boolean;
  readonly why: string;
}

const explanations = JSON.parse(
  readFileSync(join(ROOT, 'test/mutation/survivors.json'), 'utf8'),
) as readonly Explanation[];

/** Restricts a run to some modules, for work on their tests. */
const only = process.env.SDQ_MUTATION_MODULES?.split(',');

describe.skipIf(lacks(icarus))('mutants of the Verilog', () => {
  const folder = tempDirectory();

  it(`are noticed by the tests (seed ${SEED})`, { timeout: TIMEOUT_MS }, async () => {
    const benches = benchesByModule(join(folder, 'inputs'));
    const files = rtlFolders().flatMap((rtl) =>
      readdirSync(rtl)
        .filter((name) => name.endsWith('.v'))
        .map((name) => join(rtl, name)),
    );
    const names = files.map((file) => basename(file, '.v')).filter((name) => UNTESTABLE[name] === undefined);
    const untested = names.filter((name) => (benches[name]?.length ?? 0) === 0);
    expect(untested, 'modules that have no bench in test/rtl/benches.ts').toEqual([]);
    const unknown = Object.keys(benches).filter((name) => !names.includes(name));
    expect(unknown, 'names in test/rtl/benches.ts that are no module').toEqual([]);

    const modules: Module[] = files
      .filter((file) => names.includes(basename(file, '.v')))
      .map((file) => ({ file, benches: benches[basename(file, '.v')]! }))
      .filter(({ file }) => only === undefined || only.includes(basename(file, '.v')));
    const outcomes = await campaign(modules, {
      folder,
      seed: SEED,
      workers: availableParallelism(),
      log: (line) => process.stderr.write(`${line}\n`),
    });
    const survivors = outcomes.filter(({ killedBy }) => killedBy === null);
    const equivalent = survivors.filter((survivor) => explanationOf(survivor)?.equivalent === true).length;
    process.stderr.write(table(outcomes, equivalent));

    expect(
      survivors.filter((survivor) => !explanationOf(survivor)),
      'survivors that survivors.json does not explain',
    ).toEqual([]);
    if (only === undefined) expect(outcomes.length).toBeGreaterThanOrEqual(100);
    const killed = outcomes.length - survivors.length;
    expect(killed / (outcomes.length - equivalent)).toBeGreaterThanOrEqual(LEAST_KILLED);
  });
});

function explanationOf({ module, mutant }: Outcome): Explanation | undefined {
  return explanations.find((entry) => entry.module === module && entry.mutant === mutant);
}

function table(outcomes: readonly Outcome[], equivalent: number): string {
  const count = (list: readonly Outcome[]) => ({
    mutants: list.length,
    killed: list.filter(({ killedBy }) => killedBy !== null).length,
  });
  const row = (name: string, { mutants, killed }: { mutants: number; killed: number }): string =>
    `${name.padEnd(24)}${String(mutants).padStart(8)}${String(killed).padStart(8)}${String(mutants - killed).padStart(10)}\n`;
  const modules = [...new Set(outcomes.map(({ module }) => module))];
  const all = count(outcomes);
  const percent = (of: number): string => `${((100 * all.killed) / of).toFixed(1)} %`;
  return [
    `${'module'.padEnd(24)} mutants  killed survivors\n`,
    ...modules.map((module) => row(module, count(outcomes.filter((outcome) => outcome.module === module)))),
    row('all', all),
    `killed: ${percent(all.mutants)} of all, ${percent(all.mutants - equivalent)} of those that change behaviour\n`,
  ].join('');
}
