import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// The flag decides what the globals of contexts are that are made after it.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A matrix of as many bytes is worth it. */
const LARGE = 1 << 25;

/**
 * Makes room for a matrix: frees those that nobody holds any more. V8 does so by itself, but a thread that computes for
 * minutes without going back to its event loop lets them add up to half of the largest heap, which is 2 GiB.
 *
 * @param bytes that are about to be used; nothing is done for less than 32 MiB
 */
export function makeRoom(bytes: number): void {
  if (bytes >= LARGE) collect();
}
