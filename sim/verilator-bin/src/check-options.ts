import { VerilatorError } from './errors.js';

/**
 * Value of a Verilog parameter: an integer, or Verilog source text such as `8'hFF` or `"text"`. An integer is 32 bits
 * wide, so a parameter declared with a narrower range wants text, else lint reports the width.
 */
export type ParameterValue = number | bigint | string;

/** Blanket waivers: they would let a lint error in a design pass unseen. Single rules (-Wno-RULE) are fine. */
const BLANKET = new Set(['-Wno-fatal', '-Wno-lint', '-Wno-style', '-Wno-all']);

/** Verilator options that have a field of their own, or that would read files which the cache's key does not cover. */
const OWN_FIELD: readonly (readonly [RegExp, string])[] = [
  [/^--?(cc|sc|exe|build|binary|lint-only|main|E|xml-only|json-only)$/, 'the mode is chosen by the function'],
  [/^--?(Mdir|o|prefix|mod-prefix|make|build-jobs|j|CFLAGS|LDFLAGS)$/, 'use name, cxxFlags or jobs'],
  [/^--?top(-module)?$/, 'use top'],
  [/^(-I|\+incdir\+|-y$|-v$|-f$|-F$)/, 'use includeDirs and verilog'],
  [/^(-D|\+define\+)/, 'use defines'],
  [/^-(G|pvalue\+)/, 'use params'],
];

/** @throws VerilatorError BAD_OPTION naming the argument and what to use instead */
export function checkVerilatorArgs(args: readonly string[]): void {
  for (const arg of args) {
    if (BLANKET.has(arg)) {
      throw badOption(
        `${arg} would hide lint errors.`,
        'Waive single rules, by -Wno-RULE or in a .vlt file, with a reason.',
      );
    }
    const own = OWN_FIELD.find(([pattern]) => pattern.test(arg));
    if (own) throw badOption(`${arg} cannot be passed to Verilator here:`, `${own[1]}.`);
  }
}

/** @throws VerilatorError BAD_OPTION for flags that read files which the cache's key does not cover */
export function checkCxxFlags(flags: readonly string[]): void {
  for (const flag of flags) {
    if (/^(-I|-include$|-iquote|-isystem|-c$|-o|@)/.test(flag)) {
      throw badOption(`${flag} cannot be passed to the compiler here:`, 'list the files in headers.');
    }
  }
}

/** @throws VerilatorError BAD_OPTION unless the text is an identifier, so that it is safe in file names and macros */
export function checkIdentifier(what: string, text: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_$]*$/.test(text)) return;
  throw badOption(`${what} "${text}" is not an identifier.`, 'Use letters, digits and underscores.');
}

/** `-GNAME=VALUE` arguments; integers that do not fit Verilog's plain 32-bit signed literal get a width. */
export function parameterArgs(params: Readonly<Record<string, ParameterValue>>): string[] {
  return Object.entries(params).map(([name, value]) => {
    checkIdentifier('Parameter', name);
    return `-G${name}=${literal(name, value)}`;
  });
}

function literal(name: string, value: ParameterValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw badOption(`Parameter ${name} is ${value}, not a safe integer.`, 'Pass a bigint, or Verilog text.');
  }
  const integer = BigInt(value);
  if (integer >= -(1n << 31n) && integer < 1n << 31n) return integer.toString();
  if (integer < 0n) throw badOption(`Parameter ${name} is below -2^31.`, "Pass Verilog text, e.g. -40'sd3000000000.");
  const hex = integer.toString(16);
  return `${hex.length * 4}'h${hex}`;
}

/** `-DNAME=VALUE` arguments; true defines the name alone. */
export function defineArgs(defines: Readonly<Record<string, string | number | true>>): string[] {
  return Object.entries(defines).map(([name, value]) => {
    checkIdentifier('Define', name);
    return value === true ? `-D${name}` : `-D${name}=${value}`;
  });
}

function badOption(summary: string, nextStep: string): VerilatorError {
  return new VerilatorError('BAD_OPTION', summary, nextStep);
}
