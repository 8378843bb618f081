import { describeMismatch } from '../../firmware/session/compare.js';
import type { SimulationReport } from '../../sim/harness/node/simulate.js';

/** A JUnit report with one test case per linear of the plan. */
export function junitReport(report: SimulationReport): string {
  const cases = report.linears.map(({ name, compared, mismatchCount, seconds }) => {
    const open = `  <testcase classname="sdq.simulate" name="${escapeXml(name)}" time="${seconds.toFixed(3)}"`;
    if (mismatchCount === 0) return `${open}/>`;
    const found = report.mismatches.filter(({ linear }) => linear === name).map(describeMismatch);
    const message = `${mismatchCount} of ${compared} values differ from the golden model`;
    return `${open}>\n    <failure message="${escapeXml(message)}">${escapeXml(found.join('\n'))}</failure>\n  </testcase>`;
  });
  const failures = report.linears.filter(({ mismatchCount }) => mismatchCount > 0).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="sdq simulate" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
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
