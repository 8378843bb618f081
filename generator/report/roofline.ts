/** The roofline: what lanes, memory and host link allow, and where the plan lies below it. */

import type { Plan } from '../plan/types.js';
import type { TokenBound } from '../sizing/bound.js';
import { runCycles } from '../sizing/cycles.js';
import { readsSameVector } from '../sizing/framing.js';
import type { EngineGeometry } from '../sizing/geometry.js';
import { type LinkTarget, linkBytesPerCycle, linkRuns } from '../sizing/link.js';
import { usefulSymbols } from '../sizing/shape.js';
import type { PlanFacts } from './facts.js';
import { html, type Markup } from './html.js';
import { decimal, whole } from './numbers.js';

interface Frame {
  readonly className: string;
  readonly width: number;
  readonly height: number;
}

/** One drawing per width, so that its letters are as large as those of the page. */
const FRAMES: readonly Frame[] = [
  { className: 'wide', width: 1060, height: 380 },
  { className: 'narrow', width: 343, height: 320 },
];
/** Room for the labels. */
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 24, 40, 52] as const;
/** Room that the label of the point takes, from the point on; nearer to the right edge it ends there. */
const LABEL_ROOM = 120;
/** Of a decade, above the greatest value. */
const MARGIN = 0.12;

/** Linears that share a vector, or all of them, as a point below the roof. */
interface Point {
  /** Useful additions per byte on the link. */
  readonly intensity: number;
  /** Useful additions per cycle, engine and link one after the other. */
  readonly rate: number;
}

const BOUNDS: Readonly<Record<TokenBound['bound'], string>> = {
  lanes: 'the lanes of its array',
  memory: 'the memory of its weights',
  link: 'the link to the host',
};

const REMEDIES: Readonly<Record<TokenBound['bound'], string>> = {
  lanes: 'A larger array would be faster, at more LUTs.',
  memory: 'A wider or faster memory would be faster; more lanes would wait for it.',
  link: 'A faster link would be faster; more lanes would wait for it.',
};

/** The section of the roofline. */
export function rooflineSection(facts: PlanFacts): Markup {
  const { bound, lanes, memory, link } = facts.bound;
  return html`<section aria-labelledby="roofline-title">
<h2 id="roofline-title">What bounds the speed</h2>
<p class="lead">This design is bound by <b>${BOUNDS[bound]}</b>. A token needs ${whole(lanes)} cycles of the array, ${whole(memory)} of the memory and ${whole(link)} of the link. ${REMEDIES[bound]}</p>
<figure>${FRAMES.map((frame) => drawing(frame, facts))}</figure>
<p class="note">The line is what the link (rising) and the array with its memory (flat) allow; both axes are logarithmic. The large point is a whole token, the small ones are linears that read one vector. They lie below the line because engine and link take turns.</p>
</section>`;
}

