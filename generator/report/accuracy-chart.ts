/** Expected accuracy against memory: what each OSR buys, with the plan's point. */

import type { Alphabet } from '../plan/types.js';
import type { PlanFacts } from './facts.js';
import { html, type Markup } from './html.js';
import { decimal, size } from './numbers.js';
import { type CurvePoint, osrCurve } from './osr-curve.js';

interface Frame {
  readonly className: string;
  readonly width: number;
  readonly height: number;
  /** Room for the labels. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Labels along the horizontal axis that have room. */
  readonly mostTicks: number;
  /** Steps of OSR that are marked on the curve. */
  readonly markStep: number;
}

/** One drawing per width, so that its letters are as large as those of the page. */
const FRAMES: readonly Frame[] = [
  {
    className: 'wide',
    width: 1060,
    height: 400,
    left: 56,
    right: 64,
    top: 32,
    bottom: 66,
    mostTicks: 9,
    markStep: 0.5,
  },
  { className: 'narrow', width: 343, height: 320, left: 46, right: 62, top: 32, bottom: 66, mostTicks: 4, markStep: 1 },
];

/** The least OSR at the end of the horizontal axis. */
const LEAST_END = 4;
/** Decibels between two lines of the grid. */
const GRID_DB = 5;
/** Up to this span only half ratios are marked. */
const DENSE_SPAN = 5;
/** Room that the name of a mark takes to its left. */
const MARK_WIDTH = 40;
/** A curve that ends less than this share of the drawing before the chart does is named beside its end. */
const NAME_EDGE = 0.055;
/** Room that the label of the plan's point takes, from the point on. */
const LABEL_WIDTH = 160;
/** Distance of a mark from the plan's point, at least. */
const MARK_GAP = 22;
/** Distance between the names of the two curves, at least. */
const NAME_GAP = 18;

/** A curve that is drawn, under its alphabet's name. */
interface Curve {
  readonly alphabet: Alphabet;
  readonly points: readonly CurvePoint[];
}

/** Along the drawing, and down. */
type Position = readonly [x: number, y: number];

interface Mark extends CurvePoint {
  readonly text: string;
}

/** The section of the curve. */
export function accuracyChart(facts: PlanFacts): Markup {
  const { alphabet, frame } = facts.plan.linears[0]!;
  const other = alphabet === 'ternary' ? 'binary' : 'ternary';
  const own = osrCurve(facts.plan, alphabet);
  const endOsr = Math.min(own.at(-1)!.osr, Math.max(LEAST_END, Math.ceil(facts.meanOsr + 1)));
  const endBits = Math.ceil(own.find(({ osr }) => osr >= endOsr)!.bits);
  const within = (points: readonly CurvePoint[]): CurvePoint[] => points.filter(({ bits }) => bits <= endBits);
  const curves = [
    { alphabet, points: within(own) },
    { alphabet: other, points: within(osrCurve(facts.plan, other)) },
  ] as const;
  return html`<section aria-labelledby="accuracy-title">
<h2 id="accuracy-title">Memory against accuracy</h2>
<p class="lead">The over-sampling ratio trades memory for accuracy continuously. Each line is this model with one OSR for all its linears; the point is this plan: ${size(facts.bytes)} of packed symbols and scales for an expected ${facts.snrDb.toFixed(1)} dB of weight SNR.</p>
<figure>${FRAMES.map((drawn) => drawing(drawn, facts, curves, endBits))}</figure>
<p class="note">The SNR is <strong>expected, not measured</strong>: it is what Gaussian weights come to ${METHODS[frame]}. All weights count alike in it: what a plan gains by giving each linear a ratio of its own, and what calibration gains, shows in the loss alone. To measure accuracy, quantize the model and run <code>sdq eval MODEL --text TEXT --weights weights.sdq</code>, which gives the loss of the float model, of the quantized weights and of the integer arithmetic.</p>
</section>`;
}

const METHODS = {
  hadamard: 'by search at the default effort, without calibration',
  fourier: "by the paper's sigma-delta modulator; search comes to more",
} as const;

