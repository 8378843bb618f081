import { describe, expect, it } from 'vitest';
import type { Board } from '../generator/boards/board.js';
import { loadBoard } from '../generator/boards/node/load.js';
import { decoderTables } from '../generator/emit/render-decoder.js';
import type { ModelConfig } from '../generator/model/types.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import { checkPlanMemory, fittingContext, fittingOsr } from '../generator/plan/fit.js';
import type { Plan } from '../generator/plan/types.js';
import { parsePlan } from '../generator/plan/validate.js';
import { decoderEstimate, decoderProblem, placedMemories } from '../generator/schedule/placement.js';
import { estimate } from '../generator/sizing/estimate.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import { llamaConfig, optConfig } from './support/golden-models.js';

/** The shape of stories260K, with its head tied. */
const STORIES: ModelConfig = llamaConfig({
  dim: 64,
  hidden: 172,
  layers: 5,
  heads: 8,
  kvHeads: 4,
  headDim: 8,
  vocab: 512,
  context: 256,
  embedDim: 64,
});

function planFor(config: ModelConfig, board: Board, osr = 2): Plan {
  const options = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'decoder' } as const;
  return buildPlan(
    config,
    planLinears(config, options, () => osr),
    board,
    'decoder',
  );
}

const ulx3s = loadBoard('ulx3s-85f');
/** A board with few block RAMs and no SDRAM. */
const small = (count: number): Board => ({ ...ulx3s, sdram: null, blockRam: { ...ulx3s.blockRam, count } });

describe('a plan of placement decoder', () => {
  it.each([STORIES, llamaConfig(), optConfig()])('is consistent, and fits ulx3s-85f: $name', (config) => {
    const plan = planFor(config, ulx3s);
    expect(parsePlan(JSON.stringify(plan), 'plan')).toEqual(plan);
    expect(decoderProblem(plan, ulx3s)).toBeNull();
    const rom = placedMemories(plan, ulx3s).find(({ name }) => name === 'contents of the tables')!;
    expect(rom.words).toBe(decoderTables(plan).length);
  });

  it('has the widths that are wanted of stories260K on ulx3s-85f', () => {
    expect(planFor(STORIES, ulx3s).decoder).toEqual({ values: 2, attention: 8, drain: 1, banks: 1 });
  });

  it('has an array beside the units that leave LUTs for one', () => {
    const plan = planFor(STORIES, { ...ulx3s, luts: 24_000 });
    expect(decoderEstimate(plan, ulx3s).luts).toBeLessThan(24_000);
    expect(() => planFor(STORIES, { ...ulx3s, luts: 14_000 })).toThrow(
      /the least units of the decoder and the host link take \d+ LUTs, and an array comes on top; .* has 14000/,
    );
  });

  it('is refused with what is wrong in it', () => {
    const plan = planFor(STORIES, ulx3s);
    const message = (change: object): string => {
      try {
        parsePlan(JSON.stringify({ ...plan, ...change }), 'plan');
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(message({ decoder: undefined })).toContain('$.decoder must be there in placement decoder');
    expect(message({ placement: 'linear' })).toContain('$.decoder must be absent in placement linear');
    expect(message({ decoder: { ...plan.decoder, attention: 12 } })).toContain('do not divide heads of 8');
    const wide = { decoder: { ...plan.decoder, values: 4 }, array: { ...plan.array, frame: 2 } };
    expect(message(wide)).toContain("multiple of the decoder's 4 values, not 2");
  });

  it('counts every memory, in block RAMs of the board', () => {
    const plan = planFor(STORIES, ulx3s);
    const memories = placedMemories(plan, ulx3s);
    const bits = (name: string): number => {
      const { words, width } = memories.find((memory) => memory.name === name)!;
      return words * width;
    };
    const entries = 5 * 4 * 256 * 8;
    expect([bits('keys'), bits('values')]).toEqual([16 * entries, 8 * entries]);
    // Embedding and its scales; norms of ten parts and the last, each with a header of a word, 8 bytes.
    expect(bits('parameters')).toBe(8 * (512 * 64 + 2 * 512 + 11 * (8 + 2 * 64)));
    const rams = memories.reduce((sum, memory) => sum + memory.rams, 0);
    const link =
      estimate(engineGeometry(plan), ulx3s).brams -
      memories.filter(({ use }) => use === 'linears').reduce((sum, memory) => sum + memory.rams, 0);
    expect(decoderEstimate(plan, ulx3s).brams).toBe(rams + link);
  });
});

describe('a plan that does not fit its board', () => {
  const { brams } = decoderEstimate(planFor(STORIES, small(208)), small(208));
  const scarce = Math.floor(0.7 * brams);

  it('is refused with what is missing, and fits with the context that is named', () => {
    const board = small(scarce);
    const plan = planFor(STORIES, board);
    const context = fittingContext(plan, board)!;
    expect(() => checkPlanMemory(plan, board)).toThrow(
      new RegExp(
        `has ${scarce}: \\d+ are missing, \\d+ bits \\(.*cache \\d+.*with a context of ${context} \\(--context`,
      ),
    );
    expect(decoderProblem(planFor({ ...STORIES, context }, board), board)).toBeNull();
    expect(decoderProblem(planFor({ ...STORIES, context: context + 1 }, board), board)).not.toBeNull();
  });

  it('fits with the ratio that is named', () => {
    const board = small(brams);
    const plan = planFor(STORIES, board, 8);
    const osr = fittingOsr(plan, board)!;
    expect(() => checkPlanMemory(plan, board)).toThrow(`with all linears at OSR ${osr} (--osr ${osr} --uniform)`);
    expect(decoderProblem(planFor(STORIES, board, osr), board)).toBeNull();
    expect(decoderProblem(planFor(STORIES, board, osr + 0.125), board)).not.toBeNull();
  });

  it('says so where neither helps', () => {
    const board = small(20);
    expect(() => checkPlanMemory(planFor(STORIES, board), board)).toThrow(/neither a smaller over-sampling ratio/);
  });

  it('is refused for parameters that the link does not reach', () => {
    const plan = planFor({ ...STORIES, vocab: 2 ** 22 }, loadBoard('sim'));
    expect(decoderProblem(plan, loadBoard('sim'))).toMatch(
      /the parameters of this plan span \d+ bytes; the link addresses/,
    );
  });

  it('is refused for its LUTs and its multipliers', () => {
    const plan = planFor(STORIES, ulx3s);
    expect(decoderProblem(plan, { ...ulx3s, luts: 9000 })).toMatch(
      /takes \d+ LUTs; board ulx3s-85f has 9000: \d+ are missing/,
    );
    expect(decoderProblem(plan, { ...ulx3s, multipliers: 20 })).toMatch(/multipliers of 18 × 18 bits; .* has 20/);
  });
});
