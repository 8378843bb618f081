/** Sessions over a line with faults: each must end rightly, or with a typed error, and can be gone on with. */

import { expect } from 'vitest';
import { Accelerator } from '../../firmware/device/accelerator.js';
import type { UploadResult } from '../../firmware/device/upload.js';
import { DeviceError } from '../../firmware/transport/errors.js';
import type { Transport } from '../../firmware/transport/transport.js';
import { type LineFaults, NO_FAULTS } from '../../sim/line/faults.js';
import { FaultyLine, PACKET_BYTES } from '../../sim/line/line.js';
import { inVirtualTime, VirtualClock } from '../../sim/line/node/virtual-clock.js';
import type { Rig } from './fault-rigs.js';
import { uniform } from './random.js';

export type Phase = 'upload' | 'generation';
export const PHASES: readonly Phase[] = ['upload', 'generation'];

type Draw = (random: () => number, bytes: number) => Partial<LineFaults>;

/** A share of bytes between one in 300 and one in 30 000. */
const rare = (random: () => number): number => 10 ** -(2.5 + 2 * random());
const within = (random: () => number, bytes: number): number => 1 + Math.floor(random() * bytes);

/** The kinds of faults; `bytes` is what an undisturbed phase sends to the device. */
export const KINDS = {
  none: () => ({}),
  flip: (random) => ({ flip: rare(random) }),
  drop: (random) => ({ drop: rare(random) }),
  duplicate: (random) => ({ duplicate: rare(random) }),
  stall: (random) => ({ stall: 0.05 + 0.15 * random(), stallMs: 20 + Math.floor(3000 * random()) }),
  batch: (random) => ({ batchMs: 16, baud: 3_000_000, drop: rare(random) }),
  'slow line': (random) => ({ baud: 9600 + Math.floor(random() * 200_000) }),
  'reset, memory kept': (random, bytes) => ({ resetAt: within(random, bytes), memory: 'kept' }),
  'reset, memory lost': (random, bytes) => ({ resetAt: within(random, bytes), memory: 'lost' }),
  unplugged: (random, bytes) => ({ cutAt: within(random, bytes), cut: 'unplugged' }),
  silence: (random, bytes) => ({ cutAt: within(random, bytes), cut: 'silent' }),
  'wrong plan': () => ({}),
  everything: (random) => ({
    flip: rare(random) / 3,
    drop: rare(random) / 3,
    duplicate: rare(random) / 3,
    stall: 0.05 * random(),
    stallMs: 500,
    batchMs: 16,
    baud: 1_000_000,
  }),
} as const satisfies Record<string, Draw>;
export type Kind = keyof typeof KINDS;

/** How the disturbed phase may end beside success; whatever kind, nothing else may happen. */
const ERRORS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  none: [],
  'slow line': [],
  'reset, memory kept': ['restarted'],
  'reset, memory lost': ['restarted'],
  unplugged: ['disconnected'],
  silence: ['no-answer'],
  'wrong plan': ['wrong-plan'],
};
const ANY_KIND: readonly string[] = ['no-answer', 'crc-mismatch'];

const OPTIONS = { timeoutMs: 250, retries: 4 };
/** Of virtual time. */
const DEADLINE_MS = 3_600_000;

export interface FaultRun {
  readonly kind: Kind;
  readonly phase: Phase;
  readonly seed: number;
}

export interface RunReport {
  /** `success`, or the code of the error that the disturbed phase ended with. */
  readonly outcome: string;
  /** Faults that the line has injected. */
  readonly injected: number;
  /** The upload that went on afterwards. */
  readonly resumed: UploadResult;
}

/** A run that did not do what it must. */
export class FaultRunError extends Error {
  override readonly name = 'FaultRunError';
}

export interface RunOptions {
  /** For tests of the tests: another line between the host and the one with faults. */
  readonly wrap?: (line: Transport) => Transport;
}

/**
 * Uploads, or generates, over a line with faults; then does both over a line without.
 * @throws FaultRunError for wrong memory, wrong tokens, or an error that the fault does not explain; HungError; what
 * is no DeviceError
 */
