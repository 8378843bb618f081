import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { InputError } from '../errors.js';
import { checkFolder, checkWritable } from '../node/atomic-file.js';
import { packageRoot } from '../node/package-root.js';
import { BLOCKS } from '../plan/build-plan.js';

/**
 * A path as the user meant it. npm runs scripts in the package's folder and says in INIT_CWD where the user stands.
 * @throws InputError if it is empty, which a shell variable without a value makes it
 */
export function userPath(path: string): string {
  if (path === '') throw new InputError('the name of a file or folder is empty');
  const standing = process.cwd() === packageRoot() ? process.env.INIT_CWD : undefined;
  return resolve(standing ?? process.cwd(), path);
}

/**
 * A file to write, as the user meant it. Called before the work begins, so that nothing long is done in vain.
 * @param inputs what the command reads, which must not be lost by a slip
 * @throws InputError if it cannot be written, or is one of the inputs
 */
export function outputPath(path: string, inputs: readonly (string | undefined)[] = []): string {
  const resolved = userPath(path);
  checkWritable(resolved);
  const isInput = inputs.some((input) => input !== undefined && isSameFile(resolved, userPath(input)));
  if (isInput) throw new InputError(`${path} is read by this command, which must not write over it`);
  return resolved;
}

function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/**
 * A folder to write files into, as the user meant it. Called before the work begins.
 * @throws InputError if it is a file, or cannot be written into
 */
export function outputFolder(path: string): string {
  const resolved = userPath(path);
  checkFolder(resolved);
  return resolved;
}

function number(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** A number from `least` to `most`. */
export function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`A number from ${least} to ${most} is wanted.`);
    }
    return value;
  };
}

/** An over-sampling ratio from 1 to 8. */
export function osrValue(text: string): number {
  const value = number(text);
  if (!(value >= 1 && value <= 8)) throw new InvalidArgumentError('An over-sampling ratio from 1 to 8 is wanted.');
  return value;
}

/** An integer of at least `least`. */
export function integerFrom(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`A whole number ${range} is wanted.`);
    }
    return value;
  };
}

/** One of the numbers of columns that a block may have. */
export function blockValue(text: string): number {
  const value = number(text);
  if (!BLOCKS.includes(value)) throw new InvalidArgumentError(`One of ${BLOCKS.join(', ')} is wanted.`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** A size in bytes, such as 6MiB, 100 KiB, 1.5MB or 4096. */
export function byteSize(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match ? UNITS[match[2]!.toLowerCase()] : undefined;
  const size = unit === undefined ? Number.NaN : Math.floor(Number(match![1]) * unit);
  if (!(size > 0)) throw new InvalidArgumentError('A size such as 100KiB, 6MiB or 4096 (bytes) is wanted.');
  return size;
}
