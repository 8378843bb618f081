import { describe, expect, it } from 'vitest';
import { GoldenModel } from '../firmware/session/golden-model.js';
import { goldenLinears, type LinearRunner } from '../firmware/session/linears.js';
import { finishOf, type GeneratedToken, type Session, type SessionOptions } from '../firmware/session/session.js';
import { InputError } from '../generator/errors.js';
import { IntegerDecoder } from '../sim/golden/decoder.js';
import { argmax } from '../sim/golden/ops.js';
import { runGolden } from '../sim/golden/run.js';
import { type SmallModel, smallModel } from './support/small-model.js';

const small = smallModel();
const golden = new GoldenModel(small.weights);
const begin = (options: Partial<SessionOptions> = {}): Session =>
  golden.session({ tokenizer: small.tokenizer, prompt: 'the ab', maxTokens: 8, ...options });

async function collect(session: Session): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of session) tokens.push(token);
  return tokens;
}

const ids = async (session: Session): Promise<number[]> => (await collect(session)).map(({ token }) => token);

/** The most likely tokens after a prompt, the decoder driven by hand. */
function greedy({ weights }: SmallModel, prompt: readonly number[], count: number): number[] {
  const decoder = new IntegerDecoder(weights.integerModel());
  const tokens = [...prompt];
  let logits: Int32Array | undefined;
  for (let at = 0; at < prompt.length + count; at++) {
    if (at >= prompt.length) tokens.push(argmax(logits!));
    if (at < prompt.length + count - 1) logits = runGolden(decoder.step(tokens[at]!), weights);
  }
  return tokens.slice(prompt.length);
}

describe('a session', () => {
  it('continues the prompt with the most likely tokens', async () => {
    const session = begin();
    expect(session.promptTokens).toEqual([1, ...small.tokenizer.encode('the ab')]);
    expect(await ids(session)).toEqual(greedy(small, session.promptTokens, 8));
    expect(session.comparison).toBeNull();
  });

  it('begins anew with each iteration', async () => {
    const session = begin({ temperature: 10, seed: 3 });
    const once = await collect(session);
    expect(await collect(session)).toEqual(once);
  });

  it('draws other tokens with another seed, and the same ones with the same', async () => {
    const [one, again, other] = await Promise.all([1, 1, 2].map((seed) => ids(begin({ temperature: 10, seed }))));
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('gives out the text of its tokens, and no part of a character', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const session = begin({ temperature: 10, seed, maxTokens: 12 });
      const tokens = await collect(session);
      const sequence = [...session.promptTokens, ...tokens.map(({ token }) => token)];
      const whole = small.tokenizer.decode(sequence).slice(small.tokenizer.decode(session.promptTokens).length);
      expect(tokens.map(({ text }) => text).join('')).toBe(whole);
      expect(tokens).toHaveLength(12);
    }
  });

  it('ends at an end-of-text token, before which the text that was held back is given out', async () => {
    let heldBack = 0;
    for (let seed = 0; seed < 12; seed++) {
      const drawn = { temperature: 10, seed };
      const [first, second, eos] = await ids(begin(drawn));
      if (eos === first || eos === second) continue;
      const ending = smallModel({ eos: [eos!] });
      const session = new GoldenModel(ending.weights).session({ ...drawn, ...ending, prompt: 'the ab' });
      const tokens = await collect(session);
      expect(tokens.map(({ token }) => token)).toEqual([first, second]);
      const stream = small.tokenizer.stream(session.promptTokens);
      const given = stream.push(first!) + stream.push(second!);
      const rest = stream.end();
      expect(tokens.map(({ text }) => text).join('')).toBe(given + rest);
      if (rest !== '') heldBack++;
    }
    expect(heldBack).toBeGreaterThan(0);
  });

  it('ends when the context is full', async () => {
    const session = begin({ maxTokens: 1000 });
    const fed: number[] = [];
    const tokens = await collect(begin({ maxTokens: 1000, onStep: (count) => fed.push(count) }));
    expect(session.promptTokens.length + tokens.length).toBe(33);
    const finish = (count: number, most?: number) =>
      finishOf(count, session.promptTokens.length, { context: 32 }, most);
    expect([finish(tokens.length), finish(tokens.length - 1)]).toEqual(['context', 'end']);
    expect(finish(tokens.length, tokens.length)).toBe('tokens');
    expect(fed).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
    expect(await collect(golden.session({ tokenizer: small.tokenizer, prompt: 'the ab' }))).toEqual(tokens);
  });

  it('reads its last token too if it is asked to', async () => {
    const counts = async (feedLast: boolean): Promise<number> => {
      let fed = 0;
      await collect(begin({ maxTokens: 3, feedLast, onStep: () => fed++ }));
      return fed;
    };
    const prompt = begin().promptTokens.length;
    expect([await counts(false), await counts(true)]).toEqual([prompt + 2, prompt + 3]);
  });

  it.each([
    [{ maxTokens: 0 }, /maxTokens is 0/],
    [{ maxTokens: 1.5 }, /maxTokens/],
    [{ temperature: -1 }, /temperature is -1/],
    [{ prompt: 'ab '.repeat(40) }, /context holds 32/],
    [{ prompt: undefined as unknown as string }, /the prompt is undefined/],
  ])('is refused with %o', (options, says) => {
    expect(() => begin(options)).toThrow(InputError);
    expect(() => begin(options)).toThrow(says);
  });
});

