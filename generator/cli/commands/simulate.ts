import { join } from 'node:path';
import type { Command } from 'commander';
import { describeMismatch } from '../../../firmware/session/compare.js';
import type { SamplingOptions } from '../../../firmware/session/sampling.js';
import { promptTokens } from '../../../firmware/session/session.js';
import { type SimulationReport, simulate } from '../../../sim/harness/node/simulate.js';
import { simulateDecoder } from '../../../sim/harness/node/simulate-decoder.js';
import { type BuildFolder, buildSimulator, readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { writeFileAtomic } from '../../node/atomic-file.js';
import { checkSameModel } from '../../plan/same-model.js';
import type { CommandResult, Register } from '../command.js';
import { decoderJunit, decoderResult } from '../decoder-simulation.js';
import { finishText } from '../finish-text.js';
import { interruptible } from '../interrupt.js';
import { junitReport } from '../junit.js';
import { addModelOptions, loadUserTokenizer, type ModelOptions, openUserModel } from '../model.js';
import { startProgress } from '../progress.js';
import { addSamplingOptions, samplingOf } from '../sampling.js';
import { timingText } from '../timing-text.js';
import { integerFrom, outputPath, userPath } from '../values.js';
import { checkSamePlan, openUserWeights } from '../weights.js';

interface SimulateOptions extends ModelOptions, SamplingOptions {
  readonly model: string;
  readonly weights: string;
  readonly prompt: string;
  readonly tokens: number;
  /** True: a file in the build folder. */
  readonly trace?: boolean | string;
  readonly junit?: string;
}

export function addSimulate(program: Command, register: Register): void {
  const command = program
    .command('simulate')
    .argument('<build>', 'folder from "sdq generate"')
    .description('run the generated accelerator in Verilator and compare every value and cycle count')
    .requiredOption('--model <model>', 'Hugging Face directory or llama2.c .bin file, for the tokenizer')
    .requiredOption('--weights <file>', 'weights.sdq')
    .option('--prompt <text>', 'text to continue', '')
    .option('--tokens <count>', 'the most tokens to generate', integerFrom(1), 16)
    .option(
      '--trace [file]',
      'write every call of the accelerator, or in placement decoder what every instruction writes, beside the golden ' +
        'values, and name the first that differs (default: trace.jsonl in the build folder)',
    )
    .option('--junit <file>', 'write a JUnit report')
    .addHelpText(
      'after',
      `
Exit code 1 if any value differs from the golden model, or if any linear takes other cycles, beats or stalls than predicted; in
placement decoder, if a token, a logit, a traced value or the cycles of a step do.

Example:
  $ sdq simulate build/ --model examples/tiny-llama --weights weights.sdq --prompt "Once upon" --tokens 16`,
    );
  register(addSamplingOptions(addModelOptions(command)), simulateBuild);
}

export async function simulateBuild(path: string, options: SimulateOptions): Promise<CommandResult> {
  const build = readBuildFolder(userPath(path));
  const image = openUserWeights(options.weights);
  checkSamePlan(build.planHash, image.planHash, join(path, 'plan.json'), options.weights);
  const tokenizer = loadUserTokenizer(options.model, options);
  const source = openUserModel(options.model);
  checkSameModel(image.plan, source.config, options.weights);
  source.close();
  const sampling = samplingOf(options);
  promptTokens(options.prompt, tokenizer, image.plan.model);
  const junit =
    options.junit === undefined ? null : outputPath(options.junit, [options.model, options.weights, options.tokenizer]);
  const tracePath = traceFile(build, options);

  const progress = startProgress('Simulating');
  try {
    const report = await interruptible(async (signal) => {
      const simulator = await buildSimulator(build, (line) => progress.note(line), signal);
      const settings = {
        prompt: options.prompt,
        maxTokens: options.tokens,
        ...sampling,
        ...(tracePath !== null && { tracePath }),
        onStep: (tokensRead: number, compared: number) =>
          progress.update(`token ${tokensRead}, ${compared} values compared`),
        signal,
      };
      if (build.plan.decoder !== undefined) {
        const decoded = await simulateDecoder(build, simulator.executable, image, tokenizer, settings);
        return { result: decoderResult(decoded), junit: decoderJunit(decoded) };
      }
      const linears = await simulate(build, simulator.executable, image, tokenizer, settings);
      return { result: linearResult(linears), junit: junitReport(linears) };
    });
    if (junit !== null) writeFileAtomic(junit, report.junit);
    return report.result;
  } finally {
    progress.stop();
  }
}

function traceFile(build: BuildFolder, { trace, model, weights, tokenizer }: SimulateOptions): string | null {
  if (trace === undefined || trace === false) return null;
  return outputPath(trace === true ? join(build.path, 'trace.jsonl') : trace, [model, weights, tokenizer]);
}

const linearResult = (report: SimulationReport): CommandResult => ({
  json: resultObject(report),
  text: summary(report),
  passed: report.bitExact && report.cycleExact,
});

function resultObject(report: SimulationReport): object {
  const { bitExact, cycleExact, compared, mismatches, mismatchCount, cycles, cyclesPerToken } = report;
  const { promptTokens, generatedTokens, finish, text, linears } = report;
  return {
    bitExact,
    cycleExact,
    compared,
    mismatches: mismatchCount,
    firstMismatches: mismatches,
    cycles,
    cyclesPerToken,
    promptTokens,
    generatedTokens,
    finish,
    text,
    linears: linears.map(({ seconds, mismatchCount: mismatches, ...linear }) => ({ ...linear, mismatches })),
  };
}

function summary(report: SimulationReport): string {
  const { compared, mismatchCount, mismatches, cycles, cyclesPerToken, text, promptTokens, generatedTokens, finish } =
    report;
  const lines = [
    text,
    '',
    ...timingText(report.linears),
    '',
    `${compared - mismatchCount} of ${compared} values equal to the golden model`,
    `${cycles} cycles for ${promptTokens} prompt and ${generatedTokens} generated tokens: ${cyclesPerToken.toFixed(0)} cycles per token`,
    ...finishText(finish),
  ];
  lines.push(...mismatches.map((mismatch) => `MISMATCH ${describeMismatch(mismatch)}`));
  if (mismatchCount > mismatches.length) lines.push(`... and ${mismatchCount - mismatches.length} more`);
  return lines.join('\n');
}
