/** The command line as users meet it: a child process, its output and its exit code; and what the tests feed it with. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { GoldenModel } from '../../firmware/session/golden-model.js';
import type { SamplingOptions } from '../../firmware/session/sampling.js';
import { loadTokenizer } from '../../firmware/tokenizer/node/load.js';
import { cached } from '../../generator/image/image.js';
import { openImage } from '../../generator/image/node/open-image.js';
import { IntegerDecoder } from '../../sim/golden/decoder.js';
import { argmax } from '../../sim/golden/ops.js';
import { runGolden } from '../../sim/golden/run.js';
import { writeCheckpoint } from './checkpoints.js';
import { examplePath } from './shared.js';
import { sentencePieceJson } from './tokenizers.js';

export const ROOT = resolve(import.meta.dirname, '../..');
const ENTRY = join(ROOT, 'bin/sdq.mjs');

export interface Outcome {
  /** Null if a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Without the lines that a checkout's entry prints while it compiles changed sources. */
  readonly stderr: string;
}

export interface SdqOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A shell command that runs `"$@"`: for limits and redirections that only a shell can set. */
  readonly shell?: string;
}

/** Starts `sdq` with the arguments, in an environment that neither npm nor the caller's debugging shows through. */
export function spawnSdq(args: readonly string[], { cwd = tmpdir(), env = {}, shell }: SdqOptions = {}): ChildProcess {
  const command = [process.execPath, ENTRY, ...args];
  const [program, ...rest] = shell === undefined ? command : ['sh', '-c', shell, 'sh', ...command];
  const clean = { ...process.env, SDQ_DEBUG: undefined, INIT_CWD: undefined, NODE_OPTIONS: undefined, ...env };
  return spawn(program!, rest, { cwd, env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits for a process and keeps what it prints. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const own = stderr.replace(/^sdq: (compiling the TypeScript sources|compiled in .* s)\n/gm, '');
      resolve({ code, signal, stdout, stderr: own });
    });
  });
}

/** Runs `sdq` to its end. */
export function sdq(args: readonly string[], options: SdqOptions = {}): Promise<Outcome> {
  return outcomeOf(spawnSdq(args, options));
}

/** Runs `sdq … --json`, which must succeed, and gives back the object. */
export async function sdqJson<T = Record<string, unknown>>(args: readonly string[], options?: SdqOptions): Promise<T> {
  const outcome = await sdq([...args, '--json'], options);
  expect(outcome.code, outcome.stderr).toBe(0);
  return jsonOf<T>(outcome);
}

/** The one JSON object that stdout consists of. */
export function jsonOf<T = Record<string, unknown>>({ stdout }: Outcome): T {
  expect(stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(stdout) as T;
}

/**
 * Expects a refusal: exit code 2, nothing on stdout, and one line of error at the end of stderr. Progress, where work
 * had begun, is told apart by not beginning with "sdq: ". @returns the line without "sdq: "
 */
export function refusalOf({ code, stdout, stderr }: Outcome, options: { readonly progress?: boolean } = {}): string {
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n');
  const last = lines.pop()!;
  expect(last, stderr).toMatch(/^sdq: \S/);
  expect(lines.filter((line) => line.startsWith('sdq: ') || /^\s+at /.test(line))).toEqual([]);
  if (!options.progress) expect(lines).toEqual([]);
  expect(code, stderr).toBe(2);
  return last.slice('sdq: '.length);
}

/** Every file and folder below a folder, with a digest of its content; temporary names count like any other. */
export function listing(folder: string): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const isFile = lstatSync(path).isFile();
      return [name, isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no file'];
    }),
  );
}

/** A command that must be refused. */
export interface Case {
  readonly what: string;
  readonly args: readonly string[];
  readonly says: RegExp;
  /** It is found out only while the work goes on. */
  readonly progress?: boolean;
}

/** Defines a test for each case: its command is run in the folder and refused. None of them may change anything there. */
export function refusals(folder: string, cases: readonly Case[]): void {
  let before: Record<string, string>;
  beforeAll(() => {
    before = listing(folder);
  });
  // Most of a refusal's time is that of starting Node: the cores share it.
  it.concurrent.each(cases)('$what', async ({ args, says, progress = false }) => {
    expect(refusalOf(await sdq([...args, '--json'], { cwd: folder }), { progress })).toMatch(says);
  });
  it('and nothing is written', () => expect(listing(folder)).toEqual(before));
}

