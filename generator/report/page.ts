/** The page's content, from what is known of the plan and perhaps of its weights. */

import { accuracyChart } from './accuracy-chart.js';
import type { PlanFacts } from './facts.js';
import { hardwareSection } from './hardware-section.js';
import { heatMap } from './heat-map.js';
import { html, type Markup } from './html.js';
import { linearSection, roleSection } from './linear-tables.js';
import { measures } from './measures.js';
import { modelFacts, overview } from './overview.js';
import { rooflineSection } from './roofline.js';
import type { WeightStatistics } from './weight-statistics.js';
import { weightsSection } from './weights-section.js';

/** Everything in the page's body. */
export function reportContent(facts: PlanFacts, statistics: WeightStatistics | null): Markup {
  return html`${overview(facts)}
<main>
${heatMap(facts, measures(facts, statistics))}
${accuracyChart(facts)}
${roleSection(facts)}
${rooflineSection(facts)}
${hardwareSection(facts)}
${statistics !== null && weightsSection(facts, statistics)}
${modelFacts(facts.plan)}
${linearSection(facts, statistics)}
</main>
<footer><p>Made by <code>sdq report</code> from the plan${statistics !== null && ' and its weights'}. ${
    statistics === null && html`Give it <code>--weights weights.sdq</code> to see symbols and scales. `
  }The SNR that the weights of the checkpoint came to is not in these files, nor is the loss: <code>sdq quantize</code> prints the one, <code>sdq eval</code> measures the other.</p></footer>`;
}
