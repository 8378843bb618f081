/** engine_tb.v in Icarus Verilog. */

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FrameGeometry, signsIndexWidth, signWords } from '../../../generator/sizing/framing.js';
import type { EngineTarget } from '../../../generator/sizing/geometry.js';
import { scheduleOf, scheduleWord } from '../../../generator/sizing/schedule.js';
import { type Bench, ROOT } from '../bench.js';
import { hexFile } from '../hex-file.js';
import { caseGeometry, caseParameters, type EngineCase, engineSigns, engineWork } from './vectors.js';

export { ROOT };

const FOLDER = join(ROOT, 'test/rtl/engine');

/** The Verilog of the engine. */
export function engineVerilog(): string[] {
  return ['array', 'engine', 'frame', 'memory'].flatMap((folder) =>
    readdirSync(join(ROOT, 'rtl', folder))
      .filter((file) => file.endsWith('.v'))
      .map((file) => join(ROOT, 'rtl', folder, file)),
  );
}

/** As many words as the bench's default parameters ask for, of which none is read. */
const FOURIER_SIGNS = new Array<bigint>(32).fill(0n);

/** Sign patterns as sdq_signs would give them, for every index. */
export function signMemory(signs: readonly string[], unit: FrameGeometry): bigint[] {
  const words = signWords(signs, unit);
  return [...words, ...new Array<bigint>(2 ** signsIndexWidth(unit) - words.length).fill(0n)];
}

export interface BenchOptions {
  readonly seed: number;
  /** Percent of cycles in which results are not taken. */
  readonly stall: number;
  /** Percent of operations that come late. */
  readonly idle: number;
  /** Prints the cycles of requests and results. */
  readonly times?: boolean;
  /** Replaces Verilog files, to see a fault found. */
  readonly verilog?: readonly string[];
}

/** Compiles the engine of a case and plays random work to it. @returns what the bench printed */
export function runEngine(
  directory: string,
  engineCase: EngineCase,
  target: EngineTarget,
  random: () => number,
  options: BenchOptions,
): string {
  const bench = engineBench(directory, engineCase, target, random, options);
  const program = `${bench.plusargs?.ops}.vvp`;
  execFileSync('iverilog', [
    ...['-g2005', '-Wall', '-s', bench.top, '-o', program],
    ...Object.entries(bench.parameters ?? {}).map(([key, value]) => `-P${bench.top}.${key}=${value}`),
    ...(options.verilog ?? engineVerilog()),
    ...bench.sources,
  ]);
  return execFileSync('vvp', [
    program,
    ...Object.entries(bench.plusargs ?? {}).map(([key, value]) => `+${key}=${value}`),
  ]).toString();
}

/** The bench that plays random work to the engine of a case; its inputs are written to a folder. */
export function engineBench(
  directory: string,
  engineCase: EngineCase,
  target: EngineTarget,
  random: () => number,
  { seed, stall, idle, times }: BenchOptions,
): Bench {
  const geometry = caseGeometry(engineCase);
  const plan = { linears: engineCase.linears, array: geometry.array, memory: geometry.memory };
  const { operations, answers } = engineWork(engineCase, random);
  const schedule = scheduleOf(plan, geometry).map((entry) => scheduleWord(geometry, entry));
  const name = join(
    directory,
    `${engineCase.name.replaceAll(/\W+/g, '-')}-${target.lutInputs}-${target.memoryByteBits}`,
  );
  hexFile(`${name}.ops`, operations);
  hexFile(`${name}.answers`, answers);
  hexFile(`${name}.schedule`, schedule);
  hexFile(
    `${name}.signs`,
    geometry.frame === null ? FOURIER_SIGNS : signMemory(engineSigns(engineCase), geometry.frame),
  );
  return {
    name: `engine, ${engineCase.name}, ${target.lutInputs}-input LUTs, ${target.memoryByteBits}-bit bytes`,
    top: 'engine_tb',
    sources: [join(FOLDER, 'engine_tb.v')],
    parameters: {
      ...caseParameters(engineCase, target),
      OPS: operations.length,
      ANSWERS: answers.length,
      LINEARS: schedule.length,
    },
    plusargs: {
      ops: `${name}.ops`,
      answers: `${name}.answers`,
      schedule: `${name}.schedule`,
      signs: `${name}.signs`,
      ...{ seed, stall, idle },
      ...(times && { times: 1 }),
    },
  };
}
