/** Runs engine_tb.v in Icarus Verilog. */

import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineTarget, engineParameters } from '../../../generator/sizing/geometry.js';
import { scheduleOf, scheduleWidth, scheduleWord } from '../../../generator/sizing/schedule.js';
import { caseGeometry, type EngineCase, engineOperations } from './vectors.js';

const FOLDER = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(FOLDER, '../../..');

/** The Verilog of the engine. */
export function engineVerilog(): string[] {
  return ['array', 'engine', 'memory'].flatMap((folder) =>
    readdirSync(join(ROOT, 'rtl', folder))
      .filter((file) => file.endsWith('.v'))
      .map((file) => join(ROOT, 'rtl', folder, file)),
  );
}

export interface BenchOptions {
  readonly seed: number;
  /** Percent of cycles in which results are not taken. */
  readonly stall: number;
  /** Percent of operations that come late. */
  readonly idle: number;
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
  const geometry = caseGeometry(engineCase);
  const plan = { linears: engineCase.linears, array: geometry.array, memory: geometry.memory };
  const ops = engineOperations(engineCase, random);
  const schedule = scheduleOf(plan, geometry).map((entry) => scheduleWord(geometry, entry));
  const name = join(
    directory,
    `${engineCase.name.replaceAll(/\W+/g, '-')}-${target.lutInputs}-${target.memoryByteBits}`,
  );
  writeFileSync(`${name}.ops`, hexLines(ops));
  writeFileSync(`${name}.schedule`, hexLines(schedule));
  const parameters: Record<string, number> = {
    ...engineParameters(geometry, target),
    SCHEDULE_WIDTH: scheduleWidth(geometry),
    OPS: ops.length,
    LINEARS: schedule.length,
  };
  execFileSync('iverilog', [
    ...['-g2005', '-Wall', '-s', 'engine_tb', '-o', `${name}.vvp`],
    ...Object.entries(parameters).map(([key, value]) => `-Pengine_tb.${key}=${value}`),
    ...(options.verilog ?? engineVerilog()),
    join(FOLDER, 'engine_tb.v'),
  ]);
  const { seed, stall, idle } = options;
  return execFileSync('vvp', [
    `${name}.vvp`,
    ...[`+ops=${name}.ops`, `+schedule=${name}.schedule`, `+seed=${seed}`, `+stall=${stall}`, `+idle=${idle}`],
  ]).toString();
}

function hexLines(words: readonly bigint[]): string {
  return `${words.map((word) => word.toString(16)).join('\n')}\n`;
}
