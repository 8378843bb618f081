/** The test top level (sdq_top.v) in TypeScript, and how it is compiled. */

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Info,
  PROTOCOL_VERSION,
  REGION_COUNT,
  STEP_REGION_COUNT,
  type StepRequest,
} from '../../../firmware/protocol/messages.js';
import type { ResponderEngine, SteppedToken } from '../../../firmware/protocol/responder.js';
import { compile } from '../../../sim/verilator-bin/src/compile.js';

export const FIXTURE_FOLDER = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(FIXTURE_FOLDER, '../../..');

/** Buffers of a device, as in INFO. */
export interface Buffers {
  readonly maxBody: number;
  readonly rxBytes: number;
}

/** A buffer of two frames, which meets its limits all the time. */
export const SMALL: Buffers = { maxBody: 24, rxBytes: 64 };

/** What sdq_top.v says in INFO; its constant bytes are a literal there, but for the buffers, which are parameters. */
export function fixtureInfo(bootNonce = 1, buffers: Buffers = { maxBody: 1024, rxBytes: 4096 }): Info {
  return {
    kind: 'info',
    version: PROTOCOL_VERSION,
    regionCount: REGION_COUNT,
    ...buffers,
    clockHz: 12_000_000,
    linears: 4,
    planHash: Uint8Array.from({ length: 32 }, (_, i) => (i * 37) & 0xff),
    regions: [
      { base: 0x0000_0000, stride: 8, wordBytes: 5, words: 512 },
      { base: 0x1000_0000, stride: 4, wordBytes: 4, words: 64 },
      { base: 0x2000_0000, stride: 16, wordBytes: 16, words: 8 },
      { base: 0x3000_0000, stride: 4, wordBytes: 4, words: 4 },
    ],
    vocab: 0,
    context: 0,
    bootNonce,
  };
}

/** The same with STEPS. */
export function stepInfo(bootNonce = 1, buffers?: Buffers): Info {
  const info = fixtureInfo(bootNonce, buffers);
  return {
    ...info,
    regionCount: STEP_REGION_COUNT,
    regions: [
      ...info.regions.slice(0, 2),
      { base: 0x2000_0000, stride: 2, wordBytes: 2, words: 0 },
      { base: 0x3000_0000, stride: 2, wordBytes: 2, words: 0 },
      { base: 0x4000_0000, stride: 16, wordBytes: 16, words: 8 },
      { base: 0x5000_0000, stride: 2, wordBytes: 2, words: 8 },
    ],
    vocab: 150,
    context: 40,
  };
}

const ROWS = [1, 60, 61, 150];

/** fake_engine.v */
export class FakeEngine implements ResponderEngine {
  readonly memory: readonly Uint8Array[];
  readonly #regions: Info['regions'];

  constructor(info = fixtureInfo()) {
    this.#regions = info.regions;
    this.memory = this.#regions.map(({ stride, words }) => new Uint8Array(stride * words));
  }

  write(address: number, data: Uint8Array): void {
    const { memory, offset, stride, wordBytes } = this.#at(address);
    data.forEach((byte, i) => {
      if ((offset + i) % stride < wordBytes) memory[offset + i] = byte;
    });
  }

  read(address: number, length: number): Uint8Array {
    const { memory, offset } = this.#at(address);
    return memory.slice(offset, offset + length);
  }

  run(linear: number, shift: number): { values: Int32Array; cycles: number } {
    const sum = new Int8Array(this.memory[2]!.buffer, 0, 16).reduce((total, value) => total + value, 0);
    const weights = new Int8Array(this.memory[0]!.buffer);
    const values = Int32Array.from({ length: ROWS[linear]! }, (_, r) => (r + 1) * sum + weights[r]! + shift);
    return { values, cycles: 100 + linear };
  }

  #at(address: number) {
    const region = address >>> 28;
    return { memory: this.memory[region]!, offset: address & 0x0fff_ffff, ...this.#regions[region]! };
  }
}

/** fake_decoder.v */
export class FakeDecoder extends FakeEngine {
  readonly #info = stepInfo();
  readonly #history = new Uint16Array(this.#info.context);

  constructor() {
    super(stepInfo());
  }

  *step({ position, count, flags, stop, tokens }: StepRequest): Generator<SteppedToken> {
    const { vocab } = this.#info;
    for (let i = 0, token = tokens[0]!; ; i++) {
      const p = position + i;
      const before = p === 0 ? 0 : this.#history[p - 1]!;
      this.#history[p] = 5 * before + 3 * token + this.memory[0]![64 * p]! + 1;
      const h = this.#history[p]!;
      token = h % vocab;
      if (i + 1 < tokens.length) {
        token = tokens[i + 1]!;
        continue;
      }
      const last = i + 1 === tokens.length + count - 1 || (flags.stops && token === stop);
      const logits = Int32Array.from({ length: vocab }, (_, t) => (t === token ? 1000 : -1 - ((h ^ t) & 1023)));
      yield { position: p, token, cycles: 50 + p, last, logits };
      if (last) return;
    }
  }
}

/** Every Verilog file of the link and of the fixture. */
export function fixtureVerilog(): string[] {
  const folders = [join(ROOT, 'rtl/link'), join(ROOT, 'rtl/control'), FIXTURE_FOLDER];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.v') && !file.endsWith('_tb.v'))
      .map((file) => join(folder, file)),
  );
}

export interface FixtureOptions {
  readonly params?: Readonly<Record<string, number>>;
  /** Other Verilog files than the real ones, for tests of the tests. */
  readonly verilog?: readonly string[];
}

/** Compiles the fixture with a C++ main; returns the executable. */
export async function compileFixture(cpp: string, options: FixtureOptions = {}): Promise<string> {
  const { executable } = await compile({
    name: 'link-fixture',
    top: 'sdq_top',
    verilog: options.verilog ?? fixtureVerilog(),
    cpp: [join(ROOT, cpp)],
    params: options.params ?? {},
    optimisation: 'build',
  });
  return executable;
}

export const HARNESS = 'sim/harness/main.cpp';
export const STRESS = 'test/rtl/link/stress.cpp';
