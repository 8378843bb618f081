import { checkVerilatorArgs, defineArgs, type ParameterValue, parameterArgs } from './check-options.js';
import { ensure } from './ensure.js';
import { VerilatorError } from './errors.js';
import { currentHost } from './host.js';
import { type Log, run } from './process.js';
import type { Toolchain } from './toolchain.js';

export interface LintOptions {
  /** Verilog sources, paths relative to `cwd`. */
  readonly files: readonly string[];
  /** Top module. */
  readonly top: string;
  readonly includeDirs?: readonly string[];
  /** .vlt files that waive single messages. */
  readonly waivers?: readonly string[];
  readonly defines?: Readonly<Record<string, string | number | true>>;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /** Further Verilator arguments; blanket waivers such as -Wno-fatal are refused. */
  readonly args?: readonly string[];
  /** Default: the process's working folder. */
  readonly cwd?: string;
  /** Default: `ensure()`. */
  readonly toolchain?: Toolchain;
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LintResult {
  /** No error and no warning that is not waived. */
  readonly ok: boolean;
  /** What Verilator printed. */
  readonly output: string;
}

/**
 * Checks Verilog with `--lint-only -Wall`; every warning counts as a failure.
 * @throws VerilatorError BAD_OPTION, or what `ensure` throws
 */
export async function lint(options: LintOptions): Promise<LintResult> {
  if (options.files.length === 0) {
    throw new VerilatorError('BAD_OPTION', 'lint was given no files.', 'Pass at least one Verilog file.');
  }
  checkVerilatorArgs(options.args ?? []);
  const tool = options.toolchain ?? (await ensure({ log: options.log, signal: options.signal }));
  const args = [
    ...['--lint-only', '-Wall', '--top-module', options.top],
    ...defineArgs(options.defines ?? {}),
    ...parameterArgs(options.params ?? {}),
    ...(options.includeDirs ?? []).map((folder) => `-I${folder}`),
    ...(options.args ?? []),
    ...(options.waivers ?? []),
    ...options.files,
  ];
  const env = { ...currentHost().env, ...tool.env };
  const cwd = options.cwd ?? process.cwd();
  const result = await run(tool.binary, args, { env, cwd, signal: options.signal });
  return { ok: result.code === 0, output: result.output };
}
