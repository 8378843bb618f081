import { type Board, parseBoard } from '../../generator/boards/board.js';
import { InputError } from '../../generator/errors.js';
import type { Image } from '../../generator/image/image.js';
import { planFacts } from '../../generator/report/facts.js';
import { heatMap } from '../../generator/report/heat-map.js';
import { measures } from '../../generator/report/measures.js';
import type { ModelSummary } from './calls.js';

/** What the page shows of a model before anything is computed. */
export async function summarize({ plan }: Image, fileBytes: number): Promise<ModelSummary> {
  const board = await loadBoard(plan.board);
  const facts = planFacts(plan, board);
  const { planHash, weights, meanOsr, bitsPerWeight } = facts;
  return {
    name: plan.model.name,
    planHash,
    board: plan.board,
    baudRate: board.link.kind === 'uart' ? board.link.baud : null,
    context: plan.model.context,
    weights,
    meanOsr,
    bitsPerWeight,
    fileBytes,
    heatMap: heatMap(facts, measures(facts, null)).toString(),
  };
}

/** The declarations of all boards lie beside the page, by name. */
async function loadBoard(name: string): Promise<Board> {
  const boards = (await (await fetch(new URL('boards.json', location.href))).json()) as Record<string, unknown>;
  const board = boards[name];
  if (!board) {
    throw new InputError(
      `the weights are for a board "${name}" that this page does not know: reload it, or serve a newer one`,
    );
  }
  return parseBoard(board, `boards/${name}.json`);
}