export async function runWithFaults(
  rig: Rig,
  { kind, phase, seed }: FaultRun,
  options: RunOptions = {},
): Promise<RunReport> {
  const clock = new VirtualClock();
  const device = inVirtualTime(rig.device, clock);
  const random = uniform(seed);
  const fail = (what: string): never => {
    throw new FaultRunError(`${kind}, ${phase}, seed ${seed}: ${what}`);
  };

  let injected = 0;
  async function over<T>(faults: LineFaults, work: (accelerator: Accelerator) => Promise<T>, hash = rig.planHash) {
    const line = new FaultyLine(device, faults, clock);
    const transport = faults === NO_FAULTS ? line : (options.wrap?.(line) ?? line);
    let accelerator: Accelerator | undefined;
    try {
      accelerator = await Accelerator.open(transport, { ...OPTIONS, planHash: hash });
      return { result: await work(accelerator), bytes: line.carried.toDevice };
    } finally {
      await accelerator?.close();
      injected += line.injected;
    }
  }

  const upload = (accelerator: Accelerator): Promise<UploadResult> => accelerator.upload(rig.images);
  const generate = async (accelerator: Accelerator): Promise<void> => {
    const tokens = await rig.generate(accelerator);
    if (tokens.join() !== rig.tokens.join()) fail(`the tokens are ${tokens.join()}, not ${rig.tokens.join()}`);
  };

  /** @returns how it ended, and whether the device was reset or the line cut */
  async function disturbed(): Promise<{ outcome: string; struck: boolean }> {
    const length = phase === 'upload' ? 1.1 * rig.images.reduce((sum, { bytes }) => sum + bytes.length, 0) : 1500;
    const faults = { ...NO_FAULTS, ...KINDS[kind](random, length), seed };
    const hash = kind === 'wrong plan' ? 'ab'.repeat(32) : rig.planHash;
    try {
      const work: (accelerator: Accelerator) => Promise<unknown> = phase === 'upload' ? upload : generate;
      const { bytes } = await over(faults, work, hash);
      const at = faults.resetAt ?? faults.cutAt ?? Number.POSITIVE_INFINITY;
      if (at <= bytes - PACKET_BYTES) fail(`it succeeded, though the fault struck at byte ${at} of ${bytes}`);
      return { outcome: 'success', struck: at <= bytes };
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      const explained = ERRORS[kind] ?? ANY_KIND;
      if (!explained.includes(error.code)) fail(`${error.code} is no error of this fault: ${error.message}`);
      return { outcome: error.code, struck: true };
    }
  }

  async function session(): Promise<RunReport> {
    if (phase === 'generation') await over(NO_FAULTS, upload);
    const { outcome, struck } = await disturbed();
    if (outcome === 'success' && kind === 'wrong plan') fail('it succeeded');
    if (outcome === 'success' && !struck && rig.holds() === false) fail('the memory is not what was uploaded');
    const { result: resumed } = await over(NO_FAULTS, upload);
    if (outcome === 'success' && !struck && resumed.sentBytes > 0) fail('the memory was not what was uploaded');
    if (rig.holds() === false) fail('the memory is not what was uploaded again');
    await over(NO_FAULTS, generate);
    return { outcome, injected, resumed };
  }
  return await clock.run(session(), DEADLINE_MS);
}

/** What the runs of one kind ended with. */
export interface Tally {
  runs: number;
  successes: number;
  injected: number;
  /** Interrupted uploads of which the next one found a part in the memory. */
  resumed: number;
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Runs every kind in both phases, each seed with a device of its own. @throws what `runWithFaults` throws */
export async function runAll(
  makeRig: (seed: number) => Promise<Rig>,
  seeds: readonly number[],
): Promise<Map<Kind, Tally>> {
  const tallies = new Map<Kind, Tally>();
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const tally: Tally = { runs: 0, successes: 0, injected: 0, resumed: 0 };
    tallies.set(kind, tally);
    for (const phase of PHASES) {
      for (const seed of seeds) {
        const rig = await makeRig(seed);
        try {
          const { outcome, injected, resumed } = await runWithFaults(rig, { kind, phase, seed });
          tally.runs++;
          tally.successes += Number(outcome === 'success');
          tally.injected += injected;
          tally.resumed += Number(outcome !== 'success' && resumed.sentBytes > 0 && resumed.skippedBytes > 0);
        } finally {
          await rig.close();
        }
      }
    }
  }
  return tallies;
}

/** Every kind was met, and ended as it can. @returns the runs in all */
export function expectMet(tallies: ReadonlyMap<Kind, Tally>): number {
  let all = 0;
  for (const [kind, { runs, successes, injected }] of tallies) {
    all += runs;
    if (kind === 'wrong plan') expect(successes, kind).toBe(0);
    else if (kind === 'none' || kind === 'slow line') expect(successes, kind).toBe(runs);
    else expect(injected, kind).toBeGreaterThan(0);
  }
  expect(tallies.get('unplugged')!.resumed).toBeGreaterThan(0);
  return all;
}
