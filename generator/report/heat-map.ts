/** The heat map: layers × roles, the measure to be chosen; without scripts it shows the OSR. */

import { isHead } from '../model/roles.js';
import { type PlanFacts, type RoleFacts, shortRole } from './facts.js';
import { html, inlineJson, type Markup } from './html.js';
import { type Measure, STEPS } from './measures.js';

/** From this many layers on, the map is laid in two halves side by side where there is room. */
const SPLIT_LAYERS = 17;

/** The section of the heat map, with the data that its script needs. */
export function heatMap(facts: PlanFacts, measures: readonly Measure[]): Markup {
  const layers = facts.plan.model.layers;
  const half = layers < SPLIT_LAYERS ? layers : Math.ceil(layers / 2);
  const chunks = [];
  for (let first = 0; first < layers; first += half) chunks.push([first, Math.min(layers, first + half)] as const);
  const [osr] = measures as readonly [Measure, ...Measure[]];
  return html`<section aria-labelledby="map-title">
<h2 id="map-title">Every linear</h2>
<p class="lead">${summary(facts, osr)}</p>
<div class="map-tools">
<fieldset class="pills" id="measures" hidden><legend class="unseen">Measure shown in the map</legend>${measures.map(
    ({ key, label }, i) =>
      html`<label><input type="radio" name="measure" value="${key}"${i === 0 && html` checked`}><span>${label}</span></label>`,
  )}</fieldset>
<p class="scale"><span id="scale-low">${osr.range[0]}</span><span class="ramp" aria-hidden="true">${ramp()}</span><span id="scale-high">${osr.range[1]}</span> <span id="scale-unit">${osr.unit.trim()}</span></p>
</div>
<div class="map${chunks.length > 1 && ' halves'}" id="map">${chunks.map(([from, to]) => chunk(facts, osr, from, to))}</div>
<p class="readout" id="readout" aria-live="polite" hidden></p>
<script type="application/json" id="map-data">${mapData(facts, measures)}</script>
</section>`;
}

/** Roles of a layer: the head has no place in the map. */
const rolesOfLayers = ({ roles }: PlanFacts): RoleFacts[] => roles.filter((role) => !isHead(role));

function summary(facts: PlanFacts, osr: Measure): string {
  const { linears, plan } = facts;
  const layers = `${plan.model.layers} ${plan.model.layers === 1 ? 'layer' : 'layers'}`;
  const groups = linears.filter(isHead).length;
  const head = groups === 0 ? '' : `, and ${groups} of the head, which is not in the map`;
  const what = `${linears.length} linears: ${layers}, ${rolesOfLayers(facts).length} in each${head}.`;
  if (osr.range[0] === osr.range[1])
    return `${what} ${groups === 0 ? 'All' : 'Those of the layers'} have an over-sampling ratio of ${osr.range[0]}.`;
  return `${what} Their over-sampling ratios run from ${osr.range[0]} to ${osr.range[1]}.`;
}

const ramp = (): Markup[] => Array.from({ length: STEPS }, (_, step) => html`<i class="h${step}"></i>`);

function chunk(facts: PlanFacts, measure: Measure, from: number, to: number): Markup {
  const roles = rolesOfLayers(facts);
  const columns = roles.length;
  const rows = Array.from({ length: to - from }, (_, i) => {
    const layer = from + i;
    const cells = roles.map((_, column) => {
      const index = layer * columns + column;
      return html`<td class="h${measure.steps[index]!}">${measure.cells[index]!}</td>`;
    });
    return html`<tr><th scope="row">${layer}</th>${cells}</tr>\n`;
  });
  return html`<table>
<caption class="unseen">${measure.label} of each linear, layers ${from} to ${to - 1}</caption>
<thead><tr><th scope="col"><span class="unseen">layer</span></th>${roles.map(
    ({ role }) => html`<th scope="col" title="${role}">${shortRole(role)}</th>`,
  )}</tr></thead>
<tbody>
${rows}</tbody>
</table>`;
}

function mapData(facts: PlanFacts, measures: readonly Measure[]): Markup {
  return inlineJson({
    roles: rolesOfLayers(facts).map(({ role, shape }) => ({ role, shape })),
    measures,
  });
}
