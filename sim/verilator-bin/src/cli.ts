import { spawn } from 'node:child_process';
import { ensure, survey } from './ensure.js';
import { VerilatorError } from './errors.js';
import { cacheHome, currentHost, installHome } from './host.js';
import type { Toolchain } from './toolchain.js';
import { PACKAGE_VERSION } from './version.js';

const HELP = `Usage: verilator-bin COMMAND

Commands:
  path             print the path of verilator_bin (exit 1 when it is missing)
  version          print the versions of this package and of Verilator
  doctor           say what was found, what is missing and where things are kept (exit 1 when something is missing)
  install          install what is missing, for this user or, as root, for the system
  run -- ARGS...   run Verilator with these arguments, installing it first if needed
  help, --help     this text

Environment:
  VERILATOR_BIN, VERILATOR_ROOT   use this Verilator
  CXX                             use this C++ compiler
  FPGA_VERILATOR_HOME             where a per-user install goes
  FPGA_VERILATOR_CACHE            where compiled simulations are kept
`;

/**
 * The command line of `verilator-bin`.
 * @param args arguments after the program's name
 * @returns exit code: 0 success, 1 something is missing or failed, 2 bad usage; for `run`, Verilator's own
 */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === undefined) return usage('No command given.');
    if (['help', '--help', '-h'].includes(command)) return print(HELP.trimEnd());
    if (command === 'run') return await runVerilator(rest[0] === '--' ? rest.slice(1) : rest);
    if (rest.length > 0) return usage(`${command} takes no arguments.`);
    if (command === 'path') return await path();
    if (command === 'version' || command === '--version') return await version();
    if (command === 'doctor') return await doctor();
    if (command === 'install') return describe(await ensure({ log: note }));
    return usage(`There is no command ${command}.`);
  } catch (error) {
    if (!(error instanceof VerilatorError)) throw error;
    note(`verilator-bin: ${error.message}`);
    if (error.output !== '') note(error.output);
    return 1;
  }
}

function print(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

function usage(problem: string): 2 {
  note(`verilator-bin: ${problem} Try: verilator-bin --help`);
  return 2;
}

async function path(): Promise<number> {
  const { verilator } = await survey();
  if (verilator) return print(verilator.binary);
  note('verilator-bin: Verilator is not installed. Run: verilator-bin install');
  return 1;
}

async function version(): Promise<number> {
  const { verilator } = await survey();
  print(`verilator-bin ${PACKAGE_VERSION}`);
  return print(verilator?.versionLine ?? 'Verilator: not installed');
}

async function doctor(): Promise<number> {
  const host = currentHost();
  const { verilator, cxx, rejected } = await survey();
  print(
    `Verilator     ${verilator ? `${verilator.versionLine}, ${verilator.binary} (${verilator.origin})` : 'missing'}`,
  );
  print(`  root        ${verilator?.root ?? '-'}`);
  print(`C++ compiler  ${cxx ? `${cxx.version}, ${cxx.path} (${cxx.origin})` : 'missing'}`);
  print(`install home  ${installHome(host)}`);
  print(`build cache   ${cacheHome(host)}`);
  for (const reason of rejected) print(`not usable    ${reason.split('\n')[0]}`);
  if (verilator && cxx) return 0;
  note('Run: verilator-bin install');
  return 1;
}

function describe(tool: Toolchain): 0 {
  return print(`${tool.versionLine}: ${tool.binary}\n${tool.cxx.version}: ${tool.cxx.path}`);
}

async function runVerilator(args: readonly string[]): Promise<number> {
  const tool = await ensure({ log: note });
  return new Promise((resolve, reject) => {
    const child = spawn(tool.binary, args, { stdio: 'inherit', env: { ...process.env, ...tool.env } });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
