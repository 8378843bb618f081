/**
 * Verilator for npm: find or install it, lint Verilog, compile it to cached executables.
 * @packageDocumentation
 */
export { Cache } from './cache.js';
export type { ParameterValue } from './check-options.js';
export { type CompileOptions, type CompileResult, compile, type Optimisation } from './compile.js';
export { type EnsureOptions, ensure, type LocateOptions, locate, type Survey, survey } from './ensure.js';
export { VerilatorError, type VerilatorErrorCode } from './errors.js';
export { cacheHome, currentHost, type Host, installHome } from './host.js';
export { type LintOptions, type LintResult, lint } from './lint.js';
export type { Log } from './process.js';
export {
  type CxxCompiler,
  compareVersions,
  MIN_VERILATOR,
  type Origin,
  type Toolchain,
  type VerilatorTool,
} from './toolchain.js';
export { PACKAGE_VERSION } from './version.js';
