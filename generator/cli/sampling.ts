import type { Command } from 'commander';
import type { SamplingOptions } from '../../firmware/session/sampling.js';
import { InputError } from '../errors.js';
import { integerFrom, numberFrom } from './values.js';

/** Adds the options of commands that generate text. */
export function addSamplingOptions(command: Command): Command {
  return command
    .option('--temperature <value>', '0: always the most likely token; 0.01 to 100: draw the token', temperature, 0)
    .option('--top-p <share>', 'draw from the most likely tokens that together have this probability', share)
    .option('--top-k <count>', 'draw from this many of the most likely tokens', integerFrom(1))
    .option('--seed <number>', 'seed of the drawing, 0 unless given; the same one gives the same text', integerFrom(0));
}

/** @throws InputError if there is something to draw, but no temperature */
export function samplingOf({ temperature = 0, topP, topK, seed }: SamplingOptions): SamplingOptions {
  const drawing = { ...(topP !== undefined && { topP }), ...(topK !== undefined && { topK }) };
  const options = { ...drawing, ...(seed !== undefined && { seed }) };
  if (temperature === 0 && Object.keys(options).length > 0) {
    throw new InputError('--top-p, --top-k and --seed need a --temperature above 0');
  }
  return { temperature, ...options };
}

function temperature(text: string): number {
  return text === '0' ? 0 : numberFrom(0.01, 100)(text);
}

function share(text: string): number {
  return numberFrom(2 ** -16, 1)(text);
}
