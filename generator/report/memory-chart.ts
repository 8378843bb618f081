/** Memory over the mean OSR, with the plan's point. */

import type { CurvePoint } from './curve.js';
import type { PlanFacts } from './facts.js';
import { html, type Markup } from './html.js';
import { decimal, size } from './numbers.js';

interface Frame {
  readonly className: string;
  readonly width: number;
  readonly height: number;
  /** Room for the labels. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One drawing per width, so that its letters are as large as those of the page. */
const FRAMES: readonly Frame[] = [
  { className: 'wide', width: 1060, height: 340, left: 76, right: 64, top: 20, bottom: 46 },
  { className: 'narrow', width: 343, height: 280, left: 62, right: 46, top: 20, bottom: 46 },
];

/** The least span of the horizontal axis. */
const LEAST_END = 4;

/** The section of the curve. */
export function memoryChart(facts: PlanFacts, curve: readonly CurvePoint[]): Markup {
  const greatest = curve.at(-1)!.osr;
  const end = Math.min(greatest, Math.max(LEAST_END, Math.ceil(facts.meanOsr + 1)));
  const shown = curve.filter(({ osr }) => osr <= end + 1e-9);
  return html`<section aria-labelledby="memory-title">
<h2 id="memory-title">Memory against OSR</h2>
<p class="lead">The over-sampling ratio trades memory for accuracy continuously. The line is this model with one OSR for all its linears; the point is this plan: ${size(facts.bytes)} of packed symbols and scales at a mean OSR of ${decimal(facts.meanOsr, 3)}.</p>
<figure>${FRAMES.map((frame) => drawing(frame, facts, shown))}</figure>
<p class="note">Memory follows from the plan alone; <strong>accuracy does not</strong>. To measure it, quantize the model and run <code>sdq eval MODEL --text TEXT --weights weights.sdq</code>, which gives the loss of the float model, of the quantized weights and of the integer arithmetic.</p>
</section>`;
}

function drawing(frame: Frame, facts: PlanFacts, curve: readonly CurvePoint[]): Markup {
  const { width, height, left, right, top, bottom } = frame;
  const [start, end] = [curve[0]!.osr, curve.at(-1)!.osr];
  const topBits = Math.max(...curve.map(({ bytes }) => (8 * bytes) / facts.weights), facts.bitsPerWeight);
  const step = topBits > 8 ? 2 : 1;
  const mostBits = Math.ceil(topBits / step) * step;
  const x = (osr: number): number => round(left + ((osr - start) / (end - start)) * (width - left - right));
  const y = (bits: number): number => round(height - bottom - (bits / mostBits) * (height - top - bottom));
  const bitsOf = (bytes: number): number => (8 * bytes) / facts.weights;
  const bitTicks = Array.from({ length: Math.round(mostBits / step) + 1 }, (_, i) => i * step);
  const osrTicks = Array.from({ length: Math.floor(2 * (end - start) + 1e-9) + 1 }, (_, i) => start + i / 2).filter(
    (osr) => frame.className === 'wide' || Number.isInteger(osr),
  );
  const path = curve.map(({ osr, bytes }) => `${x(osr)},${y(bitsOf(bytes))}`).join(' ');
  const [px, py] = [x(facts.meanOsr), y(facts.bitsPerWeight)];
  const label = [`OSR ${decimal(facts.meanOsr, 2)}`, size(facts.bytes)] as const;
  return html`<svg class="${frame.className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${`Memory over mean OSR. This plan: ${label.join(', ')}, ${facts.bitsPerWeight.toFixed(2)} bits per weight.`}">
${bitTicks.map(
  (bits) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(bits)}" y2="${y(bits)}"/>
<text class="tick" x="${left - 10}" y="${y(bits) + 4}" text-anchor="end">${bits === 0 ? '0' : size((bits * facts.weights) / 8)}</text>
<text class="tick" x="${width - right + 10}" y="${y(bits) + 4}">${bits === mostBits ? `${bits} bits` : bits}</text>
`,
)}${osrTicks.map(
  (osr) =>
    html`<text class="tick" x="${x(osr)}" y="${height - bottom + 20}" text-anchor="middle">${decimal(osr, 1)}</text>\n`,
)}<text class="axis" x="${x((start + end) / 2)}" y="${height - 6}" text-anchor="middle">mean OSR</text>
<polyline class="curve" points="${path}"/>
<path class="drop" d="M${left},${py}H${px}V${height - bottom}"/>
<circle class="point" cx="${px}" cy="${py}" r="5.5"/>
${pointLabel(frame, px, py, label)}</svg>`;
}

/** Two lines above the point and to its left, where the rising line is not; below and to the right near the left edge. */
function pointLabel(frame: Frame, px: number, py: number, [osr, memory]: readonly [string, string]): Markup {
  const fitsLeft = px - frame.left > 100;
  const [x, y, anchor] = fitsLeft ? [px - 12, py - 28, 'end'] : [px + 12, py + 20, 'start'];
  return html`<text class="point-label" text-anchor="${anchor}"><tspan x="${x}" y="${y}">${osr}</tspan><tspan x="${x}" y="${y + 18}">${memory}</tspan></text>
`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
