import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.js';
import { packageRoot } from '../../node/package-root.js';
import { type Board, parseBoard } from '../board.js';

const folder = (): string => join(packageRoot(), 'generator/boards');

/** Names of the boards that have a file. */
export function boardNames(): string[] {
  return readdirSync(folder())
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** Reads a board's file. @throws InputError if there is no such board */
export function loadBoard(name: string): Board {
  if (!boardNames().includes(name)) {
    throw new InputError(`no board ${name}; there are ${boardNames().join(', ')}`);
  }
  return parseBoard(JSON.parse(readFileSync(join(folder(), `${name}.json`), 'utf8')), `boards/${name}.json`);
}

/** The rate of a board's line in baud; undefined if it is no serial line, or a board without a file. */
export function lineRate(name: string): number | undefined {
  if (!boardNames().includes(name)) return undefined;
  const { link } = loadBoard(name);
  return link.kind === 'uart' ? link.baud : undefined;
}
