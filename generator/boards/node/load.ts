import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.js';
import { packageRoot } from '../../node/package-root.js';
import type { Placement } from '../../plan/types.js';
import { type Board, parseBoard } from '../board.js';

const folder = (): string => join(packageRoot(), 'generator/boards');

/** Names of the boards that have a file. */
export function boardNames(): string[] {
  return readdirSync(folder())
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/**
 * Reads a board's file.
 *
 * @param placement of the accelerator, whose clock the board then has
 * @throws InputError if there is no such board
 */
export function loadBoard(name: string, placement: Placement = 'linear'): Board {
  if (!boardNames().includes(name)) {
    throw new InputError(`no board ${name}; there are ${boardNames().join(', ')}`);
  }
  const board = parseBoard(JSON.parse(readFileSync(join(folder(), `${name}.json`), 'utf8')), `boards/${name}.json`);
  if (placement === 'linear' || board.decoderClockHz === null) return board;
  return { ...board, clockHz: board.decoderClockHz };
}

/** The rate of a board's line in baud; undefined if it is no serial line, or a board without a file. */
export function lineRate(name: string): number | undefined {
  if (!boardNames().includes(name)) return undefined;
  const { link } = loadBoard(name);
  return link.kind === 'uart' ? link.baud : undefined;
}
