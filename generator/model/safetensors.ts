import { InputError } from '../errors.js';
import { isJsonObject, type JsonObject, parseJsonObject, show } from './fields.js';

/** Bytes before the header: its length as a little-endian 64-bit integer. */
export const SAFETENSORS_PREFIX_BYTES = 8;
/** Longest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;

const BITS_PER_VALUE: ReadonlyMap<string, number> = new Map([
  ['F64', 64],
  ['I64', 64],
  ['U64', 64],
  ['C64', 64],
  ['F32', 32],
  ['I32', 32],
  ['U32', 32],
  ['F16', 16],
  ['BF16', 16],
  ['I16', 16],
  ['U16', 16],
  ['I8', 8],
  ['U8', 8],
  ['BOOL', 8],
  ['F8_E4M3', 8],
  ['F8_E5M2', 8],
  ['F8_E8M0', 8],
  ['F8_E4M3FNUZ', 8],
  ['F8_E5M2FNUZ', 8],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['F4', 4],
]);

export interface TensorEntry {
  /** As in the file: F32, BF16 … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte, counted from the beginning of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Length of the JSON header.
 *
 * @param prefix the first 8 bytes of the file (fewer if the file is shorter)
 * @param fileBytes length of the file
 * @throws InputError if the file cannot hold such a header
 */
export function safetensorsHeaderBytes(file: string, prefix: Uint8Array, fileBytes: number): number {
  if (fileBytes < SAFETENSORS_PREFIX_BYTES) {
    throw new InputError(`${file} is ${fileBytes} bytes long, too short for a safetensors file.`);
  }
  const bytes = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength).getBigUint64(0, true);
  if (bytes > BigInt(MAX_HEADER_BYTES)) {
    throw new InputError(`${file}: the header's length is given as ${bytes} bytes, so this is not a safetensors file.`);
  }
  if (SAFETENSORS_PREFIX_BYTES + Number(bytes) > fileBytes) {
    throw new InputError(`${file} ends within its header of ${bytes} bytes: the file is truncated.`);
  }
  return Number(bytes);
}

/**
 * Parses a safetensors header. The tensors must fill the rest of the file without gap or overlap, as the format
 * demands; so a truncated file or an offset that was tampered with is found before any tensor is read.
 *
 * @param header the JSON header, without the 8 bytes before it
 * @param fileBytes length of the file
 * @returns each tensor's place, by name
 * @throws InputError naming the file and the tensor at fault
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 */
export function parseSafetensorsHeader(
  file: string,
  header: Uint8Array,
  fileBytes: number,
): ReadonlyMap<string, TensorEntry> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(header);
  } catch {
    throw new InputError(`${file}: the safetensors header is not UTF-8.`);
  }
  const json = parseJsonObject(`${file}: the safetensors header`, text);
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) throw new InputError(`${file}: tensor ${duplicate} appears twice in the header.`);

  const dataStart = SAFETENSORS_PREFIX_BYTES + header.length;
  const tensors: [string, TensorEntry][] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') continue;
    if (!isJsonObject(value)) throw new InputError(`${file}: tensor ${name} is not described by an object.`);
    tensors.push([name, parseEntry(`${file}: tensor ${name}`, value, dataStart, fileBytes)]);
  }

  tensors.sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let end = dataStart;
  for (const [name, tensor] of tensors) {
    if (tensor.offset !== end) {
      const problem = tensor.offset < end ? 'overlaps the tensor before it' : 'is preceded by bytes of no tensor';
      throw new InputError(`${file}: tensor ${name} ${problem} (data_offsets).`);
    }
    end += tensor.bytes;
  }
  if (end !== fileBytes) {
    throw new InputError(`${file} has ${fileBytes - end} bytes after its last tensor.`);
  }
  return new Map(tensors);
}

function parseEntry(where: string, value: JsonObject, dataStart: number, fileBytes: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') throw new InputError(`${where}: dtype is ${show(dtype)}, not a string.`);
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new InputError(`${where}: shape is ${show(shape)}, not a list of non-negative integers.`);
  }
  const values = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(values)) throw new InputError(`${where}: shape ${show(shape)} is too large.`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new InputError(`${where}: data_offsets is ${show(offsets)}, not two non-negative integers.`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw new InputError(`${where}: data_offsets ${show(offsets)} end before they begin.`);
  if (dataStart + end > fileBytes) {
    throw new InputError(`${where}: data_offsets ${show(offsets)} reach past the end of the file: it is truncated.`);
  }
  // A dtype this table lacks is refused when the tensor is asked for; files may hold tensors that no one reads.
  const bits = BITS_PER_VALUE.get(dtype);
  if (bits !== undefined && values * bits !== (end - begin) * 8) {
    throw new InputError(`${where}: ${dtype} of shape ${show(shape)} does not fill data_offsets ${show(offsets)}.`);
  }
  return { dtype, shape, offset: dataStart + begin, bytes: end - begin };
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * The first key that a JSON object has twice at its outermost level, which JSON.parse would pass over in silence.
 *
 * @param json text that is known to be a valid JSON object
 */
function findDuplicateKey(json: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
      if (depth !== 1 || !/^\s*:/.test(json.slice(i + 1, i + 16))) continue;
      const key: string = JSON.parse(json.slice(start, i + 1));
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return null;
}
