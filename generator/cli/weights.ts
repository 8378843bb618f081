import { InputError } from '../errors.js';
import type { Image } from '../image/image.js';
import { openImage } from '../image/node/open-image.js';
import { userPath } from './values.js';

/**
 * Opens the weights that the user named and reads them once, so that damage is found before any work.
 * @throws InputError if they are damaged
 */
export function openUserWeights(path: string): Image {
  const image = openImage(userPath(path));
  image.verify();
  return image;
}

/** @throws InputError if weights were made for another plan, with both hashes */
export function checkSamePlan(expected: string, found: string, expectedName: string, foundName: string): void {
  if (expected !== found) {
    throw new InputError(
      `${foundName} was made for another plan: its hash is ${found}, that of ${expectedName} is ${expected}`,
    );
  }
}