function drawing({ className, width, height }: Frame, facts: PlanFacts): Markup {
  const { plan, geometry, board, bound } = facts;
  const perCycle = linkBytesPerCycle(board);
  const peak = plan.array.lanes * plan.array.rows;
  const [token, ...groups] = points(plan, geometry, board);
  const ridge = peak / perCycle;
  const intensities = [token!, ...groups].map(({ intensity }) => intensity);
  const rates = [token!, ...groups].map(({ rate }) => rate);
  const [startX, endX] = axis(Math.min(...intensities, ridge / 2), Math.max(...intensities, 2 * ridge));
  const [startY, endY] = axis(Math.min(...rates), peak);
  const x = (value: number): number =>
    round(LEFT + ((Math.log10(value) - startX) / (endX - startX)) * (width - LEFT - RIGHT));
  const y = (value: number): number =>
    round(height - BOTTOM - ((Math.log10(value) - startY) / (endY - startY)) * (height - TOP - BOTTOM));
  const [left, right, floor] = [10 ** startX, 10 ** endX, 10 ** startY];
  const roofStart = left * perCycle >= floor ? left : floor / perCycle;
  const roof = [
    [roofStart, roofStart * perCycle],
    [ridge, peak],
    [right, peak],
  ] as const;
  const [px, py] = [x(token!.intensity), y(token!.rate)];
  // Many layers lie at the same place.
  const drawn = new Map(
    groups.map(({ intensity, rate }) => [x(intensity), y(rate)] as const).map((at) => [`${at}`, at]),
  );
  const labelX = Math.min(px + 12, width - LABEL_ROOM);
  const about = `Roofline: at ${decimal(token!.intensity, 1)} additions per byte on the link the plan does ${decimal(token!.rate, 1)} of at most ${peak} additions per cycle, bound by ${BOUNDS[bound.bound]}.`;
  return html`<svg class="${className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${about}">
${powers(startY, endY).map(
  (value) => html`<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>
<text class="tick" x="${LEFT - 10}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>
`,
)}<text class="axis" x="${LEFT}" y="${TOP - 22}">useful additions per cycle</text>
${powers(startX, endX).map(
  (value) =>
    html`<text class="tick" x="${x(value)}" y="${height - BOTTOM + 20}" text-anchor="middle">${label(value)}</text>
`,
)}<text class="axis" x="${round((LEFT + width - RIGHT) / 2)}" y="${height - 8}" text-anchor="middle">useful additions per byte on the link</text>
<polyline class="curve" points="${roof.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}"/>
<text class="curve-name over-lines" x="${width - RIGHT}" y="${y(peak) - 8}" text-anchor="end">lanes and memory: ${whole(peak)}</text>
${linkName(x(roofStart), y(roofStart * perCycle), x(ridge), y(peak))}<path class="drop" d="M${px},${py}V${y(Math.min(peak, token!.intensity * perCycle))}"/>
${[...drawn.values()].map(
  ([cx, cy]) => html`<circle class="mark" cx="${cx}" cy="${cy}" r="3"/>
`,
)}<circle class="point" cx="${px}" cy="${py}" r="5.5"/>
<text class="point-label over-lines" x="${labelX}" y="${py + 26}">a token: ${decimal(token!.rate, 1)}</text>
</svg>`;
}

/** The link's name beside the middle of the rising line, where the line is not. */
function linkName(x0: number, y0: number, x1: number, y1: number): Markup {
  const [x, y] = [round((x0 + x1) / 2), round((y0 + y1) / 2)];
  const isNarrow = x - LEFT < 60;
  return html`<text class="curve-name over-lines" x="${isNarrow ? x + 12 : x - 10}" y="${isNarrow ? y + 14 : y - 6}" text-anchor="${isNarrow ? 'start' : 'end'}">link</text>
`;
}

/** The whole token, then the linears that share a vector. */
function points(plan: Plan, geometry: EngineGeometry, board: LinkTarget): Point[] {
  const link = linkRuns(plan, board);
  const runs = runCycles(plan, geometry);
  const point = (indices: readonly number[]): Point => {
    const sum = (of: (index: number) => number): number => indices.reduce((total, index) => total + of(index), 0);
    const symbols = sum((index) => usefulSymbols(plan.linears[index]!));
    const moved = sum((index) => link[index]!.bytes);
    const cycles = sum((index) => runs[index]!.cycles + link[index]!.cycles);
    return { intensity: symbols / moved, rate: symbols / cycles };
  };
  const groups: number[][] = [];
  plan.linears.forEach((linear, index) => {
    if (readsSameVector(linear, plan.linears[index - 1])) groups.at(-1)!.push(index);
    else groups.push([index]);
  });
  return [point([...plan.linears.keys()]), ...groups.map(point)];
}

/** An axis, as exponents of ten: from the decade below the least value to a little above the greatest. */
const axis = (low: number, high: number): readonly [number, number] => [
  Math.floor(Math.log10(low)),
  Math.log10(high) + MARGIN,
];

const powers = (from: number, to: number): number[] =>
  Array.from({ length: Math.floor(to) - from + 1 }, (_, i) => 10 ** (from + i));

const label = (value: number): string => (value >= 1 ? whole(value) : decimal(value, 6));

const round = (value: number): number => Math.round(value * 10) / 10;
