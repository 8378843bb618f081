/** What can be wrong with a line and with the device at its end; see `FaultyLine`. */

/** Rates are shares from 0 to 1, drawn from `seed`; places are counted in bytes that have reached the device. */
export interface LineFaults {
  readonly seed: number;
  /** Share of bytes, in either direction, of which one bit is changed; that are lost; that arrive twice. */
  readonly flip: number;
  readonly drop: number;
  readonly duplicate: number;
  /** Share of packets, in either direction, before which the line stands still, for at most `stallMs`. */
  readonly stall: number;
  readonly stallMs: number;
  /** Answers are held back for this time after the first byte, as USB bridges do; 0: they are not. */
  readonly batchMs: number;
  /** Ten bits per byte; 0: as fast as the device. */
  readonly baud: number;
  /** Where the device is reset, once; null: it is not. Its memory is kept or lost, its boot nonce is another one. */
  readonly resetAt: number | null;
  readonly memory: 'kept' | 'lost';
  /** Where the line ends; null: it does not. `unplugged` is noticed by the host, `silent` is not. */
  readonly cutAt: number | null;
  readonly cut: 'unplugged' | 'silent';
}

export const NO_FAULTS: LineFaults = {
  seed: 1,
  flip: 0,
  drop: 0,
  duplicate: 0,
  stall: 0,
  stallMs: 20,
  batchMs: 0,
  baud: 0,
  resetAt: null,
  memory: 'kept',
  cutAt: null,
  cut: 'unplugged',
};

/** The faults that a text can name, with what they take. */
const FIELDS: Readonly<Record<string, { readonly name: keyof LineFaults; readonly takes: Take }>> = {
  seed: { name: 'seed', takes: count },
  flip: { name: 'flip', takes: share },
  drop: { name: 'drop', takes: share },
  duplicate: { name: 'duplicate', takes: share },
  stall: { name: 'stall', takes: share },
  'stall-ms': { name: 'stallMs', takes: count },
  'batch-ms': { name: 'batchMs', takes: count },
  'reset-at': { name: 'resetAt', takes: count },
  memory: { name: 'memory', takes: oneOf('kept', 'lost') },
  'cut-at': { name: 'cutAt', takes: count },
  cut: { name: 'cut', takes: oneOf('unplugged', 'silent') },
};

/** A value of a text, or null if it is none of the field. */
type Take = (text: string) => number | string | null;

/**
 * Reads faults from a text such as `flip=1e-5,batch-ms=16,seed=7`; what it does not name is as in `NO_FAULTS`.
 * @throws RangeError naming the part that is wrong
 */
export function parseFaults(text: string): LineFaults {
  const faults: Record<string, unknown> = { ...NO_FAULTS };
  const named = new Set<string>();
  for (const part of text.split(',')) {
    const [key = '', ...values] = part.split('=').map((piece) => piece.trim());
    const value = values.join('=');
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    if (!field) throw new RangeError(`there is no fault '${key}'; there are ${Object.keys(FIELDS).join(', ')}`);
    const taken = field.takes(value);
    if (taken === null) throw new RangeError(`'${value}' is no value for '${key}'`);
    if (named.has(key)) throw new RangeError(`'${key}' is named twice`);
    named.add(key);
    faults[field.name] = taken;
  }
  return faults as unknown as LineFaults;
}

function share(text: string): number | null {
  const value = text === '' ? Number.NaN : Number(text);
  return value >= 0 && value <= 1 ? value : null;
}

function count(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function oneOf(...values: readonly string[]): Take {
  return (text) => (values.includes(text) ? text : null);
}
