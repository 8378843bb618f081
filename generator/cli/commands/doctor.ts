import { survey } from '@fpga/verilator-bin';
import { detect } from 'cocotb-bridge';
import type { Command } from 'commander';
import { ROUTED_FAMILIES } from '../../synth/board-files.js';
import { isFetched } from '../../synth/node/provide.js';
import { ROUTING_TOOLS, type Tool, YOSYS } from '../../synth/tools.js';
import type { CommandResult, Register } from '../command.js';
import type { Check } from '../doctor/check.js';
import { portChecks } from '../doctor/ports.js';
import { findTool } from '../find-tool.js';

export function addDoctor(program: Command, register: Register): void {
  const command = program
    .command('doctor')
    .description('show what is installed, what is missing, and what each missing tool would enable')
    .addHelpText('after', '\nExample:\n  $ sdq doctor');
  register(command, doctor);
}

async function doctor(): Promise<CommandResult> {
  const checks = [
    node(),
    ...(await simulation()),
    await cocotb(),
    ...tools(),
    ...routers(),
    programmer(),
    ...(await portChecks()),
  ];
  const lines = checks.map(({ name, found, detail, enables }) =>
    [`${found ? '✔' : '✘'} ${name}: ${detail}`, ...(found ? [] : [`    needed for: ${enables}`])].join('\n'),
  );
  const ready = checks.every(({ found, name }) => found || !REQUIRED.includes(name));
  return { json: { ready, checks }, text: lines.join('\n'), passed: ready };
}

/** Without these nothing works; everything else is optional, or set up when first needed. */
const REQUIRED = ['Node'];

function node(): Check {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  return {
    name: 'Node',
    found: major > 20 || (major === 20 && minor >= 19),
    detail: process.versions.node,
    enables: 'everything; 20.19 or newer',
  };
}

async function simulation(): Promise<Check[]> {
  const { verilator, cxx } = await survey();
  const enables = '"sdq simulate", "sdq lint", "sdq board" and "sdq demo"';
  const missing = (packages: string): string =>
    `not found; the first command that needs it sets it up on Debian and Ubuntu, elsewhere install ${packages}`;
  return [
    {
      name: 'Verilator',
      found: verilator !== undefined,
      detail: verilator ? `${verilator.version} at ${verilator.binary}` : missing('Verilator 5'),
      enables,
    },
    {
      name: 'C++ compiler',
      found: cxx !== undefined,
      detail: cxx ? cxx.path : missing('g++ or clang++'),
      enables,
    },
  ];
}

async function cocotb(): Promise<Check> {
  const result = await detect();
  return {
    name: 'cocotb',
    found: result.available,
    detail: result.available ? `Python ${result.python.version}` : result.reason,
    enables: 'cocotb tests of the generated RTL',
  };
}

function tools(): Check[] {
  return [
    synthesisTool(YOSYS, '"sdq synth"'),
    debianTool({ name: 'iverilog', get: 'apt install iverilog', enables: 'a second simulator for the tests' }),
  ];
}

/** A program that Debian has as a package. */
function debianTool({ name, get, enables }: { name: string; get: string; enables: string }): Check {
  const path = findTool(name);
  return { name, found: path !== null, detail: path ?? `not found; "${get}" gets it on Debian and Ubuntu`, enables };
}

/** What makes bitstreams, by family. */
function routers(): Check[] {
  return ROUTED_FAMILIES.flatMap((family) => {
    const { router, packer } = ROUTING_TOOLS[family];
    const command = `"sdq synth --target ${family} --pnr"`;
    return [synthesisTool(router, `${command}: clock rate`), synthesisTool(packer, `${command}: bitstream`)];
  });
}

/** A program on PATH, or a WebAssembly build from npm. */
function synthesisTool({ names, wasm, install }: Tool, enables: string): Check {
  const path = names.map(findTool).find((found) => found !== null) ?? null;
  if (path !== null) return { name: names[0], found: true, detail: path, enables };
  if (wasm === null) return { name: names[0], found: false, detail: `not found; ${install}`, enables };
  if (isFetched(wasm)) return { name: names[0], found: true, detail: `WebAssembly build ${wasm}`, enables };
  const detail = `not found; "sdq synth" fetches ${wasm} with npm when it needs it; for the faster program ${install}`;
  return { name: names[0], found: false, detail, enables };
}

function programmer(): Check {
  return debianTool({
    name: 'openFPGALoader',
    get: 'apt install openfpgaloader',
    enables: 'programming a board with the bitstream',
  });
}
