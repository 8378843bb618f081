import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Detection, detect, type FoundSimulator, type Simulator } from './detect.js';
import { type OracleHandler, serveOracle } from './oracle.js';
import { type Environment, run } from './process.js';

export interface CocotbOptions {
  /** Top module. */
  readonly toplevel: string;
  /** Verilog sources. */
  readonly sources: readonly string[];
  /** Python module with the tests, e.g. 'test_mac'; several are separated by commas. */
  readonly testModule: string;
  /** Folders in which Python finds it and what it imports. */
  readonly testDirs: readonly string[];
  /** Default: the first that is available, Icarus preferred. */
  readonly simulator?: Simulator;
  /** Parameters of the top module. */
  readonly parameters?: Readonly<Record<string, number | string>>;
  readonly defines?: Readonly<Record<string, number | string>>;
  readonly includeDirs?: readonly string[];
  /** Further arguments for the simulator's compiler. */
  readonly buildArgs?: readonly string[];
  /** Environment variables for the tests, on top of the process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the simulator builds and results go. */
  readonly buildDir: string;
  /** Time unit and precision of sources without `timescale. Default '1ns/1ps'. */
  readonly timescale?: string;
  /** Seed of cocotb's random numbers, for repeatable runs. */
  readonly seed?: number;
  /** Golden model, reachable for the tests by `cocotb_bridge_oracle.connect()`. */
  readonly oracle?: Readonly<Record<string, OracleHandler>>;
  /** The simulation is stopped and counts as failed after this many seconds. Default 600. */
  readonly timeoutSeconds?: number;
  /** Receives what simulator and tests print, line by line. */
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: `detect()`. */
  readonly detection?: Detection;
}

export interface CocotbTest {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed; '' if it did not. */
  readonly message: string;
  /** Wall-clock time. */
  readonly seconds: number;
}

export type CocotbResult =
  /** cocotb cannot run here; `reason` completes "skipped, because …". */
  | { readonly status: 'skipped'; readonly reason: string }
  | {
      readonly status: 'passed' | 'failed';
      readonly tests: readonly CocotbTest[];
      readonly simulator: FoundSimulator;
      /** Why the run failed as a whole (compile error, time-out, no tests); '' if single tests failed or none. */
      readonly message: string;
      /** The last 100 lines that simulator and tests printed. */
      readonly output: string;
    };

/** Python files of this package: the runner, and the oracle client that tests import. */
export const PYTHON_DIR = fileURLToPath(new URL('../python', import.meta.url));

const OUTPUT_LINES = 100;

/**
 * Runs cocotb tests on Verilog. Without Python, cocotb or a suitable simulator the result is 'skipped' with the reason.
 * A design that does not compile, or a module without tests, is 'failed'.
 * @throws Error when a source file is missing, and the signal's reason when that fires
 */
export async function runCocotb(options: CocotbOptions): Promise<CocotbResult> {
  const environment: Environment = { ...process.env, ...options.env };
  const detection = options.detection ?? (await detect({ env: environment }));
  if (!detection.available) return { status: 'skipped', reason: detection.reason };
  const simulator = choose(detection, options.simulator);
  if (typeof simulator === 'string') return { status: 'skipped', reason: simulator };

  for (const source of options.sources) {
    await access(source).catch(() => {
      throw new Error(`The Verilog source ${source} does not exist. Check sources.`);
    });
  }
  const buildDir = resolve(options.buildDir);
  await mkdir(buildDir, { recursive: true });
  const resultFile = join(buildDir, 'cocotb-bridge-result.json');
  const jobFile = join(buildDir, 'cocotb-bridge-job.json');
  // A result of an earlier run must not be taken for this one's.
  await rm(resultFile, { force: true });
  await writeFile(jobFile, JSON.stringify(job(options, simulator, buildDir, resultFile), null, 2));

  const server = options.oracle ? await serveOracle(options.oracle) : undefined;
  try {
    const finished = await run(detection.python.path, [join(PYTHON_DIR, 'cocotb_bridge_run.py'), jobFile], {
      env: { ...environment, ...server?.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
      cwd: buildDir,
      signal: options.signal,
      timeoutMs: (options.timeoutSeconds ?? 600) * 1000,
      onLine: options.log,
    });
    const { tests, message } = await readResult(resultFile);
    const timeout = finished.timedOut ? `the simulation took longer than ${options.timeoutSeconds ?? 600} s` : '';
    const exit = finished.code === 0 ? '' : `cocotb's runner ended with exit code ${finished.code}`;
    const failed = tests.some((test) => test.status === 'failed');
    const problem = timeout || message || (failed ? '' : exit);
    const output = finished.output.trimEnd().split('\n').slice(-OUTPUT_LINES).join('\n');
    return { status: failed || problem !== '' ? 'failed' : 'passed', tests, simulator, message: problem, output };
  } finally {
    await server?.close();
  }
}

function choose(detection: Detection & { available: true }, wish: Simulator | undefined): FoundSimulator | string {
  const found = detection.simulators.find(({ name }) => wish === undefined || name === wish);
  if (found) return found;
  const title = wish === 'icarus' ? 'Icarus' : 'Verilator';
  return detection.unsuitable.find((phrase) => phrase.includes(title)) ?? `${title} was not found`;
}

function job(options: CocotbOptions, simulator: FoundSimulator, buildDir: string, resultFile: string): unknown {
  return {
    simulator: simulator.name,
    toplevel: options.toplevel,
    sources: options.sources.map((path) => resolve(path)),
    includeDirs: (options.includeDirs ?? []).map((path) => resolve(path)),
    testModule: options.testModule,
    // The oracle client must be importable from every test.
    pythonPath: [...options.testDirs.map((path) => resolve(path)), PYTHON_DIR],
    parameters: options.parameters ?? {},
    defines: options.defines ?? {},
    buildArgs: options.buildArgs ?? [],
    timescale: options.timescale ?? '1ns/1ps',
    seed: options.seed ?? null,
    buildDir: join(buildDir, 'sim'),
    resultFile,
    ownGroup: process.platform !== 'win32',
  };
}

interface RunnerResult {
  readonly tests: readonly CocotbTest[];
  readonly message: string;
}

async function readResult(file: string): Promise<RunnerResult> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { tests: [], message: "cocotb's runner left no result; see output" };
  const value: unknown = JSON.parse(text);
  const record = value as Partial<RunnerResult>;
  return { tests: record.tests ?? [], message: record.message ?? '' };
}
