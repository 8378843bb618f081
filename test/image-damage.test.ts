import { describe, expect, it } from 'vitest';
import { crc32 } from '../firmware/protocol/crc32.js';
import { InputError } from '../generator/errors.js';
import { Image } from '../generator/image/image.js';
import { imageBytes, memorySource, readWhole } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, optConfig } from './support/golden-models.js';
import { Random } from './support/golden-random.js';

const fabricated = fabricateModel(fabricatePlan(optConfig({ layers: 1, tiedHead: false }), { frame: 'fourier' }));
const good = imageBytes(fabricated);
const view = new DataView(good.buffer, good.byteOffset, good.byteLength);
const plan = { at: 16 * view.getUint32(40, true), length: view.getUint32(44, true) };
const directory = { at: 16 * view.getUint32(52, true), length: view.getUint32(56, true) };
const entries = JSON.parse(new TextDecoder().decode(good.subarray(directory.at))) as {
  linears: [number, number, number][];
  arrays: [string, string, number, number, number][];
};

/** What reading everything throws: one sentence that names the file, or null if nothing is wrong. */
function problemOf(bytes: Uint8Array): string | null {
  try {
    readWhole(memorySource(bytes, 'some/weights.sdq'));
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/^(the plan in )?some\/weights\.sdq\b[^\n]*[^.\n]$/);
    return error.message;
  }
}

