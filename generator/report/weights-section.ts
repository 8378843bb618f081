/** What was counted in weights.sdq. */

import { type PlanFacts, shortRole } from './facts.js';
import { html, type Markup } from './html.js';
import { percent, prefixed, whole } from './numbers.js';
import { addCounts, SCALE_BINS, type SymbolCounts, type WeightStatistics } from './weight-statistics.js';

const HISTOGRAM = { width: 480, height: 130 };
/** Below the histogram, at equal distances. */
const TICKS = [0, 64, 128, 192, 255];
const MANTISSAS = 256;

/** The section of the weights' statistics. */
export function weightsSection(facts: PlanFacts, statistics: WeightStatistics): Markup {
  const { total } = statistics;
  const symbols = total.minus + total.zero + total.plus;
  const scales = statistics.scales.reduce((sum, count) => sum + count, 0);
  const [low, high] = statistics.exponents.map((exponent) => `2${superscript(exponent)}`) as [string, string];
  return html`<section aria-labelledby="weights-title">
<h2 id="weights-title">Weights</h2>
<p class="verified"><b>Checksums verified.</b> The whole file was read, every part matches its CRC-32, and the plan in it is this one.</p>
<div class="columns">
<div>
<h3>Symbols</h3>
<p class="note">${prefixed(symbols)} symbols. ${symbolSummary(total)}</p>
${facts.roles.map(({ role }) => {
  const own = statistics.linears.filter((_, i) => facts.linears[i]!.role === role);
  return symbolBar(shortRole(role), addCounts(own));
})}${symbolBar('all', total)}
<p class="keys" aria-hidden="true"><span><i class="minus"></i>−1</span>${total.zero > 0 && html`<span><i class="zero"></i>0</span>`}<span><i class="plus"></i>+1</span></p>
</div>
<div>
<h3>Scales</h3>
<p class="note">${prefixed(scales)} mantissas from 0 to 255, with one exponent per linear: ${low === high ? low : `${low} to ${high}`}.</p>
${histogram(statistics.scales, scales)}
</div>
</div>
</section>`;
}

function symbolSummary({ minus, zero, plus }: SymbolCounts): string {
  const symbols = minus + zero + plus;
  if (zero === 0) return `${percent(plus / symbols)} are +1.`;
  return `${percent(zero / symbols)} are 0, which add nothing.`;
}

function symbolBar(name: string, { minus, zero, plus }: SymbolCounts): Markup {
  const symbols = minus + zero + plus;
  const parts = (
    [
      ['minus', '−1', minus],
      ['zero', '0', zero],
      ['plus', '+1', plus],
    ] as const
  ).filter(([, , count]) => count > 0);
  return html`<div class="symbols"><span>${name}</span><span class="stack">${parts.map(
    ([key, symbol, count]) =>
      html`<i class="${key}" style="width:${((100 * count) / symbols).toFixed(2)}%"><span class="unseen">${symbol}: </span>${percent(count / symbols)}<span class="unseen">; </span></i>`,
  )}</span></div>\n`;
}

function histogram(scales: readonly number[], total: number): Markup {
  const { width, height } = HISTOGRAM;
  const most = Math.max(...scales, 1);
  const step = width / SCALE_BINS;
  const per = MANTISSAS / SCALE_BINS;
  const bars = scales.map((count, bin) => {
    const tall = Math.round((count / most) * (height - 4) * 10) / 10;
    return html`<rect x="${bin * step + 1}" y="${height - tall}" width="${step - 2}" height="${tall}"><title>${bin * per} to ${(bin + 1) * per - 1}: ${whole(count)} (${percent(count / Math.max(1, total))})</title></rect>\n`;
  });
  const fullest = scales.indexOf(most);
  const label = `Distribution of the scale mantissas; most lie from ${fullest * per} to ${(fullest + 1) * per - 1}.`;
  return html`<svg class="histogram" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${bars}<line class="grid" x1="0" x2="${width}" y1="${height}" y2="${height}"/></svg>
<p class="ticks" aria-hidden="true">${TICKS.map((mantissa) => html`<span>${mantissa}</span>`)}</p>`;
}

const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  '-': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
};

const superscript = (exponent: number): string =>
  [...String(exponent)].map((character) => SUPERSCRIPTS[character]!).join('');
