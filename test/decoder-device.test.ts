import { describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { FrameParser } from '../firmware/protocol/frames.js';
import { readRequest, type StepRequest } from '../firmware/protocol/messages.js';
import { Device, type DeviceSessionOptions } from '../firmware/session/device.js';
import { GoldenModel } from '../firmware/session/golden-model.js';
import type { GeneratedToken, Session } from '../firmware/session/session.js';
import { InProcessTransport } from '../firmware/transport/in-process.js';
import { loadBoard } from '../generator/boards/node/load.js';
import { planProgram } from '../generator/schedule/program.js';
import { GoldenDevice } from '../sim/golden/machine/device.js';
import { smallModel } from './support/small-model.js';

const { weights, tokenizer } = smallModel({}, 4, 'decoder');
const board = loadBoard(weights.plan.board);
const golden = new GoldenModel(weights);
/** Three different tokens follow, each several times. */
const GREEDY = { tokenizer, prompt: 'ab the', maxTokens: 12 };
const DRAWN = { ...GREEDY, temperature: 10, seed: 1 };

async function collect(session: Session): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of session) tokens.push(token);
  return tokens;
}

/** The device, and what passes its line. */
class Line {
  readonly device: GoldenDevice;
  toHost = 0;
  toDevice = 0;
  steps: StepRequest[] = [];
  readonly #parser = new FrameParser();

  constructor(image = weights) {
    this.device = new GoldenDevice(image, board);
  }

  transport(): InProcessTransport {
    return new InProcessTransport({
      receive: (bytes) => {
        this.toDevice += bytes.length;
        for (const frame of this.#parser.push(bytes)) {
          if (frame.ok && frame.type === 0x05) this.steps.push(readRequest(frame) as StepRequest);
        }
        const answer = this.device.receive(bytes);
        this.toHost += answer.length;
        return answer;
      },
    });
  }

  clear(): void {
    this.toHost = 0;
    this.toDevice = 0;
    this.steps = [];
  }
}

async function loaded(): Promise<{ line: Line; device: Device }> {
  const line = new Line();
  const device = await Device.open(line.transport());
  await device.upload(weights);
  line.clear();
  return { line, device };
}

