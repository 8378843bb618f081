import { describe, expect, it } from 'vitest';
import { crc32 } from '../firmware/protocol/crc32.js';
import { InputError } from '../generator/errors.js';
import { directoryBytes, HEADER_BYTES } from '../generator/image/format.js';
import { Image } from '../generator/image/image.js';
import { arrayBytes, arrayLayout, linearLengths } from '../generator/image/layout.js';
import { planHash } from '../generator/plan/hash.js';
import { imageBytes, memorySource, readWhole } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, optConfig } from './support/golden-models.js';
import { Random } from './support/golden-random.js';

const fabricated = fabricateModel(fabricatePlan(optConfig({ layers: 1, tiedHead: false }), { frame: 'fourier' }));
const { plan } = fabricated.model;
const good = imageBytes(fabricated);
const view = new DataView(good.buffer, good.byteOffset, good.byteLength);

interface Part {
  readonly name: string;
  readonly at: number;
  readonly length: number;
}

/** Where everything lies. */
function* parts(): Generator<Part> {
  const lengths: [string, number][] = [
    ['the header', HEADER_BYTES],
    ['the directory', directoryBytes(plan)],
    ['the plan', view.getUint32(48, true)],
    ...linearLengths(plan).map((length, i): [string, number] => [plan.linears[i]!.name, length]),
    ...arrayLayout(plan).map((spec): [string, number] => [spec.name, arrayBytes(spec)]),
  ];
  let at = 0;
  for (const [name, length] of lengths) {
    yield { name, at, length };
    at += length;
  }
}
const PARTS = [...parts()];
const [, directory, planText] = PARTS as [Part, Part, Part];
const linears = PARTS.slice(3, 3 + plan.linears.length);
const arrays = PARTS.slice(3 + plan.linears.length);

