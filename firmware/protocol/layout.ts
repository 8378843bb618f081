/** Declarative byte layouts, little-endian: a layout is an object of fields in wire order; its TypeScript type follows. */

/** Bytes that do not have the layout that was expected of them. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

/** Reads numbers and bytes in order; throws LayoutError when the bytes end too early. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next `count` bytes as a view of the input. */
  bytes(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  #advance(count: number): number {
    const at = this.#offset;
    if (count > this.remaining) {
      throw new LayoutError(`${count} bytes were expected at byte ${at}; there are ${this.remaining}.`);
    }
    this.#offset = at + count;
    return at;
  }
}

/** Writes numbers and bytes in order into a buffer that grows. Numbers that do not fit throw LayoutError. */
export class Writer {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written so far, as a view that the next write may invalidate. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, inRange(value, 0, 0xff));
  }

  i8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setInt8(at, inRange(value, -0x80, 0x7f));
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, inRange(value, 0, 0xffff), true);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, inRange(value, 0, 0xffffffff), true);
  }

  i32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, inRange(value, -0x80000000, 0x7fffffff), true);
  }

  /** Makes room; the buffer may be another one afterwards. @returns the offset of the new bytes */
  #reserve(count: number): number {
    const at = this.#length;
    const length = at + count;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.written);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = length;
    return at;
  }
}

function inRange(value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new LayoutError(`${value} is not an integer from ${least} to ${most}.`);
  }
  return value;
}

/** Values by the names of their fields. */
type Named = Readonly<Record<string, unknown>>;

/** How one value lies in a message: after the values `before` of it, and as one of `message`. */
export interface Field<T> {
  read(reader: Reader, before: Named): T;
  write(writer: Writer, value: T, message: Named): void;
}

export type Layout = { readonly [name: string]: Field<unknown> };
/** The values of a layout. */
export type Values<L extends Layout> = { readonly [K in keyof L]: L[K] extends Field<infer T> ? T : never };

export const u8: Field<number> = { read: (r) => r.u8(), write: (w, value) => w.u8(value) };
export const i8: Field<number> = { read: (r) => r.i8(), write: (w, value) => w.i8(value) };
export const u16: Field<number> = { read: (r) => r.u16(), write: (w, value) => w.u16(value) };
export const u32: Field<number> = { read: (r) => r.u32(), write: (w, value) => w.u32(value) };

/** A fixed number of bytes. Read as a copy. */
export function bytesOf(count: number): Field<Uint8Array> {
  return {
    read: (reader) => reader.bytes(count).slice(),
    write(writer, value) {
      if (value.length !== count) throw new LayoutError(`${value.length} bytes were given for a field of ${count}.`);
      writer.bytes(value);
    },
  };
}

/** All bytes to the end of the message. Read as a view of the message. */
export const bytesToEnd: Field<Uint8Array> = {
  read: (reader) => reader.bytes(reader.remaining),
  write: (writer, value) => writer.bytes(value),
};

/** Signed 32-bit numbers to the end of the message. */
export const i32ToEnd: Field<Int32Array> = {
  read: (reader) => Int32Array.from({ length: wordsLeft(reader) }, () => reader.i32()),
  write(writer, values) {
    for (const value of values) writer.i32(value);
  },
};

/** Unsigned 32-bit numbers to the end of the message. */
export const u32ToEnd: Field<readonly number[]> = {
  read: (reader) => Array.from({ length: wordsLeft(reader) }, () => reader.u32()),
  write(writer, values) {
    for (const value of values) writer.u32(value);
  },
};

function wordsLeft({ remaining }: Reader): number {
  if (remaining % 4 !== 0) throw new LayoutError(`${remaining} bytes are no whole 32-bit numbers.`);
  return remaining / 4;
}

/** A byte whose lowest bits are flags, in the order of their names; the others are 0 and ignored. */
export function flagsU8<const N extends string>(...names: readonly N[]): Field<Readonly<Record<N, boolean>>> {
  return {
    read(reader) {
      const byte = reader.u8();
      return Object.fromEntries(names.map((name, i) => [name, ((byte >> i) & 1) === 1])) as Record<N, boolean>;
    },
    write: (writer, flags) => writer.u8(names.reduce((byte, name, i) => byte | (flags[name] ? 1 << i : 0), 0)),
  };
}

/** Equal structures, as many as the field `count` before them says. */
export function listOf<L extends Layout>(layout: L, count: string): Field<readonly Values<L>[]> {
  return {
    read: (reader, before) => Array.from({ length: Number(before[count]) }, () => readLayout(layout, reader)),
    write(writer, values, message) {
      if (values.length !== message[count]) {
        throw new LayoutError(`${values.length} entries were given for a list of ${message[count]}.`);
      }
      for (const value of values) writeLayout(layout, writer, value);
    },
  };
}

export function readLayout<L extends Layout>(layout: L, reader: Reader): Values<L> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(layout)) values[name] = field.read(reader, values);
  return values as Values<L>;
}

export function writeLayout<L extends Layout>(layout: L, writer: Writer, values: Values<L>): void {
  for (const [name, field] of Object.entries(layout)) field.write(writer, values[name], values);
}
