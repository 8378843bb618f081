import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { writeFileAtomic } from '../../node/atomic-file.js';
import { packageRoot } from '../../node/package-root.js';
import type { PlanFacts } from '../facts.js';
import { reportContent } from '../page.js';
import { activateHeatMap } from '../web/activate-heat-map.js';
import type { WeightStatistics } from '../weight-statistics.js';

const text = (name: string): string => readFileSync(join(packageRoot(), 'templates', name), 'utf8');

/** The whole page: one file that needs nothing else. */
export function renderReport(facts: PlanFacts, statistics: WeightStatistics | null): string {
  const template = Handlebars.compile(text('report.html.hbs'), { strict: true });
  const verbatim = (markup: string) => new Handlebars.SafeString(markup);
  return template({
    title: `${facts.plan.model.name} · sdq plan report`,
    theme: verbatim(text('theme.css')),
    heatMapStyle: verbatim(text('heat-map.css')),
    heatMapScript: verbatim(`(${activateHeatMap})();`),
    content: verbatim(reportContent(facts, statistics).toString()),
  });
}

/** Writes the page under its name when it is complete. @returns its size in bytes */
export function writeReport(path: string, facts: PlanFacts, statistics: WeightStatistics | null): number {
  const page = Buffer.from(renderReport(facts, statistics));
  writeFileAtomic(path, page);
  return page.length;
}