function flipped(bit: number): Uint8Array {
  const bytes = good.slice();
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

function undetected(bits: Iterable<number>): number[] {
  return [...bits].filter((bit) => problemOf(flipped(bit)) === null);
}

/** One bit of each byte, a different one each time. */
function* oneBitPerByte(at: number, length: number, step = 1): Generator<number> {
  const random = new Random(at);
  for (let i = 0; i < length; i += step) yield 8 * (at + i) + random.integer(0, 7);
}

describe('an undamaged image', () => {
  it('is read', () => {
    expect(problemOf(good)).toBeNull();
  });
});

describe('a flipped bit', () => {
  it('anywhere in the header is found', () => {
    expect(undetected(Array.from({ length: 8 * 128 }, (_, bit) => bit))).toEqual([]);
  });

  it('in the plan is found', () => {
    expect(undetected(oneBitPerByte(plan.at, plan.length, 3))).toEqual([]);
  });

  it('in the directory is found', () => {
    expect(undetected(oneBitPerByte(directory.at, directory.length))).toEqual([]);
  });

  it('in a linear is found, and the linear named', () => {
    entries.linears.forEach(([offset], index) => {
      const end = (entries.linears[index + 1] ?? [entries.arrays[0]![2]])[0];
      // The last bytes up to the next region are padding.
      const bits = [...oneBitPerByte(offset, end - offset - 16, 61)];
      expect(undetected(bits)).toEqual([]);
      expect(problemOf(flipped(bits[0]!))).toContain(fabricated.model.plan.linears[index]!.name);
    });
  });

  it('in an array is found, and the array named', () => {
    const sizes: Record<string, number> = { int8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4 };
    for (const [name, type, offset, count] of entries.arrays) {
      const length = count * sizes[type]!;
      const bits = [...oneBitPerByte(offset, length, Math.ceil(length / 9)), 8 * (offset + length) - 1];
      if (length === 0) continue;
      expect(undetected(bits)).toEqual([]);
      expect(problemOf(flipped(bits[0]!))).toContain(`the checksum of ${name} does not match`);
    }
  });
});

describe('a truncated image', () => {
  it('is refused wherever it ends', () => {
    const random = new Random(8);
    const ends = [0, 1, 7, 8, 39, 64, 127, 128, 129, plan.at + plan.length, directory.at, good.length - 1];
    for (let i = 0; i < 200; i++) ends.push(random.integer(0, good.length - 1));
    expect(ends.filter((end) => problemOf(good.subarray(0, end)) === null)).toEqual([]);
    expect(problemOf(good.subarray(0, 100))).toContain('is not a weights.sdq file');
    expect(problemOf(good.subarray(0, good.length - 1))).toContain('is truncated');
  });

  it('is refused when the file shrinks between reads', () => {
    let size = good.length;
    const read = (at: number, length: number): Uint8Array => good.subarray(at, Math.min(at + length, size));
    const image = new Image({ name: 'weights.sdq', size, read });
    size = entries.arrays.at(-1)![2];
    expect(() => image.integerModel()).toThrow(InputError);
  });
});

describe('other files', () => {
  it.each([
    ['an empty one', new Uint8Array()],
    ['zeros', new Uint8Array(500)],
    ['text', new TextEncoder().encode('{"format": "sdq-plan/1"}'.repeat(20))],
    ['another version', Uint8Array.from(good, (byte, i) => (i === 6 ? 2 : byte))],
  ])('are refused: %s', (_, bytes) => {
    expect(problemOf(bytes)).toContain('is not a weights.sdq file');
  });
});

/** The good image with another directory, or another plan of the same length, and checksums that match. */
function withRegion(which: 'plan' | 'directory', text: string): Uint8Array {
  const content = new TextEncoder().encode(text);
  const { at, length } = which === 'plan' ? plan : directory;
  const bytes = new Uint8Array(Math.max(good.length, at + content.length));
  bytes.set(good);
  if (which === 'plan' && content.length !== length) throw new RangeError('the plan must keep its length');
  bytes.set(content, at);
  const header = new DataView(bytes.buffer);
  const field = which === 'plan' ? 40 : 52;
  header.setUint32(field + 4, content.length, true);
  header.setUint32(field + 8, crc32(content), true);
  header.setUint32(64, crc32(bytes.subarray(0, 64)), true);
  return bytes;
}

describe('contents that do not fit, under checksums that match', () => {
  const text = (at: number, length: number): string => new TextDecoder().decode(good.subarray(at, at + length));
  const parsed = (): { linears: unknown[][]; arrays: unknown[][]; numbers: Record<string, unknown> } =>
    JSON.parse(text(directory.at, directory.length));
  const directories: [string, (value: ReturnType<typeof parsed>) => unknown, string][] = [
    ['no JSON', () => undefined, 'its directory is not one'],
    ['null', () => null, 'its directory is not one'],
    ['a list', () => [], 'its directory is not one'],
    ['no arrays', ({ linears, numbers }) => ({ linears, numbers }), 'its directory is not one'],
    ['no numbers', (value) => ({ ...value, numbers: null }), 'its directory is not one'],
    ['linears of text', (value) => ({ ...value, linears: value.linears.map(String) }), 'its directory is not one'],
    ['an entry of null', (value) => ({ ...value, arrays: [null, ...value.arrays] }), 'its directory is not one'],
    [
      'an unknown type',
      (value) => ({ ...value, arrays: value.arrays.map(([name, , ...rest]) => [name, 'toString', ...rest]) }),
      'its directory is not one',
    ],
    [
      'another type',
      (value) => ({ ...value, arrays: value.arrays.map(([name, , at, ...rest]) => [name, 'int8', at, ...rest]) }),
      'the checksum of embedding.scales does not match',
    ],
    ['too few linears', (value) => ({ ...value, linears: value.linears.slice(1) }), 'it holds 5 linears, not 6'],
    ['no arrays at all', (value) => ({ ...value, arrays: [] }), 'lacks embedding.values'],
    ['no number', (value) => ({ ...value, numbers: {} }), 'lacks the number embedding.exponent'],
    [
      'a fraction',
      (value) => ({ ...value, numbers: { ...value.numbers, 'embedding.exponent': 0.5 } }),
      'lacks the number',
    ],
    [
      'an offset beyond the end',
      (value) => ({ ...value, linears: value.linears.map(([, ...rest]) => [2 ** 40, ...rest]) }),
      'is truncated',
    ],
    [
      'a negative offset',
      (value) => ({ ...value, linears: value.linears.map(([, ...rest]) => [-16, ...rest]) }),
      'is truncated',
    ],
    [
      'another number of elements',
      (value) => ({ ...value, arrays: value.arrays.map(([name, type, at, , crc]) => [name, type, at, 3, crc]) }),
      'has 3 elements, not the',
    ],
  ];

  it.each(directories)('are refused: %s', (_, change, message) => {
    expect(problemOf(withRegion('directory', JSON.stringify(change(parsed())) ?? 'nonsense'))).toContain(message);
  });

  it('are refused: a plan without the hash in the header', () => {
    const other = text(plan.at, plan.length).replace('"made-up-opt"', '"made-up-opx"');
    expect(problemOf(withRegion('plan', other))).toContain('the plan in it does not have the hash in its header');
  });

  it('are refused: a plan that is none', () => {
    const other = text(plan.at, plan.length).replace('"placement":"linear"', '"placement":"nowhat"');
    expect(problemOf(withRegion('plan', other))).toContain('$.placement must be one of linear, decoder');
  });
});
