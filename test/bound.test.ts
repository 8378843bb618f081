import { describe, expect, it } from 'vitest';
import { loadBoard } from '../generator/boards/node/load.js';
import { shapeConfig } from '../generator/model/shapes.js';
import { linearsAt } from '../generator/plan/allocate.js';
import { buildPlan } from '../generator/plan/build-plan.js';
import type { Plan } from '../generator/plan/types.js';
import { planFacts } from '../generator/report/facts.js';
import { renderReport } from '../generator/report/node/write-report.js';
import { tokenBound } from '../generator/sizing/bound.js';
import { runCycles, tokenCycles } from '../generator/sizing/cycles.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import { type LinkTarget, linkBytesPerCycle, linkRuns } from '../generator/sizing/link.js';

const board = loadBoard('sim');
const OPTIONS = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' } as const;

function uniform(shape: string): Plan {
  const config = shapeConfig(shape);
  return buildPlan(config, linearsAt(config, OPTIONS, { kind: 'uniform' }, 2.5), board, 'linear');
}

const serial = (baud: number) => ({
  ...board,
  link: { kind: 'uart' as const, baud, rxBytes: 4096, maxBody: 1024 },
});

describe('the bound', () => {
  const plan = uniform('stories110M');
  const geometry = engineGeometry(plan, board);
  const { engine } = tokenCycles(plan, geometry, board);
  const bytesOf = (target: LinkTarget): number => linkRuns(plan, target).reduce((sum, { bytes }) => sum + bytes, 0);
  const link = bytesOf(board);
  const lanes = engine - runCycles(plan, geometry).reduce((sum, { stalls }) => sum + stalls, 0);

  it('is the part that needs most cycles', () => {
    const large = tokenBound(plan, board, geometry);
    expect(large).toMatchObject({ bound: 'lanes', lanes, memory: plan.memory.weights.words, link });
    expect(large.memory).toBeLessThanOrEqual(large.lanes);
    // The same lanes behind a line that is slower than they are.
    const cyclesPerByte = Math.ceil((2 * engine) / link);
    const line = serial((10 * board.clockHz) / cyclesPerByte);
    const slow = tokenBound(plan, line, geometry);
    // Longer frames before a RUN have fewer bytes in all.
    const fewer = bytesOf(line);
    expect(fewer).toBeLessThan(link);
    expect(slow).toMatchObject({ bound: 'link', lanes, link: cyclesPerByte * fewer });
  });

  it('counts ten bits of a serial line as a byte', () => {
    expect(linkBytesPerCycle(board)).toBe(1);
    expect(linkBytesPerCycle(serial(3_000_000))).toBe(300_000 / board.clockHz);
  });
});

describe('the roofline of the page', () => {
  const drawings = (plan: Plan, on = board) =>
    /aria-labelledby="roofline-title"[\s\S]*?<\/section>/.exec(renderReport(planFacts(plan, on), null))![0];

  it.each([
    ['sim', board],
    ['a slow line', serial(115_200)],
  ] as const)('says what bounds a plan, and has its points below the roof: %s', (_, on) => {
    for (const shape of ['stories15M', 'llama-7b']) {
      const plan = uniform(shape);
      const section = drawings(plan, on);
      const named = { lanes: 'the lanes of its array', memory: 'the memory of', link: 'the link to the host' };
      expect(section).toContain(`bound by <b>${named[tokenBound(plan, on, engineGeometry(plan, on)).bound]}`);
      expect(section).not.toMatch(/NaN|undefined|Infinity/);
      for (const [svg] of section.matchAll(/<svg[\s\S]*?<\/svg>/g)) {
        const roof = /<polyline class="curve" points="([^"]*)"/.exec(svg)![1]!.split(' ');
        const [[x0, y0], [x1, y1]] = roof.map((point) => point.split(',').map(Number)) as [number[], number[]];
        const points = [...svg.matchAll(/<circle class="(?:mark|point)" cx="([^"]*)" cy="([^"]*)"/g)];
        expect(points.length).toBeGreaterThan(1);
        for (const [, cx, cy] of points) {
          const share = Math.min(1, (Number(cx) - x0!) / (x1! - x0!));
          expect(Number(cy)).toBeGreaterThanOrEqual(y0! + share * (y1! - y0!) - 0.2);
        }
      }
    }
  });
});
