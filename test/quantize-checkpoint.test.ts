import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Checkpoint, checkpointPath } from '../generator/quantize/node/checkpoint.js';
import { type QuantizeLinearResult, quantizeLinear } from '../generator/quantize/quantize-linear.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricateLinear } from './support/golden-models.js';
import { gaussian } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const folder = tempDirectory();
const KEY = '0'.repeat(64);
const signs = drawSigns(2, 2, 64);
const linears = [
  fabricateLinear({ rows: 5, cols: 64, block: 64, samples: 96, gainShifts: [0, 1] }),
  fabricateLinear({ rows: 3, cols: 64, block: 64, samples: 80, gainShifts: [0], frame: 'fourier' }),
  fabricateLinear({
    rows: 4,
    cols: 64,
    block: 64,
    samples: 104,
    gainShifts: [0, 0],
    alphabet: 'binary',
    packing: 'bits',
  }),
];
const results = linears.map((linear): QuantizeLinearResult => {
  const weights = Float32Array.from({ length: linear.rows * linear.cols }, gaussian(7));
  return quantizeLinear(weights, linear, signs, { search: linear.frame === 'fourier' ? 'sigma-delta' : 'refine' });
});

/** A checkpoint that holds the first `count` linears. */
function written(name: string, count: number): string {
  const image = join(folder, name);
  const checkpoint = new Checkpoint(image, KEY, linears);
  for (const result of results.slice(0, count)) checkpoint.append(result);
  return image;
}

describe('a checkpoint', () => {
  it('gives back every linear, in both modes and alphabets', () => {
    const again = new Checkpoint(written('whole', 3), KEY, linears);
    expect(again.finished).toBe(3);
    for (const i of [2, 0, 1, 1]) expect(again.result(i)).toEqual(results[i]);
    expect(again.result(3)).toBeNull();
  });

  it('goes on behind the last whole record when the end was cut off', () => {
    const image = written('cut', 3);
    truncateSync(checkpointPath(image), statSync(checkpointPath(image)).size - 1);
    const again = new Checkpoint(image, KEY, linears);
    expect(again.finished).toBe(2);
    again.append(results[2]!);
    expect(new Checkpoint(image, KEY, linears).result(2)).toEqual(results[2]);
  });

  it('ignores what follows a damaged record', () => {
    const image = written('damaged', 3);
    const bytes = readFileSync(checkpointPath(image));
    bytes[64 + 30]! ^= 1;
    writeFileSync(checkpointPath(image), bytes);
    expect(new Checkpoint(image, KEY, linears).finished).toBe(0);
  });

  it('ignores bytes behind the last linear', () => {
    const image = written('longer', 3);
    appendFileSync(checkpointPath(image), 'more');
    expect(new Checkpoint(image, KEY, linears).finished).toBe(3);
  });

  it('starts anew for another job', () => {
    const image = written('other', 3);
    expect(new Checkpoint(image, '1'.repeat(64), linears).finished).toBe(0);
    expect(new Checkpoint(image, KEY, linears).finished).toBe(0);
  });

  it('is gone after remove', () => {
    const image = written('removed', 1);
    new Checkpoint(image, KEY, linears).remove();
    expect(existsSync(checkpointPath(image))).toBe(false);
  });
});