describe('a device that has the decoder', () => {
  it('generates what the golden model does, greedy and drawn', async () => {
    const { device } = await loaded();
    const all: DeviceSessionOptions[] = [
      GREEDY,
      DRAWN,
      { ...DRAWN, topK: 3, topP: 0.9, seed: 5 },
      { tokenizer, prompt: '' },
      { ...GREEDY, maxTokens: 1 },
    ];
    for (const options of all) {
      expect(await collect(device.session(options))).toEqual(await collect(golden.session(options)));
    }
  });

  it('takes at most 32 bytes of the line per token, the prompt once, and few requests', async () => {
    const { device, line } = await loaded();
    const session = device.session({ ...GREEDY, maxTokens: 24 });
    const { length } = await collect(session);
    expect((line.toDevice + line.toHost) / length).toBeLessThanOrEqual(32);
    const sent = line.steps.flatMap(({ tokens }) => tokens);
    expect(sent.slice(0, session.promptTokens.length)).toEqual(session.promptTokens);
    // One token begins each request after the prompt.
    const ahead = line.steps.filter(({ position }) => position >= session.promptTokens.length);
    expect(sent.length).toBe(session.promptTokens.length + ahead.length);
    expect(line.steps.length).toBeLessThan(6);
  });

  it('ends at an end-of-text token, which it stops at itself', async () => {
    const whole = (await collect(golden.session(GREEDY))).map(({ token }) => token);
    const end = whole.findIndex((token, i) => i > 0 && !whole.slice(0, i).includes(token));
    expect(end).toBeGreaterThan(0);
    const ending = smallModel({ eos: [whole[end]!] }, 4, 'decoder');
    const line = new Line(ending.weights);
    const device = await Device.open(line.transport());
    await device.upload(ending.weights);
    line.clear();
    const tokens = await collect(device.session(GREEDY));
    expect(tokens.map(({ token }) => token)).toEqual(whole.slice(0, end));
    expect(line.steps.at(-1)).toMatchObject({ flags: { stops: true }, stop: whole[end] });
  });

  it('reads a long prompt in pieces, and says how far it is', async () => {
    const { device, line } = await loaded();
    const prompt = 'the ab the ab ab the';
    const read: number[] = [];
    const session = device.session({ tokenizer, prompt, maxTokens: 3, onStep: (count) => read.push(count) });
    const tokens = await collect(session);
    expect(tokens).toEqual(await collect(golden.session({ tokenizer, prompt, maxTokens: 3 })));
    expect(line.steps.length).toBeGreaterThan(1);
    expect(read.at(-1)).toBe(session.promptTokens.length + 2);
    expect(read).toEqual([...read].sort((a, b) => a - b));
    expect(line.steps.flatMap((step) => step.tokens).slice(0, session.promptTokens.length)).toEqual(
      session.promptTokens,
    );
  });

  it('does not send again what the device holds, and sends what another session wrote over', async () => {
    const { device, line } = await loaded();
    const once = await collect(device.session(GREEDY));
    line.clear();
    expect(await collect(device.session({ ...GREEDY, maxTokens: 2 }))).toEqual(
      await collect(golden.session({ ...GREEDY, maxTokens: 2 })),
    );
    expect(line.steps.flatMap(({ tokens }) => tokens).length).toBe(1);
    await collect(device.session({ tokenizer, prompt: 'the ab', maxTokens: 4 }));
    expect(await collect(device.session(GREEDY))).toEqual(once);
  });

  it('runs several sessions at once, each with its own tokens', async () => {
    const { device } = await loaded();
    const prompts = ['the ab', 'ab the', ''];
    const begin = (prompt: string) => ({ ...DRAWN, prompt, maxTokens: 5 });
    const together = await Promise.all(prompts.map((prompt) => collect(device.session(begin(prompt)))));
    expect(together).toEqual(await Promise.all(prompts.map((prompt) => collect(golden.session(begin(prompt))))));
  });

  it('goes on after a session that was given up or cancelled', async () => {
    const { device } = await loaded();
    for await (const _ of device.session(GREEDY)) break;
    const cancel = new AbortController();
    const reason = new Error('no more');
    const cancelled = (async () => {
      for await (const _ of device.session({ ...GREEDY, signal: cancel.signal })) cancel.abort(reason);
    })();
    await expect(cancelled).rejects.toBe(reason);
    expect(await collect(device.session(GREEDY))).toEqual(await collect(golden.session(GREEDY)));
  });

  it('compares all logits with the golden model when it is asked to', async () => {
    const { device, line } = await loaded();
    const { vocab } = weights.plan.model;
    for (const options of [GREEDY, DRAWN]) {
      const session = device.session({ ...options, compare: true });
      const tokens = await collect(session);
      expect(tokens.map(({ agreement }) => agreement)).toEqual(tokens.map(() => ({ compared: vocab, mismatches: 0 })));
    }
    // Parameters change behind the host's back.
    line.device.memory[4]!.fill(3, 0, 64);
    const session = device.session({ ...GREEDY, prompt: 'a', compare: true });
    await collect(session);
    expect(session.comparison!.mismatches[0]).toMatchObject({ layer: null, linear: 'logits' });
  });

  it('has no session for weights that are another image by now', async () => {
    const { device } = await loaded();
    const tokens = device.session(DRAWN)[Symbol.asyncIterator]();
    await tokens.next();
    await device.upload(smallModel({}, 2, 'decoder').weights);
    await expect(tokens.next()).rejects.toMatchObject({ code: 'no-weights' });
  });

  it('reports the cycles that are predicted', async () => {
    const { device } = await loaded();
    const { stepCycles } = planProgram(weights.plan, board);
    expect(device.info).toMatchObject({ vocab: weights.plan.model.vocab, context: 32, regionCount: 6 });
    const cycles: number[] = [];
    const line = new Line();
    const accelerator = await Accelerator.open(line.transport());
    await accelerator.step({ position: 0, tokens: [1, 2], count: 3 }, (token) => cycles.push(token.cycles));
    expect(cycles).toEqual([1, 2, 3].map(stepCycles));
  });
});