/** What an action throws: one sentence that names the file, or null if nothing is wrong. */
function problemOf(bytes: Uint8Array, read: (source: ReturnType<typeof memorySource>) => unknown = readWhole) {
  try {
    read(memorySource(bytes, 'some/weights.sdq'));
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

/** One bit of each byte, a different one each time; the last bit is always among them. */
function bitsOf({ at, length }: Part, step = 1): number[] {
  const random = new Random(at);
  const bits: number[] = [];
  for (let i = 0; i < length; i += step) bits.push(8 * (at + i) + random.integer(0, 7));
  if (length > 0) bits.push(8 * (at + length) - 1);
  return bits;
}

describe('an undamaged image', () => {
  it('is read', () => {
    expect(problemOf(good)).toBeNull();
    expect(PARTS.reduce((sum, { length }) => sum + length, 0)).toBe(good.length);
  });
});

describe('a flipped bit', () => {
  const undetected = (bits: number[]): number[] => bits.filter((bit) => problemOf(flipped(bit)) === null);

  it('anywhere in the header is found', () => {
    expect(undetected(Array.from({ length: 8 * HEADER_BYTES }, (_, bit) => bit))).toEqual([]);
  });

  it('anywhere in the directory is found', () => {
    expect(undetected(Array.from({ length: 8 * directory.length }, (_, bit) => 8 * directory.at + bit))).toEqual([]);
  });

  it('in the plan is found', () => {
    expect(undetected(bitsOf(planText, 3))).toEqual([]);
  });

  it('in a linear is found when that is read, and the linear named', () => {
    linears.forEach((part, index) => {
      for (const bit of bitsOf(part, 23)) {
        const image = new Image(memorySource(flipped(bit), 'some/weights.sdq'));
        expect(() => image.linear(index)).toThrow(`the checksum of ${part.name} does not match`);
      }
    });
  });

  it('in an array is found when they are read', () => {
    for (const part of arrays) {
      for (const bit of bitsOf(part, Math.max(1, Math.ceil(part.length / 9)))) {
        const image = new Image(memorySource(flipped(bit), 'some/weights.sdq'));
        expect(() => image.integerModel(), part.name).toThrow('the checksum of the arrays does not match');
      }
    }
  });
});

describe('a file of another length', () => {
  it('is refused when it is opened, wherever it ends', () => {
    const random = new Random(8);
    const ends = [...PARTS.flatMap(({ at }) => [at, at + 1]), HEADER_BYTES - 1, good.length - 1];
    for (let i = 0; i < 200; i++) ends.push(random.integer(0, good.length - 1));
    const opened = (end: number) => problemOf(good.subarray(0, end), (source) => new Image(source));
    expect(ends.filter((end) => opened(end) === null)).toEqual([]);
    expect(opened(50)).toContain('is not a weights.sdq file');
    expect(opened(directory.at + 1)).toContain('is truncated: the directory lies beyond its end');
    expect(opened(good.length - 1)).toContain(`is truncated: it has ${good.length - 1} bytes, and its plan asks for`);
  });

  it('is refused with bytes at its end', () => {
    expect(problemOf(Uint8Array.from([...good, 0]))).toContain(`is damaged: it has ${good.length + 1} bytes`);
  });

  it('is refused when the file shrinks between reads', () => {
    let size = good.length;
    const read = (at: number, length: number): Uint8Array => good.subarray(at, Math.min(at + length, size));
    const image = new Image({ name: 'weights.sdq', size, read });
    size = arrays.at(-1)!.at;
    expect(() => image.integerModel()).toThrow(InputError);
  });
});

describe('other files', () => {
  it.each([
    ['an empty one', new Uint8Array()],
    ['zeros', new Uint8Array(500)],
    ['text', new TextEncoder().encode('{"format": "sdq-plan/1"}'.repeat(20))],
  ])('are refused: %s', (_, bytes) => {
    expect(problemOf(bytes)).toContain('is not a weights.sdq file');
  });

  it('are refused: other versions, with the version', () => {
    expect(problemOf(Uint8Array.from(good, (byte, i) => (i === 6 ? 1 : byte)))).toContain('has version 1 of the');
    expect(problemOf(Uint8Array.from(good, (byte, i) => (i === 7 ? 1 : byte)))).toContain('has version 258 of the');
  });
});

/** The good image with another directory or plan and checksums that match. */
function withPart(part: Part, content: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([good.subarray(0, part.at), content, good.subarray(part.at + part.length)]);
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const field = part === directory ? 40 : 48;
  header.setUint32(field, content.length, true);
  header.setUint32(field + 4, crc32(content), true);
  header.setUint32(56, crc32(bytes.subarray(0, 56)), true);
  return bytes;
}

describe('contents that do not fit, under checksums that match', () => {
  const text = new TextDecoder().decode(good.subarray(planText.at, planText.at + planText.length));
  const withPlan = (other: string): Uint8Array => withPart(planText, new TextEncoder().encode(other));

  it('are refused: a directory of another length', () => {
    const content = good.subarray(directory.at, directory.at + directory.length);
    for (const other of [content.subarray(2), Buffer.concat([content, content]), new Uint8Array()]) {
      expect(problemOf(withPart(directory, other))).toContain(
        `its directory has ${other.length} bytes, not ${directory.length}`,
      );
    }
  });

  it('are refused: a plan without the hash in the header', () => {
    expect(problemOf(withPlan(text.replace('"made-up-opt"', '"made-up-opx"')))).toContain(
      'the plan in it does not have the hash in its header',
    );
  });

  it("are refused: arrays of a model that is not the plan's", () => {
    for (const [field, other] of [
      ['"tiedHead":false', '"tiedHead":true'],
      ['"biases":true', '"biases":false'],
      ['"context":16', '"context":17'],
    ] as const) {
      const changed = text.replace(field, other);
      const bytes = withPlan(changed);
      bytes.set(Buffer.from(planHash(JSON.parse(changed)), 'hex'), 8);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(56, crc32(bytes.subarray(0, 56)), true);
      expect(problemOf(bytes)).toMatch(/its directory has \d+ bytes, not|it has \d+ bytes, and its plan asks for/);
    }
  });

  it('are refused: a plan that is none', () => {
    expect(problemOf(withPlan(text.replace('"placement":"linear"', '"placement":"nowhat"')))).toContain(
      '$.placement must be one of linear, decoder',
    );
  });

  it('are refused: a linear whose bytes are no symbols', () => {
    const bytes = good.slice();
    const [part] = linears as [Part];
    bytes[part.at] = 255;
    const view = new DataView(bytes.buffer);
    view.setUint32(directory.at + 2, crc32(bytes.subarray(part.at, part.at + part.length)), true);
    view.setUint32(44, crc32(bytes.subarray(directory.at, directory.at + directory.length)), true);
    view.setUint32(56, crc32(bytes.subarray(0, 56)), true);
    const image = new Image(memorySource(bytes));
    expect(() => image.linear(0)).toThrow('symbol byte 0 is 255');
  });
});
