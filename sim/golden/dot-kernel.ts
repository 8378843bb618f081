/**
 * The inner product that the golden model spends its time in: int8 rows times an int16 vector, exact in 32 bits. Written
 * as WebAssembly SIMD (about ten times the speed of the JavaScript loop that it stands for), assembled here so that
 * it travels with the source.
 */

/** Columns whose sum fits 32 bits: 128 · 32768 · 256 is 2^30. */
export const MAX_DOT_COLUMNS = 256;

/**
 * sums[r] = Σ_j rows[offset + r · stride + j] · vector[j] for j in 0 … count − 1.
 * @param vector `count` int16 values or more
 * @param sums one entry per row to compute; 32 bits are enough for MAX_DOT_COLUMNS columns
 */
export type DotKernel = (
  rows: Int8Array,
  offset: number,
  stride: number,
  vector: Int16Array,
  count: number,
  sums: Int32Array | Float64Array,
) => void;

/** The definition, for platforms without WebAssembly SIMD and for the tests. */
export const dotRowsPlain: DotKernel = (rows, offset, stride, vector, count, sums) => {
  for (let r = 0; r < sums.length; r++) {
    const base = offset + r * stride;
    let total = 0;
    for (let first = 0; first < count; first += MAX_DOT_COLUMNS) {
      const end = Math.min(count, first + MAX_DOT_COLUMNS);
      let sum = 0;
      for (let j = first; j < end; j++) sum = (sum + rows[base + j]! * vector[j]!) | 0;
      total += sum;
    }
    sums[r] = total;
  }
};

const I32 = 0x7f;
const V128 = 0x7b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const LOOP = 0x03;
const BR_IF = 0x0d;
const END = 0x0b;
const I32_CONST = 0x41;
const I32_ADD = 0x6a;
const I32_LT_U = 0x49;
const I32_STORE = 0x36;
const EMPTY_BLOCK = 0x40;
const UNALIGNED = 0x00;

/** An instruction of the SIMD set: prefix, opcode in LEB128, immediates. */
const simd = (opcode: number, ...immediates: number[]): number[] => [
  0xfd,
  ...(opcode < 128 ? [opcode] : [(opcode & 127) | 128, opcode >> 7]),
  ...immediates,
];
const load = (offset: number): number[] => simd(0x00, UNALIGNED, offset);
const EXTEND_LOW_I8 = simd(0x87);
const EXTEND_HIGH_I8 = simd(0x88);
const DOT_I16 = simd(0xba);
const ADD_I32X4 = simd(0xae);
const ZERO = simd(0x0c, ...new Array<number>(16).fill(0));
const lane = (i: number): number[] => simd(0x1b, i);
const get = (local: number): number[] => [LOCAL_GET, local];
const set = (local: number): number[] => [LOCAL_SET, local];
const constant = (value: number): number[] => [I32_CONST, value];

/** Numbers of the function's parameters and locals. */
const Local = { Rows: 0, Stride: 1, Vector: 2, VectorEnd: 3, Sums: 4, SumsEnd: 5, Byte: 6, Word: 7, Total: 8 } as const;

/** dot(rows, stride, vector, vectorEnd, sums, sumsEnd): addresses in bytes; 16 columns in each turn of the inner loop. */
const CODE = [
  ...[LOOP, EMPTY_BLOCK],
  ...get(Local.Rows),
  ...set(Local.Byte),
  ...get(Local.Vector),
  ...set(Local.Word),
  ...ZERO,
  ...set(Local.Total),
  ...[LOOP, EMPTY_BLOCK],
  ...get(Local.Total),
  ...[...get(Local.Byte), ...load(0), ...EXTEND_LOW_I8, ...get(Local.Word), ...load(0), ...DOT_I16, ...ADD_I32X4],
  ...[...get(Local.Byte), ...load(0), ...EXTEND_HIGH_I8, ...get(Local.Word), ...load(16), ...DOT_I16, ...ADD_I32X4],
  ...set(Local.Total),
  ...[...get(Local.Byte), ...constant(16), I32_ADD, ...set(Local.Byte)],
  ...[...get(Local.Word), ...constant(32), I32_ADD, LOCAL_TEE, Local.Word],
  ...[...get(Local.VectorEnd), I32_LT_U, BR_IF, 0, END],
  ...get(Local.Sums),
  ...[0, 1, 2, 3].flatMap((i) => [...get(Local.Total), ...lane(i), ...(i > 0 ? [I32_ADD] : [])]),
  ...[I32_STORE, 2, 0],
  ...[...get(Local.Rows), ...get(Local.Stride), I32_ADD, ...set(Local.Rows)],
  ...[...get(Local.Sums), ...constant(4), I32_ADD, LOCAL_TEE, Local.Sums],
  ...[...get(Local.SumsEnd), I32_LT_U, BR_IF, 0, END],
  END,
];

