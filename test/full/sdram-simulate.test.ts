import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Accelerator } from '../../firmware/device/accelerator.js';
import { uploadImages } from '../../firmware/session/upload.js';
import { openImage } from '../../generator/image/node/open-image.js';
import { spawnHarness } from '../../sim/harness/node/harness.js';
import { buildSimulator, readBuildFolder } from '../../sim/harness/node/simulator.js';
import { sdqJson } from '../support/cli.js';
import { examplePath } from '../support/shared.js';
import { tempDirectory } from '../support/temp.js';

interface Schedule {
  readonly schedule: readonly { readonly name: string; readonly cycles: number }[];
}

interface TraceLine {
  readonly linear: string;
  readonly engineCycles: number;
}

describe('an accelerator whose weights lie in SDRAM', () => {
  const folder = tempDirectory();
  const file = (name: string): string => join(folder, name);

  it('computes every value as the golden model does, in the predicted cycles', { timeout: 900_000 }, async () => {
    const model = examplePath('tiny-llama');
    await sdqJson(['plan', model, '--osr', '2', '--board', 'sim-sdram', '-o', file('plan.json')]);
    await sdqJson(['quantize', model, '--plan', file('plan.json'), '--effort', '1', '-o', file('weights.sdq')]);
    await sdqJson(['generate', '--plan', file('plan.json'), '-o', file('build')]);
    const build = ['simulate', file('build'), '--model', model, '--weights', file('weights.sdq')];
    const result = await sdqJson([...build, '--prompt', 'Once upon', '--tokens', '2', '--trace']);
    expect(result).toMatchObject({ bitExact: true, mismatches: 0 });

    const { schedule } = await sdqJson<Schedule>(['schedule', file('build')]);
    const predicted = new Map(schedule.map(({ name, cycles }) => [name, cycles]));
    const trace = readFileSync(file('build/trace.jsonl'), 'utf8').trim().split('\n');
    expect(trace.length).toBeGreaterThan(50);
    for (const line of trace) {
      const { linear, engineCycles } = JSON.parse(line) as TraceLine;
      expect(engineCycles, linear).toBe(predicted.get(linear));
    }
  });

  it('takes a byte of a WRITE in less time than a slow line needs for it', { timeout: 900_000 }, async () => {
    const build = readBuildFolder(file('build'));
    const harness = spawnHarness((await buildSimulator(build, () => undefined)).executable);
    const accelerator = await Accelerator.open(harness);
    const before = harness.cycles;
    const images = uploadImages(build.plan, openImage(file('weights.sdq')));
    const { totalBytes } = await accelerator.upload(images);
    // CHECK, WRITE and CHECK together; docs/protocol.md promises 64 for the WRITE.
    expect((harness.cycles - before) / totalBytes).toBeLessThan(64);
    await accelerator.close();
  });
});
