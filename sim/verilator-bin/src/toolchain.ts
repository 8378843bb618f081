/** Where a tool was found. */
export type Origin =
  /** Named by an environment variable (VERILATOR_BIN, VERILATOR_ROOT, CXX). */
  | 'environment'
  /** On PATH, or in a standard folder of the system. */
  | 'system'
  /** Installed by this package for the user. */
  | 'local';

/** A C++17 compiler that has been seen to compile and link a program. */
export interface CxxCompiler {
  readonly path: string;
  /** Arguments that every invocation needs, compiling and linking alike (e.g. --sysroot). */
  readonly args: readonly string[];
  /** Further arguments for linking only. */
  readonly linkArgs: readonly string[];
  /** Environment variables that it needs on top of the caller's. */
  readonly env: Readonly<Record<string, string>>;
  /** First line of --version. */
  readonly version: string;
  readonly origin: Origin;
}

/** A Verilator that answers --version and has its C++ runtime beside it. */
export interface VerilatorTool {
  /** The native program (`verilator_bin`), which needs no Perl. */
  readonly binary: string;
  /** VERILATOR_ROOT: holds include/verilated.cpp. */
  readonly root: string;
  /** e.g. '5.006'. */
  readonly version: string;
  /** First line of --version, distribution revision included. */
  readonly versionLine: string;
  /** Environment variables that it needs on top of the caller's; VERILATOR_ROOT among them. */
  readonly env: Readonly<Record<string, string>>;
  readonly origin: Origin;
}

/** All that compiling a Verilog design takes. */
export interface Toolchain extends VerilatorTool {
  readonly cxx: CxxCompiler;
}

/** Oldest Verilator with the scheduling and the C++ interface (VerilatedContext) that this package is tested with. */
export const MIN_VERILATOR = '5.002';

/** Compares dotted version numbers field by field: negative when a is older than b. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
