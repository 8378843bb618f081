/** The head of the page: which model, which plan, and the numbers that matter most. */

import type { Plan } from '../plan/types.js';
import type { PlanFacts } from './facts.js';
import { html, type Markup } from './html.js';
import { decimal, percent, prefixed, size, whole } from './numbers.js';

const ARCHITECTURES = { llama: 'LLaMA', opt: 'OPT' } as const;

/** The head of the page. */
export function overview(facts: PlanFacts): Markup {
  const { plan } = facts;
  const tiles: readonly (readonly [string, string, string])[] = [
    ['Mean OSR', decimal(facts.meanOsr, 3), 'over all weights'],
    ['Memory', size(facts.bytes), `${facts.bitsPerWeight.toFixed(2)} bits per weight`],
    ['Expected SNR', `${facts.snrDb.toFixed(1)} dB`, 'of Gaussian weights'],
    ['Cycles per token', prefixed(facts.cycles.engine), 'in the engine'],
    ['Utilisation', percent(facts.utilisation), 'of lanes × rows'],
    ['Estimate', `${prefixed(facts.estimate.luts)} LUTs`, `${whole(facts.estimate.brams)} block RAMs`],
  ];
  return html`<header>
<p class="kicker">sdq plan report</p>
<h1>${plan.model.name}</h1>
<p class="lead">${description(facts)}</p>
<p class="hash"><span>Plan</span> <code>${facts.planHash}</code></p>
<dl class="tiles">${tiles.map(
    ([name, value, note]) => html`<div><dt>${name}</dt><dd><b>${value}</b><small>${note}</small></dd></div>`,
  )}</dl>
</header>`;
}

function description({ plan, weights, linears }: PlanFacts): string {
  const { block, alphabet, frame } = plan.linears[0]!;
  const symbols = `${alphabet} symbols in ${frame === 'hadamard' ? 'Hadamard' : 'Fourier'} frames of ${block} columns`;
  return `${prefixed(weights)} weights in ${whole(linears.length)} linears, as ${symbols}.`;
}

/** The model's shape as a list of names and values. */
export function modelFacts({ model, generator, placement }: Plan): Markup {
  const heads =
    model.kvHeads === model.heads ? String(model.heads) : `${model.heads}, ${model.kvHeads} for keys and values`;
  const rows: readonly (readonly [string, string])[] = [
    ['Architecture', ARCHITECTURES[model.architecture]],
    ['Layers', whole(model.layers)],
    ['Width', whole(model.dim)],
    ['Feed-forward width', whole(model.hidden)],
    ['Attention heads', `${heads}, ${model.headDim} wide`],
    ['Vocabulary', `${whole(model.vocab)} tokens`],
    ['Context', `${whole(model.context)} tokens`],
    [
      'Placement',
      placement === 'linear' ? 'linears on the FPGA, the rest on the host' : 'the whole decoder on the FPGA',
    ],
    ['Planned by', generator],
  ];
  return html`<section aria-labelledby="model-title">
<h2 id="model-title">Model and plan</h2>
${definitions(rows)}
</section>`;
}

/** Names and values. */
export function definitions(rows: readonly (readonly [string, string | Markup])[]): Markup {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}