/** Writes a random LLaMA of a few thousand weights with a tokenizer; its commands take no time. @returns the folder */
export function writeSmallModel(folder: string, config: Readonly<Record<string, unknown>> = {}): string {
  const tokenizer = sentencePieceJson(['▁ a', 'a b', '▁ t', 't h', 'th e']);
  writeCheckpoint(folder, {
    config: {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: 64,
      intermediate_size: 104,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 16,
      hidden_act: 'silu',
      max_position_embeddings: 24,
      vocab_size: 300,
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
      bos_token_id: 1,
      eos_token_id: 2,
      ...config,
    },
  });
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  return folder;
}

/** A model with everything that was made from it. */
export interface Prepared {
  readonly model: string;
  readonly plan: string;
  readonly weights: string;
  readonly build: string;
  readonly planHash: string;
}

/** Plans, quantizes and generates below a folder. */
export async function prepare(folder: string, model: string, planOptions: readonly string[]): Promise<Prepared> {
  mkdirSync(folder, { recursive: true });
  const [plan, weights, build] = ['plan.json', 'weights.sdq', 'build'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const { planHash } = await sdqJson<{ planHash: string }>(['plan', model, '-o', plan, ...planOptions]);
  await sdqJson(['quantize', model, '--plan', plan, '-o', weights]);
  await sdqJson(['generate', '--plan', plan, '-o', build]);
  return { model, plan, weights, build, planHash };
}

const POLL_MS = 100;

/** A bundled model at OSR 2, prepared by the first test file of a run that asks for it. */
export async function bundled(name: 'tiny-llama' | 'tiny-opt'): Promise<Prepared> {
  const root = runFolder();
  const [making, done, failed] = ['making', 'done', 'failed'].map((state) => join(root, `${name}.${state}`)) as [
    string,
    string,
    string,
  ];
  try {
    mkdirSync(making);
  } catch {
    while (!isThere(done) && !isThere(failed)) await sleep(POLL_MS);
  }
  if (isThere(failed)) throw new Error(`${name} could not be prepared by another test file`);
  if (isThere(done)) return JSON.parse(readFileSync(done, 'utf8')) as Prepared;
  try {
    const prepared = await prepare(join(root, name), examplePath(name), ['--osr', '2']);
    writeFileSync(`${done}.partial`, JSON.stringify(prepared));
    renameSync(`${done}.partial`, done);
    return prepared;
  } catch (error) {
    writeFileSync(failed, '');
    throw error;
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/**
 * The folder of this test run: its test files are processes with one parent. No file knows whether it is the last, so
 * that the folders of runs that have ended are removed by the next one.
 */
function runFolder(): string {
  const prefix = 'sdq-test-run-';
  const own = `${prefix}${process.ppid}`;
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix) || name === own) continue;
    if (!isRunning(Number.parseInt(name.slice(prefix.length), 10))) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
  const folder = join(tmpdir(), own);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The text that a session of the golden model gives, drawn as the options say. */
export async function goldenText(
  { model, weights }: Prepared,
  prompt: string,
  maxTokens: number,
  sampling: SamplingOptions,
): Promise<string> {
  const options = { tokenizer: loadTokenizer(model), prompt, maxTokens, ...sampling };
  let whole = '';
  for await (const { text } of new GoldenModel(openImage(weights)).session(options)) whole += text;
  return whole;
}

export interface GoldenRun {
  readonly text: string;
  /** Prompt, BOS included, and what was generated. */
  readonly tokens: number;
  /** Tokens that the decoder was run on: all, unless the context became full. */
  readonly fed: number;
  /** Outputs of all linears for one token. */
  readonly rowsPerToken: number;
}

/** What the golden model writes, computed in this process without session, device or simulator. */
export function goldenRun({ model, weights }: Prepared, prompt: string, most: number): GoldenRun {
  const image = openImage(weights);
  const tokenizer = loadTokenizer(model);
  const linears = cached(image);
  const decoder = new IntegerDecoder(image.integerModel());
  const { bos, eos, context } = image.plan.model;
  const given = [bos, ...tokenizer.encode(prompt)];
  let next = 0;
  for (const token of given) next = argmax(runGolden(decoder.step(token), linears));
  const tokens = [...given];
  while (tokens.length < given.length + most && !eos.includes(next)) {
    tokens.push(next);
    if (decoder.position === context) break;
    next = argmax(runGolden(decoder.step(next), linears));
  }
  return {
    text: tokenizer.decode(tokens).slice(tokenizer.decode(given).length),
    tokens: tokens.length,
    fed: decoder.position,
    rowsPerToken: image.plan.linears.reduce((sum, { rows }) => sum + rows, 0),
  };
}
