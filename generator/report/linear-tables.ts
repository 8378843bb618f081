/** The tables: memory and time by role, and every linear. */

import type { LinearFacts, PlanFacts, RoleFacts } from './facts.js';
import { shortRole } from './facts.js';
import { type Filling, html, type Markup } from './html.js';
import { decimal, percent, size, whole } from './numbers.js';
import type { WeightStatistics } from './weight-statistics.js';

/** Up to this many linears their table is open when the page is. */
const OPEN_LINEARS = 42;

interface Column<T> {
  readonly title: string;
  readonly cell: (item: T, index: number) => Filling;
}

/** A table whose first column names the rows; it scrolls sideways on its own where the page is narrow. */
function table<T>(caption: string, columns: readonly Column<T>[], items: readonly T[], foot: Filling = null): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="numbers">
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${items.map(
  (item, index) =>
    html`<tr>${columns.map(({ cell }, column) =>
      column === 0 ? html`<th scope="row">${cell(item, index)}</th>` : html`<td>${cell(item, index)}</td>`,
    )}</tr>\n`,
)}</tbody>${foot}
</table></div>`;
}

/** A share with a bar, which is full for the greatest share. */
const bar = (share: number, greatest: number): Markup =>
  html`<span class="bar" aria-hidden="true"><i style="width:${((100 * share) / greatest).toFixed(1)}%"></i></span><span class="share">${percent(share)}</span>`;

/** Memory and predicted time, by role. */
export function roleSection(facts: PlanFacts): Markup {
  const { engine, link } = facts.cycles;
  const clock = facts.board.clockHz;
  const most = Math.max(...facts.roles.map(({ cycles }) => cycles));
  const columns: readonly Column<RoleFacts>[] = [
    { title: 'Role', cell: ({ role }) => html`<span title="${role}">${shortRole(role)}</span>` },
    { title: 'Shape', cell: ({ count, shape }) => `${count} of ${shape}` },
    { title: 'Mean OSR', cell: ({ osr }) => osr.toFixed(2) },
    { title: 'OSR range', cell: ({ osrRange: [a, b] }) => (a === b ? '–' : `${decimal(a, 2)} – ${decimal(b, 2)}`) },
    { title: 'Bits per weight', cell: ({ bits }) => bits.toFixed(2) },
    { title: 'Expected SNR, dB', cell: ({ snrDb }) => snrDb.toFixed(1) },
    { title: 'Memory', cell: ({ bytes }) => size(bytes) },
    { title: 'Cycles per token', cell: ({ cycles }) => whole(cycles) },
    { title: 'Share of the cycles', cell: ({ cycles }) => bar(cycles / engine, most / engine) },
    { title: 'Utilisation', cell: (role) => percent(role.utilisation) },
  ];
  const foot = html`
<tfoot><tr><th scope="row">all</th><td>${facts.linears.length}</td><td>${facts.meanOsr.toFixed(2)}</td><td></td><td>${facts.bitsPerWeight.toFixed(2)}</td><td>${facts.snrDb.toFixed(1)}</td><td>${size(facts.bytes)}</td><td>${whole(engine)}</td><td></td><td>${percent(facts.utilisation)}</td></tr></tfoot>`;
  return html`<section aria-labelledby="roles-title">
<h2 id="roles-title">Memory and time by role</h2>
<p class="lead">A token takes ${whole(engine)} engine cycles, in which ${percent(facts.utilisation)} of the array's places add a weight that exists. The link moves its vectors and results in another ${whole(link)} cycles. At the ${decimal(clock / 1e6, 3)} MHz of board ${facts.board.name} both together allow at most ${rate(clock / (engine + link))}.</p>
${table('Memory and predicted cycles by role', columns, facts.roles, foot)}
<p class="note">Engine cycles are exact: they are what the accelerator reports, and <code>sdq simulate</code> counts. The host's own work comes on top.</p>
</section>`;
}

const rate = (perSecond: number): string =>
  perSecond >= 1
    ? `${perSecond < 10 ? perSecond.toFixed(1) : whole(perSecond)} tokens per second`
    : `one token in ${whole(1 / perSecond)} seconds`;

/** Every linear with all its numbers. */
export function linearSection(facts: PlanFacts, statistics: WeightStatistics | null): Markup {
  const columns: Column<LinearFacts>[] = [
    { title: 'Linear', cell: ({ name }) => name },
    { title: 'OSR', cell: ({ osr }) => decimal(osr, 4) },
    { title: 'Bits per weight', cell: ({ bits }) => bits.toFixed(2) },
    { title: 'Expected SNR, dB', cell: ({ snrDb }) => snrDb.toFixed(1) },
    { title: 'Rows × columns', cell: ({ rows, cols }) => `${rows} × ${cols}` },
    { title: 'Bytes', cell: ({ bytes }) => whole(bytes) },
    { title: 'Engine cycles', cell: ({ cycles }) => whole(cycles) },
    { title: 'Utilisation', cell: (linear) => percent(linear.utilisation) },
  ];
  if (statistics !== null) {
    const counts = statistics.linears;
    columns.push(
      {
        title: '−1 / 0 / +1',
        cell: (_, index) => {
          const { minus, zero, plus } = counts[index]!;
          return [minus, zero, plus].map((count) => percent(count / (minus + zero + plus), 0)).join(' / ');
        },
      },
      { title: 'Scale exponent', cell: (_, index) => String(counts[index]!.exponent).replace('-', '−') },
    );
  }
  return html`<section aria-labelledby="linears-title">
<details${facts.linears.length <= OPEN_LINEARS && html` open`}>
<summary><h2 id="linears-title">The numbers of every linear</h2></summary>
<p class="note">The SNR is that of Gaussian weights at this OSR. What the linear's own weights came to takes the checkpoint: <code>sdq quantize</code> shows it while it works.</p>
${table('Every linear', columns, facts.linears)}
</details>
</section>`;
}
