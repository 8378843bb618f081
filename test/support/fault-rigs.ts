/** Devices to be reached over a line with faults, with what they must compute. */

import { join } from 'node:path';
import type { Accelerator, StepOptions } from '../../firmware/device/accelerator.js';
import type { StepToken } from '../../firmware/device/job.js';
import type { MemoryImage } from '../../firmware/device/upload.js';
import { Responder } from '../../firmware/protocol/responder.js';
import { AcceleratorLinears } from '../../firmware/session/accelerator-linears.js';
import { uploadImages } from '../../firmware/session/upload.js';
import { loadBoard } from '../../generator/boards/node/load.js';
import { IntegerDecoder } from '../../sim/golden/decoder.js';
import { argmax } from '../../sim/golden/ops.js';
import { runDecoder, runGolden } from '../../sim/golden/run.js';
import type { LineDevice } from '../../sim/line/line.js';
import { SimulatedDevice } from '../../sim/line/node/simulated-device.js';
import { compile } from '../../sim/verilator-bin/src/compile.js';
import { type Buffers, FakeDecoder, FakeEngine, fixtureInfo, HARNESS, ROOT, stepInfo } from '../rtl/link/fixture.js';
import { toHex } from '../rtl/link/golden.js';
import { SMALL_PLAN_HASH, smallAccelerator } from '../rtl/top/session.js';
import type { FabricatedModel } from './golden-models.js';
import { uniform } from './random.js';

export interface Rig {
  readonly device: LineDevice;
  readonly planHash: string;
  /** What an upload writes. */
  readonly images: readonly MemoryImage[];
  /** What `generate` must return. */
  readonly tokens: readonly number[];
  /** Tokens of which each depends on all of the memory's and the line's answers before. */
  generate(accelerator: Accelerator): Promise<number[]>;
  /** Compares the memory without the protocol; null where only the protocol reaches it. */
  holds(): boolean | null;
  close(): Promise<void>;
}

/** The reference in this process; a reset loses what the real device loses. */
export class ReferenceDevice implements LineDevice {
  engine: FakeEngine;
  #nonce = 1;
  #responder: Responder;

  /** @param steps it has a decoder */
  constructor(
    private readonly buffers?: Buffers,
    private readonly steps = false,
  ) {
    this.engine = fakeEngine(steps);
    this.#responder = this.#start();
  }

  async receive(bytes: Uint8Array): Promise<{ bytes: Uint8Array; milliseconds: number }> {
    return { bytes: this.#responder.receive(bytes), milliseconds: 0 };
  }

  async reset(memory: 'kept' | 'lost'): Promise<void> {
    this.#nonce++;
    if (memory === 'lost') this.engine = fakeEngine(this.steps);
    this.#responder = this.#start();
  }

  #start(): Responder {
    const info = this.steps ? stepInfo(this.#nonce, this.buffers) : fixtureInfo(this.#nonce, this.buffers);
    return new Responder(info, this.engine);
  }
}

function fakeEngine(steps: boolean): FakeEngine {
  return steps ? new FakeDecoder() : new FakeEngine();
}

/** Sixteen images, so that a broken upload has something to go on with. */
const FIXTURE_IMAGES: readonly MemoryImage[] = (() => {
  const random = uniform(77);
  const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i % 8 < 5 ? Math.floor(random() * 256) : 0));
  return Array.from({ length: 16 }, (_, i) => ({ address: 256 * i, bytes: bytes.subarray(256 * i, 256 * (i + 1)) }));
})();

/** Runs a linear after writing a vector, if there is one. */
type RunLinear = (linear: number, shift: number, vector?: Uint8Array) => Promise<Int32Array>;

const TOKENS = 4;

/** A loop as a decoder's: vectors come from results, some runs share one, some are under way together. */
async function loop(run: RunLinear): Promise<number[]> {
  const tokens: number[] = [];
  let state = 1;
  const vector = (): Uint8Array => Uint8Array.from({ length: 96 }, (_, i) => Math.imul(state, i + 3) >>> 11);
  const absorb = (values: Int32Array): void => {
    for (const value of values) state = (Math.imul(state ^ value, 0x01000193) + 1) | 0;
  };
  for (let i = 0; i < TOKENS; i++) {
    const results = await Promise.all([run(2, i, vector()), run(1, -i), run(0, 3)]);
    results.forEach(absorb);
    absorb(await run(3, state & 7, vector()));
    absorb(await run(1, 0));
    tokens.push(state & 0xffff);
  }
  return tokens;
}

async function loopTokens(): Promise<number[]> {
  const engine = new FakeEngine();
  for (const { address, bytes } of FIXTURE_IMAGES) engine.write(address, bytes);
  return loop(async (linear, shift, vector) => {
    if (vector) engine.write(0x2000_0000, vector);
    return engine.run(linear, shift).values;
  });
}

type RunStep = (step: StepOptions) => Promise<readonly StepToken[]>;

