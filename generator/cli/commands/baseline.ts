import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import {
  type Baseline,
  baselineText,
  type Change,
  compareWithBaseline,
  parseBaseline,
  parseResults,
  type Results,
  updateBaseline,
} from '../../baseline/baseline.js';
import { InputError } from '../../errors.js';
import { asInput } from '../../model/node/files.js';
import { writeFileAtomic } from '../../node/atomic-file.js';
import type { CommandResult, Register } from '../command.js';
import { table } from '../progress.js';
import { outputPath, userPath } from '../values.js';

interface BaselineOptions {
  readonly results: readonly string[];
}

export function addBaseline(program: Command, register: Register): void {
  const command = program
    .command('baseline')
    .description('keep resources and cycles from growing: compare what other commands printed with stored figures')
    .addHelpText(
      'after',
      `
Both take --json.

Examples:
  $ sdq baseline update baseline.json --results synth.json simulate.json
  $ sdq baseline check baseline.json --results synth.json simulate.json`,
    );
  const add = (
    name: string,
    description: string,
    action: (file: string, options: BaselineOptions) => CommandResult,
  ) => {
    const sub = command
      .command(name)
      .argument('<baseline>', 'baseline file (JSON)')
      .description(description)
      .requiredOption('--results <files...>', 'files with what "sdq synth --json", "sdq simulate --json" … printed')
      .addHelpText(
        'after',
        `
Figures are named after the file they come from: luts of synth.json is synth.luts.

Example:
  $ sdq baseline ${name} baseline.json --results synth.json simulate.json`,
      );
    register(sub, action);
  };
  add('check', 'exit code 1 if a figure is worse than its tolerance allows', check);
  add('update', 'store the figures; a file that exists keeps its choice of figures and their tolerances', update);
}

function check(file: string, options: BaselineOptions): CommandResult {
  const path = userPath(file);
  if (!existsSync(path)) {
    throw new InputError(`${file} does not exist: make it with "sdq baseline update ${file} --results …"`);
  }
  const changes = compareWithBaseline(readBaseline(path, file), readResults(options.results));
  const worse = changes.filter(({ verdict }) => verdict === 'worse');
  const better = changes.filter(({ verdict }) => verdict === 'better');
  const lines = [
    changesTable(changes),
    '',
    worse.length === 0
      ? `None of ${changes.length} figures is worse than its tolerance allows.`
      : `WORSE than the baseline allows: ${worse.map(({ key }) => key).join(', ')}`,
  ];
  if (worse.length > 0) lines.push(`If that is wanted: ${updateLine(file, options)}`);
  else if (better.length > 0) {
    lines.push(`Better: ${better.map(({ key }) => key).join(', ')}. To hold on to it: ${updateLine(file, options)}`);
  }
  return { json: { passed: worse.length === 0, figures: changes }, text: lines.join('\n'), passed: worse.length === 0 };
}

function update(file: string, options: BaselineOptions): CommandResult {
  const path = outputPath(file, options.results);
  const old = existsSync(path) ? readBaseline(path, file) : null;
  const updated = updateBaseline(old, readResults(options.results));
  writeFileAtomic(path, baselineText(updated));
  const keys = Object.keys(updated.figures);
  const changed = keys.filter((key) => old?.figures[key]?.value !== updated.figures[key]!.value);
  return {
    json: { file: path, figures: keys.length, changed },
    text: `Wrote ${file}: ${keys.length} figures, ${changed.length} of them new or changed.`,
  };
}

const updateLine = (file: string, { results }: BaselineOptions): string =>
  `sdq baseline update ${file} --results ${results.join(' ')}`;

const readBaseline = (path: string, file: string): Baseline =>
  parseBaseline(
    asInput(path, () => readFileSync(path, 'utf8')),
    file,
  );

/** @throws InputError if a file cannot be read, or two have one name and so one set of keys */
function readResults(files: readonly string[]): Results {
  const results = new Map<string, unknown>();
  for (const file of files) {
    const path = userPath(file);
    const name = basename(file).replace(/\.json$/, '');
    if (results.has(name)) throw new InputError(`two results files are named ${name}: give one of them another name`);
    const text = asInput(path, () => readFileSync(path, 'utf8'));
    results.set(name, parseResults(text, file));
  }
  return results;
}

const VERDICTS = { worse: 'WORSE', same: '', within: 'within tolerance', better: 'better' } as const;

function changesTable(changes: readonly Change[]): string {
  const rows = changes.map(({ key, baseline, actual, change, limit, verdict }) => [
    key,
    ...[baseline, actual].map(figure),
    change === null ? '' : `${change > 0 ? '+' : ''}${(100 * change).toFixed(2)} %`,
    figure(limit),
    VERDICTS[verdict],
  ]);
  return table([['figure', 'baseline', 'now', 'change', 'limit', ''], ...rows]);
}

/** At most two decimals. */
const figure = (value: number): string => String(Number(value.toFixed(2)));
