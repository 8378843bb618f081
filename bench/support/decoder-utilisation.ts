/** One token of a model of random weights, simulated with Verilator and compared with interpreter and time model. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '@fpga/verilator-bin';
import type { Plan } from '../../generator/plan/types.js';
import type { MachineWidths } from '../../generator/schedule/machine.js';
import { parameterImage } from '../../generator/schedule/parameters.js';
import { tokenTime } from '../../generator/schedule/timing.js';
import { usefulSymbols } from '../../generator/sizing/shape.js';
import { tileLinear } from '../../generator/sizing/tile.js';
import { Interpreter } from '../../sim/golden/machine/interpreter.js';
import { GoldenArray } from '../../sim/golden/machine/run.js';
import { rtlFolders } from '../../test/rtl/bench.js';
import { designOf, designVerilog, type WholeDesign } from '../../test/rtl/decoder/whole.js';

const SEED = 1;
const TOKEN = 17;
const PARAMETER_REGION = 0x40000000;
const CONSTANT_REGION = 0x50000000;
/** Cycles of an answer besides those of its step. */
const ANSWER_CYCLES = 4;

/** What the host writes, as whole-token.cpp reads it. Bytes of 0 lie in the memories already. */
function chunksOf({ plan, model, machine, assembly, linears }: WholeDesign): Buffer {
  const chunks: Uint8Array[] = [];
  const put = (address: number, bytes: Uint8Array): void => {
    const head = new Uint32Array([address, bytes.length]);
    chunks.push(new Uint8Array(head.buffer), bytes);
  };
  for (const [index, linear] of linears.entries()) {
    for (const { address, bytes } of tileLinear(plan, index, linear)) put(address, bytes);
  }
  // Of the embedding's rows only the token's is read: the head has its own matrix.
  const parameters = parameterImage(model, machine);
  const { embedding } = machine.parameters;
  const row = (embedding.scales - embedding.values) / embedding.rows;
  put(PARAMETER_REGION, parameters.subarray(0, embedding.values));
  const own = embedding.values + TOKEN * row;
  put(PARAMETER_REGION + own, parameters.subarray(own, own + row));
  put(PARAMETER_REGION + embedding.scales, parameters.subarray(embedding.scales));
  put(CONSTANT_REGION, Uint8Array.from(assembly.constants));
  return Buffer.concat(chunks);
}

/**
 * Simulates one token at a position whose caches are empty: no time depends on what is in them.
 *
 * @throws Error if a logit, the token, its cycles or the number of beats is not the one expected
 */
export async function simulateToken(
  plan: Plan,
  widths: MachineWidths,
  units: number | undefined,
  position: number,
): Promise<void> {
  const design = designOf(plan, widths, SEED, units);
  const { model, machine, program, geometry, weights } = design;
  const folder = mkdtempSync(join(tmpdir(), 'sdq-decoder-'));
  try {
    const verilog = join(folder, 'whole_design.v');
    writeFileSync(verilog, designVerilog(design));
    const modules = rtlFolders()
      .slice(1)
      .filter((path) => !path.endsWith('board'))
      .flatMap((path) => readdirSync(path).map((file) => join(path, file)))
      .filter((file) => file.endsWith('.v'));
    const { executable } = await compile({
      name: 'whole-token',
      top: 'whole_design',
      verilog: [verilog, ...modules],
      cpp: ['bench/support/whole-token.cpp'],
      log: (line) => console.error(line),
    });
    const chunks = join(folder, 'chunks');
    writeFileSync(chunks, chunksOf(design));
    const started = performance.now();
    const output = execFileSync(executable, [chunks, String(position), String(TOKEN)], { maxBuffer: 1 << 26 });
    const seconds = (performance.now() - started) / 1000;
    const [answer, again, ...logits] = output.toString().trim().split('\n');
    const [, token, cycles, beats] = answer!.split(' ').map(Number);
    const [, repeated] = again!.split(' ').map(Number);

    const predicted = tokenTime(program, machine, plan, geometry, position);
    const interpreter = new Interpreter(program, machine, model.tables, parameterImage(model, machine));
    const wanted = new GoldenArray(model, weights).finish(interpreter.step(TOKEN, position));
    const different = Array.from(wanted.logits, (logit) => logit >>> 0).filter(
      (logit, i) => logit !== Number(logits[i]),
    );
    if (different.length > 0 || logits.length !== wanted.logits.length || token !== wanted.best || repeated !== token) {
      throw new Error(`token ${token}, then ${repeated}, not ${wanted.best}; ${different.length} logits differ`);
    }
    const { lanes, rows } = plan.array;
    const useful = plan.linears.reduce((sum, linear) => sum + usefulSymbols(linear), 0);
    const share = ((100 * useful) / (cycles! * lanes * rows)).toFixed(1);
    const predictedCycles = predicted.cycles + ANSWER_CYCLES;
    console.log(
      `  simulated: ${cycles} cycles per token (predicted ${predictedCycles}), ${beats} beats (${predicted.beats}), ` +
        `useful symbols / (cycles · L · R) ${share} %; all ${logits.length} logits equal the interpreter's; ` +
        `${seconds.toFixed(0)} s of simulation`,
    );
    if (cycles !== predictedCycles || beats !== predicted.beats)
      throw new Error('cycles or beats are not as predicted');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
