/** The engine that the plan asks for, and what it takes of its board. */

import { regionSpan } from '../sizing/memory.js';
import type { PlanFacts } from './facts.js';
import { html, type Markup } from './html.js';
import { decimal, percent, size, whole } from './numbers.js';
import { definitions } from './overview.js';

const REGIONS = {
  weights: 'packed symbols of all linears',
  scales: 'one mantissa per row and block',
  activations: 'the vector that is being read, over-sampled',
  blocks: 'exponents of its blocks',
} as const;

/** The section of array, memories and resources. */
export function hardwareSection(facts: PlanFacts): Markup {
  const { board, geometry, plan } = facts;
  const { array, units, phases, widths } = geometry;
  return html`<section aria-labelledby="hardware-title">
<h2 id="hardware-title">Engine and board</h2>
<p class="lead">An array of ${array.lanes} lanes × ${array.rows} rows adds ${whole(array.lanes * array.rows)} weights per cycle.</p>
<div class="meters">
${meter(`${board.lutInputs}-input LUTs`, facts.engineLuts, board.lutBudget, whole, 'estimated for array, scale units and control; the host link comes on top')}
${meter('Memory', facts.memoryBits / 8, board.memoryBits / 8, size, 'on chip or beside it, for the four memories below')}
</div>
${definitions([
  ['Board', board.name],
  ['Part', `${board.part}, ${decimal(board.clockHz / 1e6, 3)} MHz`],
  ['Array', `${array.lanes} lanes × ${array.rows} rows`],
  ['Scale units', `${units}, so that a row group passes in ${phases} ${phases === 1 ? 'cycle' : 'cycles'}`],
  ['Sum of a beat', `${widths.sum} bits`],
  ['Total of a block', `${widths.total} bits`],
  ['Accumulator', `${widths.accumulator} bits`],
  ['With the host link', `${whole(facts.estimate.luts)} LUTs, ${whole(facts.estimate.brams)} block RAMs (estimate)`],
  ['Longest linear', `${whole(geometry.mostRows)} rows in ${whole(geometry.mostGroups)} row groups`],
])}
<div class="scroll" tabindex="0" role="region" aria-label="Memories"><table class="numbers">
<caption class="unseen">Memories</caption>
<thead><tr><th scope="col">Memory</th><th scope="col">Words</th><th scope="col">Bytes per word</th><th scope="col">Stored</th><th scope="col">On the host link</th><th scope="col" class="text">Holds</th></tr></thead>
<tbody>
${(Object.keys(REGIONS) as (keyof typeof REGIONS)[]).map((name) => {
  const region = plan.memory[name];
  return html`<tr><th scope="row">${name}</th><td>${whole(region.words)}</td><td>${whole(region.wordBytes)}</td><td>${size(region.words * region.wordBytes)}</td><td>${size(regionSpan(region))} from 0x${region.base.toString(16).padStart(8, '0')}</td><td class="text">${REGIONS[name]}</td></tr>\n`;
})}</tbody>
</table></div>
</section>`;
}

function meter(name: string, used: number, available: number, text: (value: number) => string, note: string): Markup {
  const share = used / available;
  const over = share > 1 && ' over';
  return html`<div class="meter"><p${over && html` class="over"`}><b>${name}</b> <span>${text(used)} of ${text(available)} (${percent(share)})</span></p>
<span class="bar${over}" aria-hidden="true"><i style="width:${(100 * Math.min(1, share)).toFixed(1)}%"></i></span>
<small>${note}</small></div>`;
}
