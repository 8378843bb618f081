import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../generator/errors.js';
import { type NamedArrays, toNamedArrays } from '../generator/image/arrays.js';
import { directoryBytes, HEADER_BYTES } from '../generator/image/format.js';
import { ImageWriter } from '../generator/image/node/writer.js';
import { imageBytes, withFolder, writeImage } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig } from './support/golden-models.js';
import { fullDevice, lacks } from './support/needs.js';

/** Bytes that the fake disk still takes, and the error it then gives; null: a real disk. */
const disk = vi.hoisted(() => ({ left: null as number | null, code: 'ENOSPC' }));

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof import('node:fs')>();
  return {
    ...actual,
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number => {
      if (disk.left === null) return actual.writeSync(fd, bytes, offset, length, position);
      // A disk that fills up takes a part of the bytes first.
      const count = Math.min(length, disk.left);
      if (count === 0) throw Object.assign(new Error(`${disk.code}: write`), { code: disk.code });
      disk.left -= count;
      return actual.writeSync(fd, bytes, offset, count, position);
    },
  };
});

const fabricated = fabricateModel(fabricatePlan(llamaConfig({ layers: 1 })));

function problemOf(path: string): unknown {
  try {
    writeImage(path, fabricated);
    return null;
  } catch (error) {
    return error;
  }
}

afterEach(() => {
  disk.left = null;
  disk.code = 'ENOSPC';
});

describe('an image that cannot be written', () => {
  const whole = imageBytes(fabricated).length;
  const head = HEADER_BYTES + directoryBytes(fabricated.model.plan);

  it('leaves no file behind, whenever the disk becomes full', () => {
    withFolder((folder) => {
      const path = join(folder, 'weights.sdq');
      for (let step = 0; step <= 40; step++) {
        // Header and directory are written twice: the last bytes go over the first.
        disk.left = Math.floor(((whole + head - 1) * step) / 40);
        const error = problemOf(path) as Error;
        expect(error).toBeInstanceOf(InputError);
        expect(error.message).toBe(`cannot write ${path}: the disk is full`);
        expect(fs.readdirSync(folder)).toEqual([]);
      }
      disk.left = whole + head;
      expect(problemOf(path)).toBeNull();
      expect(fs.readdirSync(folder)).toEqual(['weights.sdq']);
    });
  });

  it('is an input error if its model is not that of the plan', () => {
    const { model, linears } = fabricated;
    const { arrays, numbers } = toNamedArrays(model);
    const norm = 'layers.0.attnNorm';
    const without = (name: string) => new Map([...arrays].filter(([other]) => other !== name));
    const cases: [NamedArrays, string][] = [
      [{ arrays: without(`${norm}.weight`), numbers }, `${norm}.weight must be 64 int16 values for the plan's model`],
      [{ arrays: new Map([...arrays, [`${norm}.weight`, new Int16Array(63)]]), numbers }, 'must be 64 int16 values'],
      [{ arrays: new Map([...arrays, [`${norm}.weight`, new Uint16Array(64)]]), numbers }, 'must be 64 int16 values'],
      [{ arrays: new Map([...arrays, [`${norm}.bias`, new Int32Array(64)]]), numbers }, `the model has ${norm}.bias`],
      [
        { arrays, numbers: { ...numbers, [`${norm}.shift`]: 32768 } },
        `${norm}.shift is 32768, which weights.sdq cannot`,
      ],
      [{ arrays, numbers: {} }, 'embedding.exponent is undefined'],
    ];
    withFolder((folder) => {
      for (const [named, message] of cases) {
        const writer = new ImageWriter(join(folder, 'weights.sdq'), model.plan);
        for (const linear of linears) writer.writeLinear(linear);
        expect(() => writer.finish(named)).toThrow(InputError);
        expect(() => writer.finish(named)).toThrow(message);
        writer.abort();
        expect(fs.readdirSync(folder)).toEqual([]);
      }
      const writer = new ImageWriter(join(folder, 'weights.sdq'), model.plan);
      expect(() => writer.writeLinear({ ...linears[0]!, scales: new Uint8Array(3) })).toThrow(RangeError);
      expect(() => writer.finish({ arrays, numbers })).toThrow('0 of 7 linears');
      writer.abort();
    });
  });

  it('leaves an earlier file as it was', () => {
    withFolder((folder) => {
      const path = join(folder, 'weights.sdq');
      fs.writeFileSync(path, 'precious');
      disk.left = 5000;
      disk.code = 'EDQUOT';
      expect((problemOf(path) as Error).message).toBe(`cannot write ${path}: the disk quota is used up`);
      expect(fs.readdirSync(folder)).toEqual(['weights.sdq']);
      expect(fs.readFileSync(path, 'utf8')).toBe('precious');
    });
  });

  it('is an input error where there is no folder, or a folder of that name', () => {
    withFolder((folder) => {
      const path = join(folder, 'missing', 'weights.sdq');
      expect((problemOf(path) as Error).message).toBe(`cannot write ${path}: its folder does not exist`);
      expect((problemOf(folder) as Error).message).toBe(`cannot write ${folder}: a folder of that name exists`);
      expect(fs.readdirSync(folder)).toEqual([]);
    });
  });

  it.skipIf(lacks(fullDevice))('is an input error on a real full device', () => {
    withFolder((folder) => {
      const path = join(folder, 'weights.sdq');
      fs.symlinkSync('/dev/full', `${path}.${process.pid}.partial`);
      const error = problemOf(path) as Error;
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).toBe(`cannot write ${path}: the disk is full`);
      expect(fs.readdirSync(folder)).toEqual([]);
    });
  });
});