function assemble(): Uint8Array<ArrayBuffer> {
  const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);
  const text = (name: string): number[] => [name.length, ...Array.from(name, (c) => c.charCodeAt(0))];
  const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body];
  const locals = [2, 2, I32, 1, V128];
  const body = [...locals, ...CODE];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, ...text('m'), ...text('m'), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('dot'), 0x00, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

const PAGE = 65536;
/** A load of 16 bytes may reach this far beyond the last row. */
const SLACK = 16;
/** Most rows and columns that are copied into the kernel's memory at once, and the bytes that they may take. */
const MOST_ROWS = 4096;
const MOST_COLUMNS = 16384;
const COPY_BYTES = 262144;
/** Rows that are farther apart than this are copied one by one; the others with what lies between them. */
const LARGEST_GAP = 2048;
const VECTOR_AT = 0;
const SUMS_AT = VECTOR_AT + 2 * MAX_DOT_COLUMNS;
const ROWS_AT = SUMS_AT + 4 * MOST_ROWS;

/** The kernel in WebAssembly, or null where the platform lacks its SIMD instructions. */
export function createWasmDotKernel(): DotKernel | null {
  const bytes = assemble();
  if (!WebAssembly.validate(bytes)) return null;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((ROWS_AT + COPY_BYTES + SLACK) / PAGE) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: memory } });
  const dot = exports.dot as (...addresses: number[]) => void;
  const part = new Int16Array(memory.buffer, VECTOR_AT, MAX_DOT_COLUMNS);
  const partSums = new Int32Array(memory.buffer, SUMS_AT, MOST_ROWS);
  const copy = new Int8Array(memory.buffer, ROWS_AT, COPY_BYTES);

  /** Adds the products of `width` copied columns from `first` on. */
  function addColumns(
    first: number,
    width: number,
    pitch: number,
    vector: Int16Array,
    sums: Int32Array | Float64Array,
  ): void {
    // Columns beyond `width` of the last turn meet zeros.
    const turns = Math.ceil(width / 16);
    part.fill(0, width, 16 * turns);
    part.set(vector);
    dot(ROWS_AT + first, pitch, VECTOR_AT, VECTOR_AT + 32 * turns, SUMS_AT, SUMS_AT + 4 * sums.length);
    for (let r = 0; r < sums.length; r++) sums[r] = sums[r]! + partSums[r]!;
  }

  return (rows, offset, stride, vector, count, sums) => {
    sums.fill(0);
    for (let first = 0; first < count; first += MOST_COLUMNS) {
      const columns = Math.min(MOST_COLUMNS, count - first);
      const oneByOne = stride - columns > LARGEST_GAP;
      const pitch = oneByOne ? columns : stride;
      const most = Math.min(MOST_ROWS, Math.floor((COPY_BYTES - columns) / pitch) + 1);
      for (let row = 0; row < sums.length; row += most) {
        const chunk = sums.subarray(row, row + most);
        const from = offset + row * stride + first;
        if (oneByOne) {
          for (let r = 0, at = from; r < chunk.length; r++, at += stride) {
            copy.set(rows.subarray(at, at + columns), r * pitch);
          }
        } else {
          copy.set(rows.subarray(from, from + (chunk.length - 1) * stride + columns));
        }
        for (let column = 0; column < columns; column += MAX_DOT_COLUMNS) {
          const width = Math.min(MAX_DOT_COLUMNS, columns - column);
          const at = first + column;
          addColumns(column, width, pitch, vector.subarray(at, at + width), chunk);
        }
      }
    }
  };
}

/** The fastest kernel that the platform runs. */
export const dotRows: DotKernel = createWasmDotKernel() ?? dotRowsPlain;
