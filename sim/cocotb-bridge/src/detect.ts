import { type Environment, run, which } from './process.js';

/** Simulators that cocotb tests are run on. */
export type Simulator = 'icarus' | 'verilator';

export interface FoundSimulator {
  readonly name: Simulator;
  readonly path: string;
  readonly version: string;
}

export interface FoundPython {
  readonly path: string;
  readonly version: string;
  readonly cocotb: string;
}

/** What cocotb tests can run with here, or why they cannot. */
export type Detection =
  | {
      readonly available: true;
      readonly python: FoundPython;
      /** At least one, in order of preference. */
      readonly simulators: readonly FoundSimulator[];
      /** Simulators that are missing or too old, one phrase each. */
      readonly unsuitable: readonly string[];
    }
  | {
      readonly available: false;
      /** A phrase that completes "skipped, because …". */
      readonly reason: string;
    };

const MIN_PYTHON = '3.8';
const MIN_COCOTB = '1.8';
const MIN_ICARUS = '11';

/** Oldest Verilator for each cocotb release line, newest first. */
const MIN_VERILATOR: readonly (readonly [cocotb: string, verilator: string])[] = [
  ['2.0', '5.036'],
  ['1.9', '5.022'],
  ['1.8', '5.006'],
];

const PROBE = `
import json, sys
try:
    from importlib.metadata import version
    cocotb = version("cocotb")
except Exception:
    cocotb = None
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "cocotb": cocotb}))
`;

/**
 * Looks for Python >= 3.8 with cocotb >= 1.8 (COCOTB_PYTHON, then python3 and python on PATH) and for the simulators
 * that this cocotb supports. Installs nothing and never throws.
 */
export async function detect(options: { readonly env?: Environment } = {}): Promise<Detection> {
  const env = options.env ?? process.env;
  const python = await findPython(env);
  if (typeof python === 'string') return { available: false, reason: python };
  const found = [await findIcarus(env), await findVerilator(env, python.cocotb)];
  const simulators = found.filter((entry): entry is FoundSimulator => typeof entry !== 'string');
  const unsuitable = found.filter((entry): entry is string => typeof entry === 'string');
  if (simulators.length > 0) return { available: true, python, simulators, unsuitable };
  return { available: false, reason: `cocotb ${python.cocotb} is there, but ${unsuitable.join(', and ')}` };
}

async function findPython(env: Environment): Promise<FoundPython | string> {
  const names = env.COCOTB_PYTHON ? [env.COCOTB_PYTHON] : ['python3', 'python'];
  let reason = `Python >= ${MIN_PYTHON} was not found (looked for ${names.join(' and ')})`;
  for (const name of names) {
    const path = await which(name, env);
    if (path === undefined) continue;
    const probe = await run(path, ['-c', PROBE], { env, timeoutMs: 20_000 }).catch(() => undefined);
    const facts = parseFacts(probe?.stdout ?? '');
    if (facts === undefined) {
      reason = `${path} does not run`;
    } else if (compare(facts.version, MIN_PYTHON) < 0) {
      reason = `${path} is Python ${facts.version}, older than ${MIN_PYTHON}`;
    } else if (facts.cocotb === undefined) {
      reason = `Python ${facts.version} (${path}) has no cocotb; install it with "${name} -m pip install cocotb"`;
    } else if (compare(facts.cocotb, MIN_COCOTB) < 0) {
      reason = `cocotb ${facts.cocotb} (${path}) is older than ${MIN_COCOTB}`;
    } else {
      return { path, version: facts.version, cocotb: facts.cocotb };
    }
  }
  return reason;
}

function parseFacts(text: string): { version: string; cocotb: string | undefined } | undefined {
  try {
    const facts: unknown = JSON.parse(text);
    if (typeof facts !== 'object' || facts === null || !('version' in facts) || !('cocotb' in facts)) return undefined;
    return { version: String(facts.version), cocotb: facts.cocotb === null ? undefined : String(facts.cocotb) };
  } catch {
    return undefined;
  }
}

async function findIcarus(env: Environment): Promise<FoundSimulator | string> {
  const path = await which('iverilog', env);
  if (path === undefined || (await which('vvp', env)) === undefined) {
    return `Icarus Verilog >= ${MIN_ICARUS} was not found (apt-get install iverilog, or brew install icarus-verilog)`;
  }
  const version = await versionOf(path, ['-V'], /Icarus Verilog version (\d+(?:\.\d+)*)/, env);
  if (version === undefined) return `${path} does not tell its version`;
  if (compare(version, MIN_ICARUS) < 0) return `Icarus Verilog ${version} is older than ${MIN_ICARUS}`;
  return { name: 'icarus', path, version };
}

async function findVerilator(env: Environment, cocotb: string): Promise<FoundSimulator | string> {
  const least = verilatorFor(cocotb);
  const path = await which('verilator', env);
  if (path === undefined) return `Verilator >= ${least} was not found`;
  // cocotb drives Verilator through its Perl wrapper and the makefile that it writes.
  for (const tool of ['perl', 'make']) {
    if ((await which(tool, env)) === undefined) return `cocotb needs ${tool} to run Verilator`;
  }
  const version = await versionOf(path, ['--version'], /^Verilator (\d+\.\d+)/m, env);
  if (version === undefined) return `${path} does not tell its version`;
  if (compare(version, least) < 0)
    return `Verilator ${version} is older than ${least}, which cocotb ${cocotb} asks for`;
  return { name: 'verilator', path, version };
}

/** Oldest Verilator that a cocotb version works with. */
export function verilatorFor(cocotb: string): string {
  const line = MIN_VERILATOR.find(([from]) => compare(cocotb, from) >= 0) ?? MIN_VERILATOR.at(-1)!;
  return line[1];
}

async function versionOf(
  path: string,
  args: readonly string[],
  pattern: RegExp,
  env: Environment,
): Promise<string | undefined> {
  const result = await run(path, args, { env, timeoutMs: 20_000 }).catch(() => undefined);
  return pattern.exec(result?.output ?? '')?.[1];
}

function compare(a: string, b: string): number {
  const fields = (text: string) => text.split('.').map((field) => Number.parseInt(field, 10) || 0);
  const left = fields(a);
  const right = fields(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
