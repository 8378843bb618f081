/** Builds of placement `decoder` and what `sdq simulate --json` says of them. */

import { readFileSync } from 'node:fs';
import type { Plan } from '../../generator/plan/types.js';
import type { StepMismatch, StepReport } from '../../sim/harness/node/simulate-decoder.js';
import type { TraceDifference } from '../../sim/harness/node/trace-compare.js';
import { type Prepared, prepare } from './cli.js';

export interface DecodedSimulation {
  readonly bitExact: boolean;
  readonly cycleExact: boolean;
  readonly compared: number;
  readonly mismatches: number;
  readonly firstMismatches: readonly StepMismatch[];
  readonly steps: readonly StepReport[];
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly text: string;
  readonly tokensPerSecond: number;
  readonly trace: { readonly compared: number; readonly difference: TraceDifference | null } | null;
}

export interface PreparedDecoder extends Prepared {
  readonly plan: string;
  readonly model: string;
  readonly tokenizer: string | null;
  readonly config: Plan['model'];
}

/** Plans, quantizes and generates a decoder below a folder. */
export async function prepareDecoder(
  folder: string,
  { model, tokenizer = null }: { readonly model: string; readonly tokenizer?: string | null },
  planOptions: readonly string[],
): Promise<PreparedDecoder> {
  const options = tokenizer === null ? [] : ['--tokenizer', tokenizer];
  const prepared = await prepare(folder, model, ['--placement', 'decoder', ...options, ...planOptions]);
  const { model: config } = JSON.parse(readFileSync(prepared.plan, 'utf8')) as Plan;
  return { ...prepared, tokenizer, config };
}

/** `sdq simulate` of a build, which may be another than the prepared one. */
export function simulateArgs(
  { model, weights, tokenizer, build }: PreparedDecoder,
  prompt: string,
  tokens: number,
  folder = build,
): string[] {
  const options = tokenizer === null ? [] : ['--tokenizer', tokenizer];
  return [
    ...['simulate', folder, '--model', model, '--weights', weights, ...options],
    ...['--prompt', prompt, '--tokens', String(tokens)],
  ];
}
