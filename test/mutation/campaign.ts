/** Runs the tests of each module on mutants of it. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Bench, runBench } from '../rtl/bench.js';
import { applyMutation, keyOf, type Mutation, mutations } from './mutate.js';

export interface Module {
  readonly file: string;
  /** The tests that it takes part in, those that find most first. */
  readonly benches: readonly Bench[];
}

export interface Outcome {
  readonly module: string;
  readonly mutant: string;
  /** The bench that noticed; null if none did. */
  readonly killedBy: string | null;
}

/** Of the mutations of a module, one in so many is tried, but at least MIN. */
const ONE_IN = 56;
const MIN = 2;

/**
 * The mutations of a module in the order in which they are tried: kinds take turns, and within a kind an order that
 * looks random, is the same for the same seed, and depends on nothing but the changed line.
 */
export function ordered(source: string, module: string, seed: number): Mutation[] {
  const rank = (text: string): number => hash(`${seed} ${module} ${text}`);
  const kinds = new Map<string, Mutation[]>();
  for (const mutation of mutations(source)) kinds.set(mutation.kind, [...(kinds.get(mutation.kind) ?? []), mutation]);
  const queues = [...kinds]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([, list]) => list.sort((a, b) => rank(keyOf(a)) - rank(keyOf(b))));
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue.slice(turn, turn + 1))).flat();
}

/** How many mutants a module with so many mutations gets. */
export function share(count: number): number {
  return Math.min(count, Math.max(MIN, Math.round(count / ONE_IN)));
}

/** FNV-1a, then mixed so that similar texts lie far apart. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const char of text) h = Math.imul(h ^ char.codePointAt(0)!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

export interface CampaignOptions {
  readonly folder: string;
  readonly seed: number;
  /** Simulations at a time. */
  readonly workers: number;
  readonly log: (line: string) => void;
}

/**
 * Tries mutants of all modules. A mutant that does not compile is no mutant: the next one takes its place.
 * @throws Error if a bench fails on the modules as they are
 */
export async function campaign(modules: readonly Module[], options: CampaignOptions): Promise<Outcome[]> {
  const { folder, seed, workers, log } = options;
  const limits = await timeLimits(modules, options);
  const outcomes: Outcome[] = [];
  const tasks = modules.flatMap((module) => {
    const name = basename(module.file, '.v');
    const source = readFileSync(module.file, 'utf8');
    const waiting = ordered(source, name, seed);
    return Array.from({ length: share(waiting.length) }, (_, i) => async () => {
      const work = join(folder, `${name}-${i}`);
      for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
        const killedBy = await tryMutant(module, name, applyMutation(source, mutation), work, limits);
        if (killedBy === undefined) continue;
        const outcome = { module: name, mutant: keyOf(mutation), killedBy };
        log(`${name}: ${outcome.mutant}: ${killedBy === null ? 'SURVIVES' : `killed by ${killedBy}`}`);
        outcomes.push(outcome);
        break;
      }
      rmSync(work, { recursive: true, force: true });
    });
  });
  await pool(tasks, workers);
  return outcomes;
}

/** @returns the bench that fails, null if none does, undefined if the mutant does not compile */
async function tryMutant(
  module: Module,
  name: string,
  source: string,
  work: string,
  limits: ReadonlyMap<Bench, number>,
): Promise<string | null | undefined> {
  const instead = join(work, 'mutant');
  mkdirSync(instead, { recursive: true });
  writeFileSync(join(instead, `${name}.v`), source);
  for (const [i, bench] of module.benches.entries()) {
    const timeoutMs = limits.get(bench)!;
    const { status } = await runBench(bench, { folder: join(work, 'run'), instead, timeoutMs });
    // One that compiles with some parameters only is noticed by the compiler.
    if (status === 'invalid' && i === 0) return undefined;
    if (status !== 'passed') return bench.name;
  }
  return null;
}

/** Runs each bench as it should pass, and allows its mutants ten times as long. */
async function timeLimits(modules: readonly Module[], options: CampaignOptions): Promise<Map<Bench, number>> {
  const limits = new Map<Bench, number>();
  const benches = [...new Set(modules.flatMap((module) => module.benches))];
  const measure = (bench: Bench, i: number) => async () => {
    const start = performance.now();
    const { status, output } = await runBench(bench, { folder: join(options.folder, `bench-${i}`) });
    if (status !== 'passed') throw new Error(`${bench.name} without a mutant: ${status}\n${output.slice(-2000)}`);
    const milliseconds = performance.now() - start;
    options.log(`${bench.name}: ${(milliseconds / 1000).toFixed(2)} s`);
    limits.set(bench, 5000 + 10 * milliseconds);
  };
  await pool(benches.map(measure), options.workers);
  return limits;
}

async function pool(tasks: readonly (() => Promise<void>)[], workers: number): Promise<void> {
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: workers }, work));
}
