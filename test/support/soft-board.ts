/** A board without hardware: the reference device, whose engine is the golden model, over the memory that it was given. */

import { type Info, PROTOCOL_VERSION } from '../../firmware/protocol/messages.js';
import { Responder, type ResponderEngine } from '../../firmware/protocol/responder.js';
import { type ByteDevice, InProcessTransport } from '../../firmware/transport/in-process.js';
import { cached, type Image } from '../../generator/image/image.js';
import { blockCount } from '../../generator/plan/blocks.js';
import type { Plan } from '../../generator/plan/types.js';
import { blockSlotWords } from '../../generator/sizing/memory.js';
import { type MemoryImage, tileLinear } from '../../generator/sizing/tile.js';
import { runLinear } from '../../sim/golden/linear.js';
import type { LinearWeights } from '../../sim/golden/parameters.js';

/** For plans whose vectors the host frames. */
export class SoftBoard implements ByteDevice, ResponderEngine {
  readonly memory: readonly Uint8Array[];
  /** Called before each burst of bytes is executed. */
  beforeBurst: () => void = () => undefined;
  /** Changes what a linear answers. */
  distort: (values: Int32Array, linear: number) => void = () => undefined;
  readonly #plan: Plan;
  readonly #weights: LinearWeights;
  /** What its memory holds of each linear after an upload. */
  readonly #images: readonly (readonly MemoryImage[])[];
  readonly #responder: Responder;

  /** @param weights what the board computes with, where its memory holds them */
  constructor(weights: Image) {
    this.#weights = cached(weights);
    this.#plan = weights.plan;
    this.#images = this.#plan.linears.map((_, index) => tileLinear(this.#plan, index, this.#weights.linear(index)));
    const { memory, linears } = this.#plan;
    const regions = [memory.weights, memory.scales, memory.activations, memory.blocks];
    this.memory = regions.map(({ stride, words }) => new Uint8Array(stride * words));
    const info: Info = {
      kind: 'info',
      version: PROTOCOL_VERSION,
      regionCount: 4,
      maxBody: 1024,
      rxBytes: 4096,
      clockHz: 12_000_000,
      linears: linears.length,
      planHash: new Uint8Array(Buffer.from(weights.planHash, 'hex')),
      regions: regions.map(({ base, stride, wordBytes, words }) => ({ base, stride, wordBytes, words })),
      vocab: 0,
      context: 0,
      bootNonce: 1,
    };
    this.#responder = new Responder(info, this);
  }

  transport(): InProcessTransport {
    return new InProcessTransport(this, 'the soft board');
  }

  receive(bytes: Uint8Array): Uint8Array {
    this.beforeBurst();
    return this.#responder.receive(bytes);
  }

  write(address: number, data: Uint8Array): void {
    this.memory[address >>> 28]!.set(data, address & 0xfff_ffff);
  }

  read(address: number, length: number): Uint8Array {
    return this.memory[address >>> 28]!.subarray(address & 0xfff_ffff, (address & 0xfff_ffff) + length);
  }

  run(index: number, shift: number): { values: Int32Array; cycles: number } {
    const linear = this.#plan.linears[index]!;
    const weights = this.#weights.linear(index);
    if (!this.#holds(index)) return { values: new Int32Array(linear.rows), cycles: 1 };
    const blocks = blockCount(linear);
    const stride = blockSlotWords(this.#plan.linears, this.#plan.array) * this.#plan.memory.activations.stride;
    const words = new DataView(this.memory[3]!.buffer);
    const word = (b: number): number => words.getInt32(b * this.#plan.memory.blocks.stride, true);
    const vector = {
      samples: new Int8Array(this.memory[2]!.buffer, 0, blocks * stride),
      stride,
      exponents: Int8Array.from({ length: blocks }, (_, b) => word(b) >> 24),
      sums: Int32Array.from({ length: blocks }, (_, b) => (word(b) << 8) >> 8),
      reference: 0,
      mantissas: new Int16Array(0),
      mantissaExponents: new Int8Array(0),
    };
    const values = runLinear(linear, weights, vector, shift);
    this.distort(values, index);
    return { values, cycles: 1 };
  }

  #holds(index: number): boolean {
    return this.#images[index]!.every(
      ({ address, bytes }) => Buffer.compare(this.read(address, bytes.length), bytes) === 0,
    );
  }
}
