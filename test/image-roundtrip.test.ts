import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toNamedArrays } from '../generator/image/arrays.js';
import { cached, Image } from '../generator/image/image.js';
import { openImage } from '../generator/image/node/open-image.js';
import { packSymbols, unpackSymbols } from '../generator/image/symbols.js';
import { canonicalPlan, planHash } from '../generator/plan/hash.js';
import { IntegerDecoder } from '../sim/golden/decoder.js';
import { runGolden } from '../sim/golden/run.js';
import { digested, imageBytes, memorySource, withFolder, writeImage } from './support/golden-images.js';
import {
  fabricateLinear,
  fabricateLinearWeights,
  fabricateModel,
  fabricatePlan,
  llamaConfig,
  optConfig,
  optPostNormConfig,
} from './support/golden-models.js';
import { Random } from './support/golden-random.js';

const MODELS = [
  fabricateModel(fabricatePlan(llamaConfig())),
  fabricateModel(fabricatePlan(llamaConfig({ tiedHead: false }), { alphabet: 'binary', block: 64 })),
  fabricateModel(fabricatePlan(llamaConfig({ hidden: 32 }), { frame: 'fourier', alphabet: 'binary' })),
  fabricateModel(fabricatePlan(optConfig(), { alphabet: 'binary' })),
  fabricateModel(fabricatePlan(optPostNormConfig(), { frame: 'fourier' })),
  fabricateModel(fabricatePlan(optPostNormConfig(), { block: 128 })),
  fabricateModel(fabricatePlan(llamaConfig({ name: 'llama with an SDQ head', vocab: 250 }), { sdqHead: true })),
  fabricateModel(fabricatePlan(optPostNormConfig({ name: 'opt with an SDQ head' }), { sdqHead: true })),
].map((fabricated) => {
  const { frame, alphabet } = fabricated.model.plan.linears[0]!;
  return { name: `${fabricated.model.config.name}, ${alphabet}, ${frame}`, fabricated };
});

describe.each(MODELS)('the image of $name', ({ fabricated }) => {
  const { model, linears } = fabricated;

  it('holds what was written', () => {
    withFolder((folder) => {
      const path = join(folder, 'weights.sdq');
      const size = writeImage(path, fabricated);
      expect(readdirSync(folder)).toEqual(['weights.sdq']);
      expect(statSync(path).size).toBe(size);
      const image = openImage(path);
      expect(image.plan).toEqual(model.plan);
      expect(image.planHash).toBe(planHash(model.plan));
      const read = image.integerModel();
      expect(digested(read)).toEqual(digested(model));
      expect(read.head === read.embedding).toBe(model.config.tiedHead && model.head !== null);
      linears.forEach((linear, index) => {
        expect(digested(image.linear(index))).toEqual(digested(linear));
      });
    });
  });

  it('runs like the model that was written', () => {
    const image = new Image(memorySource(imageBytes(fabricated)));
    const run = (decoder: IntegerDecoder, weights: typeof fabricated.weights) =>
      [5, 0, 9].map((token) => runGolden(decoder.step(token), weights));
    expect(run(new IntegerDecoder(image.integerModel()), cached(image))).toEqual(
      run(new IntegerDecoder(model), fabricated.weights),
    );
  });

  it('is hardly larger than what it holds', () => {
    const { plan } = model;
    let ideal = 0;
    plan.linears.forEach((linear, index) => {
      const { cols, block, tail, samples, alphabet } = linear;
      const perBlock = Array.from({ length: Math.ceil(cols / block) }, (_, b) =>
        tail && (b + 1) * block > cols ? tail.samples : samples,
      );
      for (const count of perBlock) ideal += linear.rows * Math.ceil((count * (alphabet === 'ternary' ? 1.6 : 1)) / 8);
      ideal += linears[index]!.scales.length + (linears[index]!.means?.length ?? 0);
    });
    for (const array of toNamedArrays(model).arrays.values()) ideal += array.byteLength;
    const planSize = new TextEncoder().encode(canonicalPlan(plan)).length;
    const size = imageBytes(fabricated).length;
    expect(size).toBeGreaterThan(ideal + planSize);
    expect(size).toBeLessThanOrEqual(ideal + planSize + 4096);
  });

  it('has the same bytes each time', () => {
    expect(digested(imageBytes(fabricated))).toBe(digested(imageBytes(fabricated)));
  });

  it('may be read through buffers that share their memory', () => {
    const bytes = Buffer.from(imageBytes(fabricated));
    const image = new Image({ name: 'x', size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) });
    expect(digested(image.integerModel())).toEqual(digested(model));
    linears.forEach((linear, index) => {
      expect(digested(image.linear(index))).toEqual(digested(linear));
    });
  });
});

describe('packed symbols', () => {
  const random = new Random(3);
  const shapes = [
    { rows: 3, cols: 32, block: 32, samples: 32 },
    { rows: 7, cols: 75, block: 32, samples: 77 },
    { rows: 5, cols: 12, block: 64, samples: 160 },
    { rows: 2, cols: 256, block: 256, samples: 2048 },
  ];
  const linears = shapes.flatMap((shape) =>
    (['ternary', 'binary'] as const).flatMap((alphabet) =>
      (['hadamard', 'fourier'] as const).map((frame) => fabricateLinear({ ...shape, alphabet, frame })),
    ),
  );

  it.each(linears)('$cols columns, $samples samples, $alphabet, $frame: are unpacked to what was packed', (linear) => {
    const { symbols } = fabricateLinearWeights(linear, random);
    expect(unpackSymbols(linear, packSymbols(linear, symbols))).toEqual(symbols);
  });

  it('are as docs/image.md shows them', () => {
    const ternary = fabricateLinear({ rows: 1, cols: 32, block: 32, samples: 32 });
    const symbols = new Int8Array(32);
    symbols.set([-1, 0, 1, 1, 0]);
    // Six groups of five; the last byte has two symbols, and the others add nothing.
    expect([...packSymbols(ternary, symbols)]).toEqual([156, 121, 121, 121, 121, 121, 4]);
    const binary = fabricateLinear({ rows: 1, cols: 32, block: 32, samples: 33, alphabet: 'binary' });
    const bits = new Int8Array(33).fill(-1);
    bits.set([1, -1, 1], 0);
    bits[32] = 1;
    expect([...packSymbols(binary, bits)]).toEqual([5, 0, 0, 0, 1]);
  });

  it('are refused if there are too few or too many', () => {
    const linear = fabricateLinear({ rows: 2, cols: 32, block: 32, samples: 40 });
    expect(() => packSymbols(linear, new Int8Array(79))).toThrow(RangeError);
    expect(() => packSymbols(linear, new Int8Array(81))).toThrow(RangeError);
  });

  it('are refused if a byte is none of the packing', () => {
    const linear = fabricateLinear({ rows: 1, cols: 32, block: 32, samples: 40 });
    const packed = packSymbols(linear, new Int8Array(40));
    packed[3] = 243;
    expect(() => unpackSymbols(linear, packed)).toThrow('layers.0.fc1: symbol byte 3 is 243');
  });
});

describe('writing over an image', () => {
  it('replaces it', () => {
    withFolder((folder) => {
      const path = join(folder, 'weights.sdq');
      writeFileSync(path, 'something else');
      writeImage(path, MODELS[0]!.fabricated);
      expect(digested(new Uint8Array(readFileSync(path)))).toBe(digested(imageBytes(MODELS[0]!.fabricated)));
    });
  });
});
