import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../generator/errors.js';
import { imageBytes, withFolder, writeImage } from './support/golden-images.js';
import { fabricateModel, fabricatePlan, llamaConfig } from './support/golden-models.js';

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

  it('leaves no file behind, whenever the disk becomes full', () => {
    withFolder((folder) => {
      const path = join(folder, 'weights.sdq');
      for (let step = 0; step <= 40; step++) {
        // The header is written twice: the last 128 bytes go over the first.
        disk.left = Math.floor(((whole + 127) * step) / 40);
        const error = problemOf(path) as Error;
        expect(error).toBeInstanceOf(InputError);
        expect(error.message).toBe(`cannot write ${path}: the disk is full`);
        expect(fs.readdirSync(folder)).toEqual([]);
      }
      disk.left = whole + 128;
      expect(problemOf(path)).toBeNull();
      expect(fs.readdirSync(folder)).toEqual(['weights.sdq']);
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

  it.skipIf(!fs.existsSync('/dev/full'))('is an input error on a real full device', () => {
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
