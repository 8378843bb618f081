/** Modules of the library, synthesised alone with given parameters. */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanArray, PlanLinear } from '../../generator/plan/types.js';
import { engineLuts } from '../../generator/sizing/estimate.js';
import { type EngineTarget, engineGeometry, engineParameters, storedWidth } from '../../generator/sizing/geometry.js';
import { log2Exact } from '../../generator/sizing/integers.js';
import type { LutTarget } from '../../generator/sizing/luts.js';
import { memoryMap } from '../../generator/sizing/memory.js';
import { scheduleParameters } from '../../generator/sizing/schedule.js';
import { tableParameters } from '../../generator/sizing/table.js';
import { STATISTICS_MARK } from '../../generator/synth/scripts.js';
import { type Resources, resourcesOf, synthCommand, type Target } from '../../generator/synth/targets.js';
import { errorOf, parseCells } from '../../generator/synth/yosys-output.js';

const FOLDERS = ['array', 'attention', 'decoder', 'engine', 'frame', 'memory', 'sdram', 'vector'];

/** Values of a module's parameters; those wider than an integer of Verilog as its constants. */
export type ModuleParameters = Readonly<Record<string, number | string>>;

/** What Yosys calls the module once it has its parameters. */
const SUBJECT = 'sdq_subject';

/** What the families' FPGAs are to the generator. */
export const FABRICS: Readonly<Record<Target, EngineTarget & LutTarget & { readonly lutRam: boolean }>> = {
  ice40: { family: 'ice40', lutInputs: 4, lutRam: false, memoryByteBits: 8 },
  ecp5: { family: 'ecp5', lutInputs: 4, lutRam: true, memoryByteBits: 9 },
  xilinx: { family: 'xilinx', lutInputs: 6, lutRam: true, memoryByteBits: 9 },
};

/**
 * Synthesises a module of the library.
 * @param flags more options of the command
 * @param root the project's folder
 */
export async function synthesizeModule(
  module: string,
  parameters: ModuleParameters,
  target: Target,
  flags = '',
  root = '.',
): Promise<Resources> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, 'rtl', folder))
      .filter((file) => file.endsWith('.v'))
      .map((file) => `"${join(root, 'rtl', folder, file)}"`),
  );
  const values = Object.entries(parameters).flatMap(([name, value]) => ['-chparam', name, String(value)]);
  const script = [
    // Deferred: the defaults of modules that are not part of this one do not count.
    `read_verilog -defer ${files.join(' ')}`,
    `hierarchy -top ${module} ${values.join(' ')}`,
    `rename -top ${SUBJECT}`,
    `${synthCommand(target, SUBJECT)} ${flags}`,
    `log ${STATISTICS_MARK}`,
    'stat -json',
  ].join('; ');
  const { stdout, stderr, status } = await runYosys(['-p', script]);
  if (status !== 0) throw new Error(`Yosys could not synthesise ${module} for ${target}: ${errorOf(stderr) ?? stderr}`);
  return resourcesOf(target, parseCells(stdout));
}

/** Waits for it without standing in the way of others. */
function runYosys(args: readonly string[]): Promise<{ stdout: string; stderr: string; status: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn('yosys', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (status) => resolve({ ...texts, status }));
  });
}

/** An array with what it needs to have its operands: the decoder (with 9-bit bytes beside the array), or the table writers. */
export async function synthesizeArray(array: PlanArray, target: Target, flags = ''): Promise<Resources> {
  const { lanes, rows } = array;
  if (array.engine === 'table') {
    return await synthesizeModule(
      'sdq_table_array',
      { LANES: lanes, ROWS: rows, ...tableParameters(array) },
      target,
      flags,
    );
  }
  const fabric = FABRICS[target];
  const stored = storedWidth({ ternary: true, array, stream: null }, fabric);
  const parameters = {
    LANES: lanes,
    LEVELS: log2Exact(lanes),
    ROWS: rows,
    SIGN_TREE: fabric.lutInputs === 6 ? 1 : 0,
    WEIGHT_BYTES: (lanes * rows) / 5,
    STORED_WIDTH: stored,
    SUM_WIDTH: 8 + log2Exact(lanes),
  };
  const parts = [await synthesizeModule('sdq_mac_array', parameters, target, flags)];
  if (stored === 9) {
    for (const part of ['sdq_base3_decode', 'sdq_symbol_pack'])
      parts.push(await synthesizeModule(part, {}, target, flags));
  }
  const sum = (key: keyof Resources): number => parts.reduce((total, part) => total + part[key], 0);
  return { luts: sum('luts'), lutRams: sum('lutRams'), ffs: sum('ffs'), brams: sum('brams'), dsps: sum('dsps') };
}

/** The engine for some linears as Yosys makes it, and the LUTs that the cost model predicts. */
export async function synthesizeEngine(
  linears: readonly PlanLinear[],
  array: PlanArray,
  target: Target,
  root = '.',
): Promise<{ readonly measured: Resources; readonly predicted: number }> {
  const geometry = engineGeometry({ linears, array, memory: memoryMap(linears, array) });
  const parameters = { ...engineParameters(geometry, FABRICS[target]), ...scheduleParameters(geometry) };
  const measured = await synthesizeModule('sdq_engine', parameters, target, '', root);
  return { measured, predicted: engineLuts(geometry, FABRICS[target]) };
}

const linear = (rows: number, cols: number): PlanLinear => ({
  name: 'layers.0.fc1',
  layer: 0,
  role: 'fc1',
  rows,
  cols,
  osr: 2.5,
  block: 64,
  samples: 160,
  tail: null,
  alphabet: 'ternary',
  frame: 'hadamard',
  signSeed: 1,
  packing: 'base3',
  gainShifts: [0, 1, 1],
});

/** The linears of a layer of a very small model: their memories are hardly deeper than a block RAM. */
export const ENGINE_LINEARS: readonly PlanLinear[] = [linear(64, 64), linear(192, 64), linear(64, 192)];

/** Sizes at which the cost model is compared with synthesis. */
export const ENGINE_SIZES: readonly { readonly target: Target; readonly array: PlanArray }[] = [
  { target: 'xilinx', array: { lanes: 8, rows: 5, frame: 4 } },
  { target: 'xilinx', array: { lanes: 16, rows: 10, frame: 4 } },
  { target: 'xilinx', array: { lanes: 32, rows: 10 } },
  { target: 'xilinx', array: { lanes: 8, rows: 6, engine: 'table', frame: 4 } },
  { target: 'xilinx', array: { lanes: 32, rows: 12, engine: 'table' } },
  { target: 'ecp5', array: { lanes: 8, rows: 5, frame: 4 } },
  { target: 'ecp5', array: { lanes: 16, rows: 10 } },
  { target: 'ecp5', array: { lanes: 8, rows: 6, engine: 'table' } },
  { target: 'ice40', array: { lanes: 8, rows: 5, frame: 2 } },
  { target: 'ice40', array: { lanes: 16, rows: 10 } },
];
