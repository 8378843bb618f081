import { InputError } from '../errors.js';

export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a JSON file whose outermost value must be an object.
 *
 * @param file what to call the file in a message
 * @throws InputError if the text is not JSON or not an object
 */
export function parseJsonObject(file: string, text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file} is not valid JSON: ${reasonOf(error)}.`);
  }
  if (!isJsonObject(value)) throw new InputError(`${file} does not hold a JSON object.`);
  return value;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Checked reading of a JSON object's fields. A field that is null counts as absent, as in Hugging Face's files. */
export class Fields {
  readonly #file: string;
  readonly #object: JsonObject;
  readonly #path: string;

  /** @param path what precedes a field's name in a message, such as `rope_scaling.` */
  constructor(file: string, object: JsonObject, path = '') {
    this.#file = file;
    this.#object = object;
    this.#path = path;
  }

  /** An error whose sentence begins with the file and the field. */
  error(name: string, problem: string): InputError {
    return new InputError(`${this.#file}: ${this.#path}${name} ${problem}.`);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** The raw value; undefined if absent or null. */
  get(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  /** @throws InputError unless the value is an integer in the range; without a fallback also if it is absent */
  integer(name: string, range: Range, fallback?: number): number {
    const value = this.#orFallback(name, fallback);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < range.min || value > range.max) {
      throw this.error(name, `must be an integer from ${range.min} to ${range.max}, not ${show(value)}`);
    }
    return value;
  }

  /** @throws InputError unless the value is a number in the range; without a fallback also if it is absent */
  number(name: string, range: Range, fallback?: number): number {
    const value = this.#orFallback(name, fallback);
    if (typeof value !== 'number' || !(value >= range.min && value <= range.max)) {
      throw this.error(name, `must be a number from ${range.min} to ${range.max}, not ${show(value)}`);
    }
    return value;
  }

  /** @throws InputError unless the value is true, false or absent */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.#orFallback(name, fallback);
    if (typeof value !== 'boolean') throw this.error(name, `must be true or false, not ${show(value)}`);
    return value;
  }

  /** @throws InputError unless the value is a string or absent */
  string(name: string, fallback: string): string {
    const value = this.#orFallback(name, fallback);
    if (typeof value !== 'string') throw this.error(name, `must be a string, not ${show(value)}`);
    return value;
  }

  /** @throws InputError unless the value is an object or absent */
  object(name: string): Fields | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (!isJsonObject(value)) throw this.error(name, `must be an object, not ${show(value)}`);
    return new Fields(this.#file, value, `${this.#path}${name}.`);
  }

  #orFallback(name: string, fallback: unknown): unknown {
    const value = this.get(name) ?? fallback;
    if (value === undefined) throw this.error(name, 'is missing');
    return value;
  }
}

/** A value as it appears in a message: short, on one line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What an error says, as the end of a sentence of ours: on one line, without a full stop. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').replace(/\.$/, '');
}
