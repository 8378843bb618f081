import { readBytes } from '../../model/node/files.js';
import { type EvaluationText, parseText } from '../text.js';

/**
 * Reads a TEXT file: `.jsonl`, one `{"text": …}` document per line, or `.txt`, one document.
 *
 * @throws InputError naming the file, and the line where there is one
 */
export function readText(path: string): EvaluationText {
  return parseText(path, readBytes(path));
}
