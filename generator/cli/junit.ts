import { describeMismatch } from '../../firmware/session/compare.js';
import type { SimulationReport } from '../../sim/harness/node/simulate.js';
import { describeTiming } from './timing-text.js';

export interface TestCase {
  readonly name: string;
  readonly seconds: number;
  readonly failure: { readonly message: string; readonly details: string } | null;
}

/**
 * A JUnit report with two suites that have a test case per linear of the plan: its values against the golden model, its
 * cycles against the prediction.
 */
export function junitReport(report: SimulationReport): string {
  const values = report.linears.map(({ name, compared, mismatchCount, seconds }): TestCase => {
    const found = report.mismatches.filter(({ linear }) => linear === name).map(describeMismatch);
    const message = `${mismatchCount} of ${compared} values differ from the golden model`;
    return { name, seconds, failure: mismatchCount === 0 ? null : { message, details: found.join('\n') } };
  });
  const cycles = report.linears.map((linear): TestCase => {
    const { name, runs, differingRuns } = linear;
    const message = `${differingRuns} of ${runs} runs took other cycles, beats or stalls than predicted`;
    return { name, seconds: 0, failure: differingRuns === 0 ? null : { message, details: describeTiming(linear) } };
  });
  return testSuites({ values, cycles });
}

/** A report of suites by name. */
export function testSuites(suites: Readonly<Record<string, readonly TestCase[]>>): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sdq simulate" ${counts(Object.values(suites).flat())}>`,
    ...Object.entries(suites).map(([name, cases]) => suite(name, cases)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(name: string, cases: readonly TestCase[]): string {
  const classname = `sdq.simulate.${name}`;
  return [
    `  <testsuite name="${classname}" ${counts(cases)}>`,
    ...cases.map((testCase) => element(classname, testCase)),
    '  </testsuite>',
  ].join('\n');
}

function counts(cases: readonly TestCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const seconds = cases.reduce((sum, testCase) => sum + testCase.seconds, 0);
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds.toFixed(3)}"`;
}

function element(classname: string, { name, seconds, failure }: TestCase): string {
  const open = `    <testcase classname="${classname}" name="${escapeXml(name)}" time="${seconds.toFixed(3)}"`;
  if (failure === null) return `${open}/>`;
  const { message, details } = failure;
  return `${open}>\n      <failure message="${escapeXml(message)}" type="mismatch">${escapeXml(details)}</failure>\n    </testcase>`;
}

function escapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[&<>"']/g, (character) => named[character]!);
}
