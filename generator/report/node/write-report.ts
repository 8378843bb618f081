import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { writeFileAtomic } from '../../node/atomic-file.js';
import { packageRoot } from '../../node/package-root.js';
import type { PlanFacts } from '../facts.js';
import { reportContent } from '../page.js';
import type { WeightStatistics } from '../weight-statistics.js';

const TEMPLATE = 'templates/report.html.hbs';

/** The whole page: one file that needs nothing else. */
export function renderReport(facts: PlanFacts, statistics: WeightStatistics | null): string {
  const template = Handlebars.compile(readFileSync(join(packageRoot(), TEMPLATE), 'utf8'), { strict: true });
  return template({
    title: `${facts.plan.model.name} · sdq plan report`,
    content: new Handlebars.SafeString(reportContent(facts, statistics).toString()),
  });
}

/** Writes the page under its name when it is complete. @returns its size in bytes */
export function writeReport(path: string, facts: PlanFacts, statistics: WeightStatistics | null): number {
  const page = Buffer.from(renderReport(facts, statistics));
  writeFileAtomic(path, page);
  return page.length;
}
