/** A generated accelerator of placement `decoder` in the simulator, beside the golden model. */

import { Accelerator } from '../../../firmware/device/accelerator.js';
import type { StepToken } from '../../../firmware/device/job.js';
import { Sampler } from '../../../firmware/session/sampling.js';
import { contextRoom, type Finish, finishOf, promptTokens } from '../../../firmware/session/session.js';
import { deviceImages } from '../../../firmware/session/upload.js';
import type { Tokenizer } from '../../../firmware/tokenizer/tokenizer.js';
import { loadBoard } from '../../../generator/boards/node/load.js';
import { cached, type Image } from '../../../generator/image/image.js';
import { AtomicFile } from '../../../generator/node/atomic-file.js';
import { type PlanProgram, planProgram } from '../../../generator/schedule/program.js';
import { IntegerDecoder } from '../../golden/decoder.js';
import { argmax } from '../../golden/ops.js';
import type { LinearWeights } from '../../golden/parameters.js';
import { runGolden } from '../../golden/run.js';
import { spawnHarness } from './harness.js';
import { type SimulateOptions, TIMEOUT_MS } from './simulate.js';
import type { BuildFolder } from './simulator.js';
import type { TraceDifference } from './trace-compare.js';
import { Tracer } from './tracer.js';

/** Tokens that the device generates by itself before they are compared. */
const MOST_AT_ONCE = 16;

/** A number that is not the golden model's, or the prediction's. */
export interface StepMismatch {
  readonly position: number;
  readonly what: 'token' | 'logit' | 'cycles';
  /** Of the logit, in the vocabulary; else 0. */
  readonly index: number;
  readonly expected: number;
  readonly actual: number;
}

/** A step that the device answered. */
export interface StepReport {
  readonly position: number;
  readonly token: number;
  readonly cycles: number;
  readonly predictedCycles: number;
  /** Logits that differ, and 1 if the token does. */
  readonly mismatches: number;
  readonly seconds: number;
}

export interface DecoderReport {
  /** Every token, logit and, where they are traced, intermediate value is the golden model's. */
  readonly bitExact: boolean;
  /** Every step took the cycles that were predicted. */
  readonly cycleExact: boolean;
  readonly compared: number;
  readonly mismatchCount: number;
  /** The first of them. */
  readonly mismatches: readonly StepMismatch[];
  readonly steps: readonly StepReport[];
  /** Of the steps that were answered, without logits. */
  readonly cycles: number;
  readonly cyclesPerToken: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly finish: Finish;
  readonly text: string;
  /** Tokens that the simulator executed, in both passes and those of the prompt included, per second of its work. */
  readonly tokensPerSecond: number;
  readonly trace: { readonly compared: number; readonly difference: TraceDifference | null } | null;
}

/**
 * Lets a model generate on the simulated accelerator, through its host link: at first by itself, when its cycles are compared
 * with the predicted ones, then the same steps again for their logits, for which it may wait. All tokens continue from the
 * accelerator's own.
 */
