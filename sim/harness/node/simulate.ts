import { Accelerator } from '../../../firmware/device/accelerator.js';
import { AcceleratorLinears } from '../../../firmware/session/accelerator-linears.js';
import { Comparison, type Mismatch } from '../../../firmware/session/compare.js';
import type { SamplingOptions } from '../../../firmware/session/sampling.js';
import { type Finish, Session } from '../../../firmware/session/session.js';
import { decoderTokens } from '../../../firmware/session/token-source.js';
import { uploadImages } from '../../../firmware/session/upload.js';
import type { Tokenizer } from '../../../firmware/tokenizer/tokenizer.js';
import { cached, type Image } from '../../../generator/image/image.js';
import { AtomicFile } from '../../../generator/node/atomic-file.js';
import type { LinearCall } from '../../golden/decoder.js';
import { goldenLinear } from '../../golden/run.js';
import { spawnHarness } from './harness.js';
import type { BuildFolder } from './simulator.js';
import { type LinearTiming, Timing } from './timing.js';

/**
 * Time for one burst of requests. The simulator says by its end that it will not answer; a repetition of requests that
 * it is slow with would change the cycles.
 */
export const TIMEOUT_MS = 3_600_000;

export interface SimulateOptions extends SamplingOptions {
  readonly prompt: string;
  readonly maxTokens: number;
  /** Write every call of the accelerator to this file, one JSON object per line. */
  readonly tracePath?: string;
  readonly onStep?: (tokensRead: number, compared: number) => void;
  /** Ends the simulation; the reason is thrown. */
  readonly signal?: AbortSignal;
}

/** One linear over all tokens. */
export interface LinearReport extends LinearTiming {
  readonly compared: number;
  readonly mismatchCount: number;
  /** Wall-clock time in the simulator and, beside it, in the golden model. */
  readonly seconds: number;
}

export interface SimulationReport {
  /** Every value is the golden model's. */
  readonly bitExact: boolean;
  /** Every run took the cycles, beats and stalls that were predicted. */
  readonly cycleExact: boolean;
  readonly compared: number;
  readonly mismatchCount: number;
  /** The first of them. */
  readonly mismatches: readonly Mismatch[];
  /** Clock cycles from the end of the upload to the end of the last token. */
  readonly cycles: number;
  readonly cyclesPerToken: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly finish: Finish;
  readonly text: string;
  readonly linears: readonly LinearReport[];
}

/**
 * Runs a model on the simulated accelerator through its host link and compares every output of every linear with the
 * golden model, and the cycles of every run with the predicted ones. The tokens continue from the accelerator's own values.
 */
export async function simulate(
  build: BuildFolder,
  executable: string,
  image: Image,
  tokenizer: Tokenizer,
  options: SimulateOptions,
): Promise<SimulationReport> {
  const { plan } = build;
  const weights = cached(image);
  const comparison = new Comparison();
  const timing = new Timing(plan);
  const checked = plan.linears.map(() => ({ compared: 0, mismatchCount: 0, seconds: 0 }));
  const trace = options.tracePath === undefined ? null : new AtomicFile(options.tracePath);
  const harness = spawnHarness(executable);
  const abort = (): void => void harness.close();
  options.signal?.addEventListener('abort', abort);
  try {
    const device = await Accelerator.open(harness, { planHash: build.planHash, timeoutMs: TIMEOUT_MS });
    await device.upload(uploadImages(plan, weights));
    const uploaded = harness.cycles;
    const accelerator = new AcceleratorLinears(device, plan);

    const run = async (call: LinearCall): Promise<Int32Array> => {
      const started = performance.now();
      const before = harness.counts;
      // The golden model computes while the simulator does, which is a process of its own.
      const [actual, golden] = await Promise.all([
        accelerator.run(call),
        Promise.resolve().then(() => goldenLinear(call, weights)),
      ]);
      const { beats, stalls } = harness.counts;
      timing.add(call.index, {
        cycles: accelerator.cycles,
        beats: beats - before.beats,
        stalls: stalls - before.stalls,
      });
      const report = checked[call.index]!;
      report.seconds += (performance.now() - started) / 1000;
      const mismatchesBefore = comparison.mismatchCount;
      comparison.add(call, golden, actual);
      report.compared += golden.length;
      report.mismatchCount += comparison.mismatchCount - mismatchesBefore;
      trace?.append(Buffer.from(`${JSON.stringify(traceLine(call, golden, actual, accelerator.cycles))}\n`));
      return actual;
    };

    const onStep = (tokensRead: number) => options.onStep?.(tokensRead, comparison.compared);
    const model = image.integerModel();
    const session = new Session(model, decoderTokens(model, run), { ...options, tokenizer, feedLast: true, onStep });
    let text = '';
    let generatedTokens = 0;
    for await (const piece of session) {
      text += piece.text;
      generatedTokens++;
    }
    trace?.commit();
    const cycles = harness.cycles - uploaded;
    const promptTokens = session.promptTokens.length;
    const linears = timing.linears().map((linear, index) => ({ ...linear, ...checked[index]! }));
    return {
      bitExact: comparison.mismatchCount === 0 && comparison.compared > 0,
      cycleExact: linears.every(({ differingRuns }) => differingRuns === 0),
      compared: comparison.compared,
      mismatchCount: comparison.mismatchCount,
      mismatches: comparison.mismatches,
      cycles,
      cyclesPerToken: cycles / (promptTokens + generatedTokens),
      promptTokens,
      generatedTokens,
      finish: session.finish(generatedTokens),
      text,
      linears,
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    trace?.abort();
    await harness.close();
  }
}

function traceLine(call: LinearCall, golden: Int32Array, actual: Int32Array, engineCycles: number): object {
  const { linear, vector, shift, position } = call;
  return {
    token: position,
    layer: linear.layer,
    linear: linear.name,
    engineCycles,
    shift,
    exponents: Array.from(vector.exponents),
    samples: Array.from(vector.samples),
    golden: Array.from(golden),
    accelerator: Array.from(actual),
  };
}
