/** `sdq run` with a board that has the decoder: the interpreter behind a TCP port. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InProcessTransport } from '../firmware/transport/in-process.js';
import { TcpServer } from '../firmware/transport/node/serve-tcp.js';
import { loadBoard } from '../generator/boards/node/load.js';
import { toNamedArrays } from '../generator/image/arrays.js';
import { openImage } from '../generator/image/node/open-image.js';
import { ImageWriter } from '../generator/image/node/writer.js';
import { buildPlan } from '../generator/plan/build-plan.js';
import { GoldenDevice } from '../sim/golden/machine/device.js';
import { bundled, goldenRun, goldenText, type Prepared, sdqJson } from './support/cli.js';
import { tempDirectory } from './support/temp.js';

const SLOW = { timeout: 600_000 };
const ulx3s = loadBoard('ulx3s-85f');
let llama: Prepared;
let server: TcpServer;

/** The same quantized linears, in a plan of placement decoder. */
async function decoderWeights({ weights }: Prepared): Promise<string> {
  const path = join(tempDirectory(), 'decoder.sdq');
  const image = openImage(weights);
  const plan = buildPlan(image.plan.model, [...image.plan.linears], ulx3s, 'decoder');
  const writer = new ImageWriter(path, plan);
  for (const i of plan.linears.keys()) writer.writeLinear(image.linear(i));
  writer.finish(toNamedArrays(image.integerModel()));
  return path;
}

interface Ran {
  readonly text: string;
  readonly uploadBytesPerSecond: number;
  readonly bytesPerToken: number;
}

const run = (prompt: string, tokens: number, ...sampling: string[]): Promise<Ran> =>
  sdqJson<Ran>([
    ...['run', '--port', server.address, '--model', llama.model, '--weights', llama.weights],
    ...['--prompt', prompt, '--tokens', String(tokens), ...sampling],
  ]);

beforeAll(async () => {
  const linear = await bundled('tiny-llama');
  llama = { ...linear, weights: await decoderWeights(linear) };
  const device = new GoldenDevice(openImage(llama.weights), ulx3s);
  server = await TcpServer.start(async () => new InProcessTransport(device), { host: '127.0.0.1', port: 0 });
}, SLOW.timeout);

afterAll(() => server.close());

describe('sdq run on a board that has the decoder', () => {
  it('writes what the golden model does, with at most 32 bytes of the line per token', SLOW, async () => {
    const { text, uploadBytesPerSecond, bytesPerToken } = await run('Once upon a time', 64);
    expect(text).toBe(goldenRun(llama, 'Once upon a time', 64).text);
    expect(uploadBytesPerSecond).toBeGreaterThan(0);
    expect(bytesPerToken).toBeGreaterThan(19);
    expect(bytesPerToken).toBeLessThanOrEqual(32);
    expect((await run('Once upon a time', 8)).uploadBytesPerSecond).toBe(0);
  });

  it('draws tokens from its logits', SLOW, async () => {
    const options = ['--temperature', '0.8', '--top-p', '0.9', '--top-k', '20', '--seed', '7'];
    const { text } = await run('The', 12, ...options);
    expect(text).toBe(await goldenText(llama, 'The', 12, { temperature: 0.8, topP: 0.9, topK: 20, seed: 7 }));
  });
});