function drawing(frame: Frame, facts: PlanFacts, curves: readonly [Curve, Curve], endBits: number): Markup {
  const { width, height, left, right, top, bottom } = frame;
  const all = curves.flatMap(({ points }) => points);
  const startBits = Math.floor(Math.min(...all.map(({ bits }) => bits), facts.bitsPerWeight));
  const topDb = Math.max(...all.map(({ snrDb }) => snrDb), facts.snrDb);
  const gridDb = topDb > 8 * GRID_DB ? 2 * GRID_DB : GRID_DB;
  const endDb = Math.ceil(topDb / gridDb) * gridDb;
  const x = (bits: number): number =>
    round(left + ((bits - startBits) / (endBits - startBits)) * (width - left - right));
  const y = (db: number): number => round(height - bottom - (db / endDb) * (height - top - bottom));
  const tickStep = Math.ceil((endBits - startBits + 1) / frame.mostTicks);
  const bitTicks = steps(startBits, endBits, tickStep);
  const [px, py] = [x(facts.bitsPerWeight), y(facts.snrDb)];
  const label = [`OSR ${decimal(facts.meanOsr, 2)}: ${facts.snrDb.toFixed(1)} dB`, size(facts.bytes)] as const;
  const about = `Expected weight SNR against memory. This plan: OSR ${decimal(facts.meanOsr, 2)}, ${size(facts.bytes)}, ${facts.bitsPerWeight.toFixed(2)} bits per weight, ${facts.snrDb.toFixed(1)} dB.`;
  const line = ({ points }: Curve): string => points.map(({ bits, snrDb }) => `${x(bits)},${y(snrDb)}`).join(' ');
  const [own, other] = curves;
  const marked = marks(frame, own.points, ({ bits }) => Math.abs(x(bits) - px) > MARK_GAP);
  const end = ({ points }: Curve): Position => [x(points.at(-1)!.bits), y(points.at(-1)!.snrDb)];
  const [ownX, ownY] = end(own);
  const [otherX, otherY] = end(other);
  const beside = own.points.filter(({ bits }) => x(bits) <= otherX).at(-1) ?? own.points[0]!;
  const isAbove = otherY < y(beside.snrDb);
  const crowded = Math.abs(ownX - otherX) < NAME_EDGE * width ? Math.max(0, NAME_GAP - Math.abs(otherY - ownY)) : 0;
  const otherEnd: Position = [otherX, otherY + (isAbove ? -crowded : crowded)];
  return html`<svg class="${frame.className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${about}">
${steps(0, endDb, gridDb).map(
  (db) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(db)}" y2="${y(db)}"/>
<text class="tick" x="${left - 10}" y="${y(db) + 4}" text-anchor="end">${db === endDb ? `${db} dB` : db}</text>
`,
)}<text class="axis" x="${left}" y="${top - 14}">expected weight SNR</text>
${bitTicks.map(
  (bits) => html`<text class="tick" x="${x(bits)}" y="${height - bottom + 20}" text-anchor="middle">${bits}</text>
<text class="tick" x="${x(bits)}" y="${height - bottom + 37}" text-anchor="middle">${size((bits * facts.weights) / 8)}</text>
`,
)}<text class="axis" x="${x((startBits + endBits) / 2)}" y="${height - 6}" text-anchor="middle">bits per weight, and memory</text>
<polyline class="curve other" points="${line(other)}"/>
<polyline class="curve" points="${line(own)}"/>
<path class="drop" d="M${left},${py}H${px}V${height - bottom}"/>
${curveName(frame, end(own), own.alphabet, 'curve-name', true)}${curveName(frame, otherEnd, other.alphabet, 'curve-name other', isAbove)}${marked.map(
  ({ text, bits, snrDb }) => html`<circle class="mark" cx="${x(bits)}" cy="${y(snrDb)}" r="3"/>
${markLabel(frame, x(bits), y(snrDb), text)}`,
)}<circle class="point" cx="${px}" cy="${py}" r="5.5"/>
${pointLabel(frame, px, py, label)}</svg>`;
}

/** The ratios that are marked on the curve; where there is little room, only the first one says what they are. */
function marks({ markStep }: Frame, points: readonly CurvePoint[], isFree: (point: CurvePoint) => boolean): Mark[] {
  const span = points.at(-1)!.osr - points[0]!.osr;
  const step = span < DENSE_SPAN ? markStep : 1;
  const marked = points.filter((point) => Number.isInteger(point.osr / step) && isFree(point));
  return marked.map((point, index) => {
    const name = markStep < 1 || index === 0 ? 'OSR ' : '';
    return { ...point, text: `${name}${decimal(point.osr, 1)}` };
  });
}

/** A ratio's name above its mark and to the left, where the rising line is not; below and to the right near the left edge. */
function markLabel({ left }: Frame, px: number, py: number, text: string): Markup {
  const [x, y, anchor] = px - left > MARK_WIDTH ? [px - 8, py - 6, 'end'] : [px + 8, py + 16, 'start'];
  return html`<text class="tick over-lines" x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>
`;
}

/** The alphabet at the end of its curve: to the right, or on the free side where the curve ends before the chart does. */
function curveName(frame: Frame, [px, py]: Position, alphabet: Alphabet, className: string, isAbove: boolean): Markup {
  const atEdge = frame.width - frame.right - px < NAME_EDGE * frame.width;
  const [x, y, anchor] = atEdge ? [px + 8, py + 4, 'start'] : [px, isAbove ? py - 8 : py + 18, 'end'];
  return html`<text class="${className}" x="${x}" y="${y}" text-anchor="${anchor}">${alphabet}</text>
`;
}

/** Two lines below the point and to its right, where the rising line is not; near the right edge further below. */
function pointLabel(frame: Frame, px: number, py: number, [first, second]: readonly [string, string]): Markup {
  const shift = Math.max(0, px + LABEL_WIDTH - frame.width);
  const [x, y] = [round(px + 14 - shift), round(py + 30 + 0.7 * shift)];
  return html`<text class="point-label over-lines"><tspan x="${x}" y="${y}">${first}</tspan><tspan x="${x}" y="${y + 18}">${second}</tspan></text>
`;
}

const steps = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

const round = (value: number): number => Math.round(value * 10) / 10;
