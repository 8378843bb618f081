/** What `sdq simulate` says of a build of placement `decoder`. */

import { type DecoderReport, describeStepMismatch } from '../../sim/harness/node/simulate-decoder.js';
import { describeDifference } from '../../sim/harness/node/trace-compare.js';
import type { CommandResult } from './command.js';
import { finishText } from './finish-text.js';
import { type TestCase, testSuites } from './junit.js';

export function decoderResult(report: DecoderReport): CommandResult {
  return { json: resultObject(report), text: summary(report), passed: report.bitExact && report.cycleExact };
}

function resultObject({ mismatches, mismatchCount, steps, ...report }: DecoderReport): object {
  return {
    ...report,
    mismatches: mismatchCount,
    firstMismatches: mismatches,
    steps: steps.map(({ seconds, ...step }) => step),
  };
}

function summary(report: DecoderReport): string {
  const { compared, mismatchCount, mismatches, steps, cyclesPerToken, trace } = report;
  const [first, last] = [steps[0]!, steps.at(-1)!];
  const wrong = steps.filter(({ cycles, predictedCycles }) => cycles !== predictedCycles).length;
  const lines = [
    report.text,
    '',
    `${compared - mismatchCount} of ${compared} tokens, logits and cycles equal to the golden model and the prediction`,
    `${report.promptTokens} prompt and ${report.generatedTokens} generated tokens, ${cyclesPerToken.toFixed(0)} cycles per token: ` +
      `${first.cycles} at position ${first.position}, ${last.cycles} at position ${last.position}`,
    ...finishText(report.finish),
    wrong === 0
      ? 'Every step took the cycles that were predicted.'
      : `DIFFERENT from the prediction: ${wrong} of ${steps.length} steps`,
    `The simulator executed ${report.tokensPerSecond.toFixed(1)} tokens per second.`,
  ];
  if (trace !== null) {
    lines.push(
      trace.difference === null
        ? `${trace.compared} values of vectors, mantissas and results equal to the interpreter's`
        : `FIRST DIFFERENCE ${describeDifference(trace.difference)}`,
    );
  }
  lines.push(...mismatches.map((mismatch) => `MISMATCH ${describeStepMismatch(mismatch)}`));
  if (mismatchCount > mismatches.length) lines.push(`... and ${mismatchCount - mismatches.length} more`);
  return lines.join('\n');
}

/** Suites with a test case per step: its token and logits against the golden model, its cycles; and the trace. */
export function decoderJunit(report: DecoderReport): string {
  const name = (position: number): string => `position ${position}`;
  const values = report.steps.map(({ position, mismatches, seconds }): TestCase => {
    const found = report.mismatches.filter((mismatch) => mismatch.position === position && mismatch.what !== 'cycles');
    const message = `${mismatches} of the token and its logits differ from the golden model`;
    const failure = mismatches === 0 ? null : { message, details: found.map(describeStepMismatch).join('\n') };
    return { name: name(position), seconds, failure };
  });
  const cycles = report.steps.map(({ position, cycles, predictedCycles }): TestCase => {
    const message = `${cycles} cycles, predicted ${predictedCycles}`;
    return {
      name: name(position),
      seconds: 0,
      failure: cycles === predictedCycles ? null : { message, details: message },
    };
  });
  const { trace } = report;
  const traced = (difference: string | null): TestCase[] => [
    {
      name: 'intermediate values',
      seconds: 0,
      failure: difference === null ? null : { message: 'a value differs from the interpreter', details: difference },
    },
  ];
  return testSuites({
    values,
    cycles,
    ...(trace && { trace: traced(trace.difference && describeDifference(trace.difference)) }),
  });
}
