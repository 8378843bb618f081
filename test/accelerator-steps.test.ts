import { describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import type { StepToken } from '../firmware/device/job.js';
import { encodeResponse, FrameParser } from '../firmware/protocol/frames.js';
import { type Request, type Response, readRequest, readResponse } from '../firmware/protocol/messages.js';
import { Responder } from '../firmware/protocol/responder.js';
import { InProcessTransport } from '../firmware/transport/in-process.js';
import type { Transport, TransportListener } from '../firmware/transport/transport.js';
import { FakeDecoder, stepInfo } from './rtl/link/fixture.js';

/** The device of fixture.ts with a decoder; each of its responses may be changed on the way, or lost. */
class Line {
  readonly requests: Request[] = [];
  change: (response: Response, count: number) => Response | null = (response) => response;
  readonly #responder = new Responder(stepInfo(), new FakeDecoder());
  readonly #parser = new FrameParser();
  #count = 0;

  receive(bytes: Uint8Array): Uint8Array {
    for (const frame of this.#parser.push(bytes)) if (frame.ok) this.requests.push(readRequest(frame));
    const answers = new FrameParser().push(this.#responder.receive(bytes)).flatMap((frame) => {
      if (!frame.ok) throw new Error(frame.reason);
      const response = this.change(readResponse(frame), ++this.#count);
      return response === null ? [] : [encodeResponse(response, frame.seq)];
    });
    return Uint8Array.from(answers.flatMap((answer) => [...answer]));
  }

  /** Opened, its HELLO not counted. */
  async open(): Promise<Accelerator> {
    const accelerator = await Accelerator.open(new InProcessTransport(this), { timeoutMs: 40, retries: 3 });
    this.requests.length = 0;
    this.#count = 0;
    return accelerator;
  }
}

/** What the device gives to STEP. */
function expected(tokens: readonly number[], count: number): { position: number; token: number; logits: Int32Array }[] {
  const flags = { logits: true, stops: false };
  return [...new FakeDecoder().step({ kind: 'step', flags, position: 0, count, stop: 0, tokens })];
}

describe('Accelerator.step', () => {
  it('gives tokens as they come, with cycles, and logits if they are wanted', async () => {
    const device = await new Line().open();
    const answers: StepToken[] = [];
    await device.step({ position: 0, tokens: [1, 2], count: 3 }, (token) => answers.push(token));
    await device.step({ position: 0, tokens: [1, 2], count: 3, logits: true }, (token) => answers.push(token));
    const wanted = expected([1, 2], 3).map(({ position, token, logits }) => {
      return { kind: 'token', position, token, cycles: 50 + position, logits };
    });
    expect(answers).toEqual([...wanted.map((answer) => ({ ...answer, logits: null })), ...wanted]);
  });

  it.each([
    { logits: false, frame: 3, rest: 4 },
    { logits: true, frame: 4 * 2 + 1, rest: 4 },
    { logits: true, frame: 4 * 2 + 3, rest: 4 },
    { logits: true, frame: 4 * 5 + 4, rest: 1 },
  ])(
    'asks only for what has not come when response $frame is lost, logits $logits',
    async ({ logits, frame, rest }) => {
      const line = new Line();
      const device = await line.open();
      line.change = (response, count) => (count === frame ? null : response);
      const answers: StepToken[] = [];
      await device.step({ position: 0, tokens: [1, 2], count: 6, logits }, (token) => answers.push(token));
      const wanted = expected([1, 2], 6);
      expect(answers.map(({ position, token }) => [position, token])).toEqual(
        wanted.map(({ position, token }) => [position, token]),
      );
      if (logits) expect(answers.map((answer) => answer.logits)).toEqual(wanted.map((answer) => answer.logits));
      const steps = line.requests.filter(({ kind }) => kind === 'step');
      const last = wanted.at(-rest - 1)!;
      expect(steps.at(-1)).toMatchObject({ position: last.position + 1, tokens: [last.token], count: rest });
    },
  );

  it('ends at the stop', async () => {
    const line = new Line();
    const device = await line.open();
    const wanted = expected([1, 2], 6);
    const answers: StepToken[] = [];
    await device.step({ position: 0, tokens: [1, 2], count: 6, stop: wanted[2]!.token }, (token) =>
      answers.push(token),
    );
    expect(answers.map(({ token }) => token)).toEqual(wanted.slice(0, 3).map(({ token }) => token));
  });

  it('keeps memory as it is until a step is answered', async () => {
    const line = new Line();
    const device = await line.open();
    const step = device.step({ position: 0, tokens: [1], count: 2 }, () => undefined);
    const upload = device.upload([{ address: 0x4000_0000, bytes: new Uint8Array(16).fill(7) }]);
    await Promise.all([step, upload]);
    const kinds = line.requests.map(({ kind }) => kind);
    expect(kinds.indexOf('write')).toBeGreaterThan(kinds.indexOf('step'));
  });

  it('waits longer for a device that takes longer', async () => {
    const line = new Line();
    let listener: TransportListener | undefined;
    let turn = Promise.resolve();
    const slow: Transport = {
      name: 'a slow device',
      start: (to) => {
        listener = to;
      },
      async write(bytes) {
        turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 150)));
        turn = turn.then(() => listener!.data(line.receive(bytes)));
      },
      close: async () => undefined,
    };
    const device = await Accelerator.open(slow, { timeoutMs: 100, retries: 3 });
    for (let position = 0; position < 6; position++) {
      await device.step({ position, tokens: [1], count: 1 }, () => undefined);
    }
    const times = (position: number): number =>
      line.requests.filter((request) => request.kind === 'step' && request.position === position).length;
    expect(times(0)).toBeGreaterThan(1);
    expect([times(4), times(5)]).toEqual([1, 1]);
  });

  it('fails with what the device refuses, and goes on', async () => {
    const device = await new Line().open();
    const beyond = device.step({ position: 39, tokens: [1], count: 2 }, () => undefined);
    await expect(beyond).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('outside') });
    await expect(device.run(0, 0)).rejects.toMatchObject({ code: 'refused' });
    await device.step({ position: 0, tokens: [1], count: 1 }, () => undefined);
    expect(device.mostStepTokens).toBe(253);
  });

  it.each<[string, (response: Response) => Response]>([
    ['another position', (r) => (r.kind === 'token' ? { ...r, position: r.position + 1 } : r)],
    ['no end', (r) => (r.kind === 'token' ? { ...r, flags: { last: false } } : r)],
    ['an end too early', (r) => (r.kind === 'token' && r.position === 1 ? { ...r, flags: { last: true } } : r)],
    [
      'logits that nobody wanted',
      (r) => (r.kind === 'token' ? { kind: 'logits', position: 1, first: 0, values: new Int32Array(1) } : r),
    ],
    [
      'results of a linear',
      (r) =>
        r.kind === 'token' ? { kind: 'result', linear: 0, row: 0, rows: 1, cycles: 1, values: new Int32Array(1) } : r,
    ],
  ])('gives a device up that answers with %s', async (_, change) => {
    const line = new Line();
    const device = await line.open();
    line.change = change;
    const step = device.step({ position: 0, tokens: [1, 2], count: 3 }, () => undefined);
    await expect(step).rejects.toMatchObject({ code: expect.stringMatching(/^(garbled|no-answer)$/) });
  });
});
