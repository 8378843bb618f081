import { InputError } from '../errors.js';
import { isJsonObject, reasonOf } from '../model/fields.js';

/** Text to score or calibrate on. */
export interface EvaluationText {
  readonly documents: readonly string[];
  /** What becomes of a document that is longer than the context: it is cut, or split into windows. */
  readonly long: 'cut' | 'split';
}

/**
 * Reads the content of a TEXT file: `.jsonl`, one `{"text": …}` document per line, or `.txt`, one document.
 *
 * @param file its name, whose ending says which; also for messages
 * @throws InputError naming the file, and the line where there is one, if the content is not as described or empty
 */
export function parseText(file: string, bytes: Uint8Array): EvaluationText {
  const isLines = file.endsWith('.jsonl');
  if (!isLines && !file.endsWith('.txt')) throw new InputError(`${file}: a text must be a .jsonl or a .txt file.`);
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${file} is not UTF-8.`);
  }
  if (content.trim() === '') throw new InputError(`${file} is empty.`);
  if (!isLines) return { documents: [content], long: 'split' };

  const documents: string[] = [];
  content.split('\n').forEach((line, index) => {
    if (line.trim() !== '') documents.push(parseLine(`${file}: line ${index + 1}`, line));
  });
  return { documents, long: 'cut' };
}

function parseLine(where: string, line: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new InputError(`${where} is not valid JSON: ${reasonOf(error)}.`);
  }
  if (!isJsonObject(value) || typeof value.text !== 'string') {
    throw new InputError(`${where} is not an object with a string "text".`);
  }
  return value.text;
}