/** Texts as a host's: prompts in pieces that are under way together, generation, tokens drawn from logits. */
async function texts(step: RunStep): Promise<number[]> {
  const tokens: number[] = [];
  for (let i = 0; i < 2 * TOKENS; i++) {
    const before = await Promise.all([
      step({ position: 0, tokens: [i, 2 * i + 1, 149], count: 1 }),
      step({ position: 3, tokens: [7, i], count: 1 }),
      step({ position: 5, tokens: [i], count: 6, stop: 3 }),
    ]);
    const answers = before.flat();
    for (let drawn = 0; drawn < 3; drawn++) {
      const last = answers.at(-1)!;
      const least = Math.min(...(last.logits ?? [last.token]));
      answers.push(...(await step({ position: last.position + 1, tokens: [least & 127], count: 1, logits: true })));
    }
    tokens.push(...answers.map(({ token }) => token));
  }
  return tokens;
}

async function textTokens(): Promise<number[]> {
  const decoder = new FakeDecoder();
  for (const { address, bytes } of FIXTURE_IMAGES) decoder.write(address, bytes);
  return texts(async ({ stop, logits = false, ...step }) => {
    const flags = { logits, stops: stop !== undefined };
    const answers = decoder.step({ kind: 'step', ...step, flags, stop: stop ?? 0 });
    return Array.from(answers, (answer) => ({ ...answer, kind: 'token', logits: logits ? answer.logits : null }));
  });
}

/** A rig whose device is that of fixture.ts with a decoder. */
async function stepRig(device: LineDevice, holds: () => boolean | null, close: () => Promise<void>): Promise<Rig> {
  const generate = (accelerator: Accelerator): Promise<number[]> =>
    texts(async (step) => {
      const answers: StepToken[] = [];
      await accelerator.step(step, (answer) => answers.push(answer));
      return answers;
    });
  const planHash = toHex(stepInfo().planHash);
  return { device, planHash, images: FIXTURE_IMAGES, tokens: await textTokens(), generate, holds, close };
}

/** A rig whose device is that of fixture.ts, whether in TypeScript or in Verilog. */
async function fixtureRig(device: LineDevice, holds: () => boolean | null, close: () => Promise<void>): Promise<Rig> {
  const generate = (accelerator: Accelerator): Promise<number[]> =>
    loop(async (linear, shift, vector) => {
      const writes = vector ? [{ address: 0x2000_0000, bytes: vector }] : [];
      return (await accelerator.run(linear, shift, writes)).values;
    });
  const planHash = toHex(fixtureInfo().planHash);
  return { device, planHash, images: FIXTURE_IMAGES, tokens: await loopTokens(), generate, holds, close };
}

/** @param steps it has a decoder */
export function referenceRig(buffers?: Buffers, steps = false): Promise<Rig> {
  const device = new ReferenceDevice(buffers, steps);
  const holds = (): boolean =>
    FIXTURE_IMAGES.every(({ address, bytes }) => toHex(device.engine.read(address, bytes.length)) === toHex(bytes));
  return (steps ? stepRig : fixtureRig)(device, holds, async () => undefined);
}

/** The link's Verilog with the fixture's engine, or decoder. */
export function linkRig(executable: string, steps = false): Promise<Rig> {
  const device = new SimulatedDevice(executable, fixtureInfo().clockHz);
  return (steps ? stepRig : fixtureRig)(
    device,
    () => null,
    () => device.close(),
  );
}

/** Compiles the small accelerator of test/rtl/top for `generatedRig`. */
export async function smallSimulator(folder: string): Promise<{ executable: string; made: FabricatedModel }> {
  const { made, verilog } = smallAccelerator(folder);
  const { executable } = await compile({
    name: 'small-accelerator',
    top: 'sdq_top',
    verilog: verilog.map((file) => join(folder, file)),
    cpp: [join(ROOT, HARNESS)],
    optimisation: 'build',
  });
  return { executable, made };
}

/** A generated accelerator, compiled, and the integer decoder around it. */
export function generatedRig(executable: string, { model, weights }: FabricatedModel): Rig {
  const { plan } = model;
  const device = new SimulatedDevice(executable, loadBoard(plan.board).clockHz);
  const decoder = (): IntegerDecoder => new IntegerDecoder(model);
  const golden = decoder();
  const tokens: number[] = [];
  for (let i = 0; i < TOKENS; i++)
    tokens.push(argmax(runGolden(golden.step(tokens.at(-1) ?? plan.model.bos), weights)));
  return {
    device,
    planHash: SMALL_PLAN_HASH,
    images: uploadImages(plan, weights),
    tokens,
    async generate(accelerator) {
      const linears = new AcceleratorLinears(accelerator, plan);
      const steps = decoder();
      const generated: number[] = [];
      for (let i = 0; i < TOKENS; i++) {
        const step = steps.step(generated.at(-1) ?? plan.model.bos);
        generated.push(argmax(await runDecoder(step, (call) => linears.run(call))));
      }
      return generated;
    },
    holds: () => null,
    close: () => device.close(),
  };
}