describe('cancellation', () => {
  it('ends the golden model while it computes, and leaves the event loop free', async () => {
    const controller = new AbortController();
    const large = smallModel({ context: 4096 });
    const session = new GoldenModel(large.weights).session({ ...large, prompt: '', signal: controller.signal });
    const timer = setTimeout(() => controller.abort(new Error('enough')), 100);
    const started = Date.now();
    let count = 0;
    const run = async () => {
      for await (const _ of session) count++;
    };
    await expect(run()).rejects.toThrow('enough');
    clearTimeout(timer);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(4096);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('before the first token', async () => {
    await expect(collect(begin({ signal: AbortSignal.abort(new Error('at once')) }))).rejects.toThrow('at once');
  });

  it('reaches the linears', async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const never: LinearRunner = (_, signal) => {
      seen.push(signal);
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
    const options = { tokenizer: small.tokenizer, prompt: '', signal: controller.signal };
    const run = collect(golden.sessionWith(never, options));
    setTimeout(() => controller.abort(), 10);
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toEqual([controller.signal]);
  });
});

describe('comparison', () => {
  const options = { tokenizer: small.tokenizer, prompt: 'ab', maxTokens: 4 };

  it('says for each token how many values agree', async () => {
    const session = golden.sessionWith(goldenLinears(small.weights), options, true);
    const tokens = await collect(session);
    const rows = small.weights.plan.linears.reduce((sum, linear) => sum + linear.rows, 0);
    const prompt = session.promptTokens.length;
    expect(tokens.map(({ agreement }) => agreement)).toEqual(
      [prompt, 1, 1, 1].map((steps) => ({ compared: steps * rows, mismatches: 0 })),
    );
    expect(session.comparison).toMatchObject({ compared: (prompt + 3) * rows, mismatchCount: 0, mismatches: [] });
  });

  it('names the values that differ, and goes on with them', async () => {
    const prompt = begin({ prompt: 'ab' }).promptTokens.length;
    const right = goldenLinears(small.weights);
    const wrong: LinearRunner = async (call, signal) => {
      const values = await right(call, signal);
      if (call.position === prompt && call.linear.name.endsWith('down_proj')) values[3]! += 1 << 20;
      return values;
    };
    const session = golden.sessionWith(wrong, options, true);
    const tokens = await collect(session);
    expect(tokens.map(({ agreement }) => agreement!.mismatches)).toEqual([0, 2, 0, 0]);
    const [first] = session.comparison!.mismatches;
    expect(first).toMatchObject({ token: prompt, layer: 0, row: 3 });
    expect(first!.actual - first!.golden).toBe(1 << 20);
  });
});