export async function simulateDecoder(
  build: BuildFolder,
  executable: string,
  image: Image,
  tokenizer: Tokenizer,
  options: SimulateOptions,
): Promise<DecoderReport> {
  const { plan } = build;
  const { context, eos } = plan.model;
  const [stop] = eos;
  const decoder = planProgram(plan, loadBoard(plan.board, plan.placement));
  const model = image.integerModel();
  const weights = cached(image);
  const prompt = promptTokens(options.prompt, tokenizer, plan.model);
  const sampler = new Sampler(model.tables, options);
  const atOnce = options.temperature ? 1 : MOST_AT_ONCE;
  const most = Math.min(options.maxTokens, contextRoom(context, prompt.length));
  const lines = options.tracePath === undefined ? null : new AtomicFile(options.tracePath);
  const tracer = lines === null ? null : new Tracer(decoder, model, weights, (line) => lines.append(Buffer.from(line)));
  const harness = spawnHarness(executable, tracer === null ? {} : { trace: tracer.path });
  const abort = (): void => void harness.close();
  options.signal?.addEventListener('abort', abort);
  const comparison = new StepComparison(decoder, new IntegerDecoder(model), weights);
  const simulated = { tokens: 0, seconds: 0 };
  try {
    const device = await Accelerator.open(harness, { planHash: build.planHash, timeoutMs: TIMEOUT_MS });
    await device.upload(deviceImages(image));
    const step = async (position: number, tokens: readonly number[], count: number, logits: boolean) => {
      const started = performance.now();
      const answers: StepToken[] = [];
      const request = { position, tokens, count, logits, ...(!logits && stop !== undefined && { stop }) };
      await device.step(request, (token) => void answers.push(token), options.signal);
      simulated.tokens += tokens.length + answers.length - 1;
      simulated.seconds += (performance.now() - started) / 1000;
      return answers;
    };

    const generated: number[] = [];
    let [position, pending] = [0, [...prompt]];
    for (let ended = false; !ended; ) {
      const tokens = pending.slice(0, device.mostStepTokens);
      const wholePrompt = tokens.length === pending.length;
      const answers = await step(position, tokens, wholePrompt ? Math.min(atOnce, most - generated.length) : 1, false);
      const steps = [...tokens, ...answers.slice(0, -1).map(({ token }) => token)];
      tracer?.compare(position, steps);
      position += tokens.length - 1;
      const again = await step(position, steps.slice(tokens.length - 1, tokens.length), answers.length, true);
      tracer?.skip();
      comparison.add(tokens, answers, again);
      options.onStep?.(position + answers.length, comparison.compared + (tracer?.compared ?? 0));
      const logits = again.at(-1)!.logits!;
      position += answers.length;
      if (!wholePrompt) {
        pending = pending.slice(tokens.length);
        continue;
      }
      const news = atOnce === 1 ? [sampler.next(logits)] : answers.map(({ token }) => token);
      for (const token of news) {
        ended ||= eos.includes(token);
        if (!ended) generated.push(token);
      }
      ended ||= generated.length >= most;
      pending = news.slice(-1);
    }
    lines?.commit();
    const stream = tokenizer.stream(prompt);
    const text = generated.map((token) => stream.push(token)).join('') + stream.end();
    const { compared, mismatchCount, mismatches, steps } = comparison;
    const difference = tracer?.difference ?? null;
    const cycles = steps.reduce((sum, { cycles }) => sum + cycles, 0);
    const values = mismatchCount - steps.filter((step) => step.cycles !== step.predictedCycles).length;
    return {
      bitExact: values === 0 && compared > 0 && difference === null,
      cycleExact: steps.every(({ cycles, predictedCycles }) => cycles === predictedCycles),
      compared,
      mismatchCount,
      mismatches,
      steps,
      cycles,
      cyclesPerToken: cycles / steps.length,
      promptTokens: prompt.length,
      generatedTokens: generated.length,
      finish: finishOf(generated.length, prompt.length, plan.model, options.maxTokens),
      text,
      tokensPerSecond: simulated.tokens / simulated.seconds,
      trace: tracer && { compared: tracer.compared, difference },
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    lines?.abort();
    await harness.close();
    tracer?.close();
  }
}

/** Counts what was compared of the answered steps, and keeps the first mismatches. */
class StepComparison {
  static readonly KEPT = 20;
  compared = 0;
  mismatchCount = 0;
  readonly mismatches: StepMismatch[] = [];
  readonly steps: StepReport[] = [];
  #since = performance.now();

  constructor(
    private readonly decoder: PlanProgram,
    private readonly golden: IntegerDecoder,
    private readonly weights: LinearWeights,
  ) {}

  /**
   * @param tokens those that the host gave
   * @param answers of the device by itself
   * @param again of the same steps, with logits
   */
  add(tokens: readonly number[], answers: readonly StepToken[], again: readonly StepToken[]): void {
    const feed = (token: number): Int32Array => runGolden(this.golden.step(token), this.weights);
    for (const token of tokens.slice(0, -1)) feed(token);
    let fed = tokens.at(-1)!;
    const steps: Omit<StepReport, 'seconds'>[] = [];
    answers.forEach(({ position, token, cycles }, i) => {
      const logits = feed(fed);
      const before = this.mismatchCount;
      const expected = argmax(logits);
      this.#check(position, 'token', 0, expected, token);
      this.#check(position, 'token', 0, expected, again[i]!.token);
      const actual = again[i]!.logits!;
      for (let index = 0; index < logits.length; index++) {
        this.#check(position, 'logit', index, logits[index]!, actual[index]!);
      }
      const mismatches = this.mismatchCount - before;
      const predictedCycles = this.decoder.stepCycles(position);
      this.#check(position, 'cycles', 0, predictedCycles, cycles);
      steps.push({ position, token, cycles, predictedCycles, mismatches });
      fed = token;
    });
    // Steps that were asked for at once have their time in common.
    const now = performance.now();
    const seconds = (now - this.#since) / 1000 / steps.length;
    this.#since = now;
    this.steps.push(...steps.map((step) => ({ ...step, seconds })));
  }

  #check(position: number, what: StepMismatch['what'], index: number, expected: number, actual: number): void {
    this.compared++;
    if (expected === actual) return;
    this.mismatchCount++;
    if (this.mismatches.length < StepComparison.KEPT) {
      this.mismatches.push({ position, what, index, expected, actual });
    }
  }
}

/** A mismatch as one line. */
export function describeStepMismatch({ position, what, index, expected, actual }: StepMismatch): string {
  const which = what === 'logit' ? `logit ${index}` : what;
  return `position ${position}, ${which}: ${what === 'cycles' ? 'predicted' : 'golden'} ${expected}, accelerator ${actual}`;
}
