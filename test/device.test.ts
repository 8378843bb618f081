import { describe, expect, it } from 'vitest';
import { Device, type DeviceSessionOptions } from '../firmware/session/device.js';
import { GoldenModel } from '../firmware/session/golden-model.js';
import type { GeneratedToken, Session } from '../firmware/session/session.js';
import { DeviceError } from '../firmware/transport/errors.js';
import { smallModel } from './support/small-model.js';
import { SoftBoard } from './support/soft-board.js';

const { weights, tokenizer } = smallModel();
const golden = new GoldenModel(weights);
const OPTIONS = { tokenizer, prompt: 'the ab', maxTokens: 6, temperature: 10, seed: 1 };

async function collect(session: Session): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of session) tokens.push(token);
  return tokens;
}

/** A board with the weights in it. */
async function loaded(): Promise<{ board: SoftBoard; device: Device }> {
  const board = new SoftBoard(weights);
  const device = await Device.open(board.transport());
  await device.upload(weights);
  return { board, device };
}

describe('Device', () => {
  it('generates what the golden model does', async () => {
    const { device } = await loaded();
    for (const options of [OPTIONS, { tokenizer, prompt: '', maxTokens: 3 }] satisfies DeviceSessionOptions[]) {
      expect(await collect(device.session(options))).toEqual(await collect(golden.session(options)));
    }
  });

  it('compares with the golden model when it is asked to', async () => {
    const { device, board } = await loaded();
    const right = await collect(device.session({ ...OPTIONS, compare: true }));
    expect(right.every(({ agreement }) => agreement!.compared > 0 && agreement!.mismatches === 0)).toBe(true);
    board.distort = (values, linear) => {
      if (linear === 4) values[7]! ^= 1;
    };
    const session = device.session({ ...OPTIONS, compare: true });
    const wrong = await collect(session);
    const steps = [session.promptTokens.length, 1, 1, 1, 1, 1];
    expect(wrong.map(({ agreement }) => agreement!.mismatches)).toEqual(steps);
    const { name } = weights.plan.linears[4]!;
    expect(session.comparison!.mismatches[0]).toMatchObject({ token: 0, linear: name, row: 7 });
  });

  it('runs several sessions at once, each with its own tokens', async () => {
    const { device } = await loaded();
    const prompts = ['the ab', 'ab the', ''];
    const begin = (prompt: string) => ({ ...OPTIONS, prompt });
    const together = await Promise.all(prompts.map((prompt) => collect(device.session(begin(prompt)))));
    const alone = await Promise.all(prompts.map((prompt) => collect(golden.session(begin(prompt)))));
    expect(together).toEqual(alone);
  });

  it('has no session without weights, and ends those of others', async () => {
    const device = await Device.open(new SoftBoard(weights).transport());
    const noWeights = { code: 'no-weights', nextStep: expect.stringContaining('Upload') };
    expect(() => device.session(OPTIONS)).toThrow(expect.objectContaining(noWeights));
    await device.upload(weights);
    const tokens = device.session(OPTIONS)[Symbol.asyncIterator]();
    await tokens.next();
    await device.upload(smallModel({}, 2).weights);
    await expect(tokens.next()).rejects.toMatchObject(noWeights);
  });

  it('refuses weights of another plan, with both hashes', async () => {
    const other = smallModel({ context: 33 }).weights;
    const { device } = await loaded();
    const error = await device.upload(other).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ code: 'wrong-plan', nextStep: expect.stringContaining('sdq generate') });
    for (const hash of [weights.planHash, other.planHash]) expect((error as Error).message).toContain(hash);
    // The weights from before are still there.
    expect(await collect(device.session(OPTIONS))).toEqual(await collect(golden.session(OPTIONS)));
    const wanted = { planHash: other.planHash };
    await expect(Device.open(new SoftBoard(weights).transport(), wanted)).rejects.toMatchObject({ code: 'wrong-plan' });
  });

  it('closes its transport, by name and at the end of a scope', async () => {
    for (const end of [(device: Device) => device.close(), (device: Device) => device[Symbol.asyncDispose]()]) {
      const { device } = await loaded();
      await end(device);
      await expect(collect(device.session(OPTIONS))).rejects.toMatchObject({ code: 'closed' });
    }
  });
});

describe('Device.upload', () => {
  it('reports what the board has confirmed, and continues after a cancellation', async () => {
    const board = new SoftBoard(weights);
    const device = await Device.open(board.transport());
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number, total: number): void => {
      seen.push(done / total);
      if (done > total / 2) controller.abort(new Error('enough'));
    };
    await expect(device.upload(weights, { onProgress, signal: controller.signal })).rejects.toThrow('enough');
    expect(() => device.session(OPTIONS)).toThrow(DeviceError);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const { sentBytes, skippedBytes, totalBytes } = await device.upload(weights);
    expect(skippedBytes).toBeGreaterThan(0);
    expect(sentBytes).toBeLessThan(totalBytes);
    expect(await device.upload(weights)).toMatchObject({ sentBytes: 0, skippedBytes: totalBytes });
    expect(await collect(device.session(OPTIONS))).toEqual(await collect(golden.session(OPTIONS)));
  });
});

describe('cancelling a session', () => {
  it('throws the reason, wherever it is, and leaves the board to the next one', async () => {
    const { device, board } = await loaded();
    const wanted = await collect(golden.session(OPTIONS));
    for (const burst of [1, 2, 13, 40]) {
      const controller = new AbortController();
      let bursts = 0;
      board.beforeBurst = () => {
        if (++bursts === burst) controller.abort(new Error('enough'));
      };
      const options = { ...OPTIONS, signal: controller.signal };
      await expect(collect(device.session(options))).rejects.toThrow('enough');
      expect(await collect(device.session(OPTIONS))).toEqual(wanted);
    }
  });

  it('by leaving the loop', async () => {
    const { device } = await loaded();
    for await (const { token } of device.session(OPTIONS)) {
      expect(token).toBeGreaterThanOrEqual(0);
      break;
    }
    expect(await collect(device.session(OPTIONS))).toEqual(await collect(golden.session(OPTIONS)));
  });
});
