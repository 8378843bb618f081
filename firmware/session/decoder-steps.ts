/** The text that a device's decoder holds, and the steps that continue it. */

import type { Accelerator, StepOptions } from '../device/accelerator.js';
import type { StepToken } from '../device/job.js';
import { Pace } from './pace.js';
import type { StepWish } from './step-tokens.js';

/**
 * The device keeps keys and values of the tokens that it has read. What a text shares with those from its beginning is not
 * sent again, so that a session sends each of its tokens once. Sessions take turns: each wish is fulfilled as a whole.
 */
export class DecoderSteps {
  readonly #accelerator: Accelerator;
  readonly #pace: Pace;
  /** Tokens that the device has read, from position 0 on. */
  #held: number[] = [];
  /** Resolves when the wish before is done with the device. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(accelerator: Accelerator) {
    this.#accelerator = accelerator;
    this.#pace = new Pace(accelerator.clock);
  }

  /**
   * Reads a text as far as the device does not hold it, and generates as many tokens from there on as take no longer than
   * the pace allows.
   *
   * @throws what `Accelerator.step` throws
   */
  async *run(wish: StepWish): AsyncGenerator<StepToken, void, void> {
    const before = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    let answers: Answers;
    try {
      wish.signal?.throwIfAborted();
      answers = await this.#begin(wish);
    } catch (error) {
      done();
      throw error;
    }
    // Not when the last token is taken: whoever takes no more must not keep others waiting.
    answers.ended.then(done);
    yield* answers;
  }

  /** Sends the text, in pieces that follow one another without a pause, and asks for tokens. */
  async #begin({ text, most, stop, logits, onRead, signal }: StepWish): Promise<Answers> {
    let last: Answers | null = null;
    for (;;) {
      const position = this.#shared(text);
      const size = Math.min(this.#pace.tokens, this.#accelerator.mostStepTokens);
      const tokens = text.slice(position, position + size);
      const isLast = position + tokens.length === text.length;
      const count = isLast ? Math.min(most, this.#pace.tokens) : 1;
      const options = {
        position,
        tokens,
        count,
        logits: isLast && logits,
        ...(isLast && stop !== undefined && { stop }),
      };
      const current = this.#step(options, onRead, signal);
      // One is under way while the next one is sent; what the prompt's pieces answer nobody wants.
      if (last !== null) await last.settled();
      if (isLast) return current;
      last = current;
    }
  }

  /** Tokens that a text shares with the device, but for the last one: its step has the answer. */
  #shared(text: readonly number[]): number {
    const end = text.length - 1;
    const differs = this.#held.findIndex((token, i) => i >= end || token !== text[i]);
    return differs < 0 ? this.#held.length : differs;
  }

  #step(options: StepOptions, onRead: StepWish['onRead'], signal: AbortSignal | undefined): Answers {
    const { position, tokens, count, stop } = options;
    this.#held.length = position;
    this.#held.push(...tokens);
    const answers = new Answers();
    const measured = this.#pace.begin();
    let answered = 0;
    const take = (answer: StepToken): void => {
      const isLast = answer.position === position + tokens.length + count - 2 || answer.token === stop;
      // It is executed next.
      if (!isLast) this.#held.push(answer.token);
      answered++;
      onRead?.(answer.position + 1);
      answers.add(answer);
    };
    this.#accelerator.step(options, take, signal).then(
      () => {
        measured(tokens.length + answered - 1);
        answers.end();
      },
      (error: unknown) => {
        this.#held.length = Math.min(this.#held.length, position);
        answers.end({ error });
      },
    );
    return answers;
  }
}

/** Tokens of a step as they come. */
class Answers implements AsyncIterable<StepToken> {
  /** Resolves when no more come, whether the step has failed or not. */
  readonly ended: Promise<void>;
  #waiting: StepToken[] = [];
  #failure: { readonly error: unknown } | null = null;
  #isOver = false;
  #wake = (): void => undefined;
  #over = (): void => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#over = resolve;
    });
  }

  add(answer: StepToken): void {
    this.#waiting.push(answer);
    this.#wake();
  }

  end(failure: { readonly error: unknown } | null = null): void {
    this.#failure = failure;
    this.#isOver = true;
    this.#wake();
    this.#over();
  }

  /** @throws what the step failed with */
  async settled(): Promise<void> {
    await this.ended;
    if (this.#failure !== null) throw this.#failure.error;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StepToken, void, void> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) continue;
      if (this.#isOver) return this.settled();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
