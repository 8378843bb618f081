import type { Plan } from '../../generator/plan/types.js';
import type { LinearCall } from '../../sim/golden/decoder.js';
import type { FramedVector } from '../../sim/golden/frame.js';
import type { Accelerator } from '../device/accelerator.js';
import type { MemoryImage } from '../device/upload.js';

/** Runs linears on an accelerator; a vector that consecutive calls share is sent once. */
export class AcceleratorLinears {
  /** The vector that the accelerator holds once what was asked of it is done. */
  #sent: FramedVector | null = null;
  /** Engine cycles of the last run. */
  cycles = 0;

  constructor(
    private readonly accelerator: Accelerator,
    private readonly plan: Plan,
  ) {}

  /** @throws what `Accelerator.run` throws */
  async run(call: LinearCall, signal?: AbortSignal): Promise<Int32Array> {
    const writes = call.vector === this.#sent ? [] : vectorWrites(this.plan, call);
    // Before the answer: another session's call may be made meanwhile, and is executed after this one.
    this.#sent = call.vector;
    try {
      const { values, cycles } = await this.accelerator.run(call.index, call.shift, writes, signal);
      this.cycles = cycles;
      return values;
    } catch (error) {
      this.#sent = null;
      throw error;
    }
  }
}

/** A vector as memory writes: mantissas for the device to frame, or samples; then the blocks. */
export function vectorWrites(plan: Plan, { vector }: LinearCall): MemoryImage[] {
  const onDevice = plan.array.frame !== undefined;
  return [
    { address: plan.memory.activations.base, bytes: onDevice ? mantissaBytes(vector) : sampleBytes(plan, vector) },
    {
      address: plan.memory.blocks.base,
      bytes: blockBytes(plan, vector, onDevice ? vector.mantissaExponents : vector.exponents),
    },
  ];
}

/** All blocks' mantissas in turn, int16. */
function mantissaBytes({ mantissas }: FramedVector): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(2 * mantissas.length));
  for (const [i, mantissa] of mantissas.entries()) bytes.setInt16(2 * i, mantissa, true);
  return new Uint8Array(bytes.buffer);
}

/** Block b's samples begin at word b · S of the region, S the words of the plan's longest block. */
function sampleBytes(plan: Plan, { samples, stride, exponents }: FramedVector): Uint8Array {
  const longest = Math.max(...plan.linears.map((linear) => linear.samples));
  const blockBytes = Math.ceil(longest / plan.array.lanes) * plan.memory.activations.stride;
  const bytes = new Uint8Array((exponents.length - 1) * blockBytes + stride);
  for (let b = 0; b < exponents.length; b++) {
    bytes.set(new Uint8Array(samples.buffer, b * stride, stride), b * blockBytes);
  }
  return bytes;
}

/** Word b holds block b's sum and exponent. */
function blockBytes(plan: Plan, { sums }: FramedVector, exponents: Int8Array): Uint8Array {
  const { stride } = plan.memory.blocks;
  const words = new DataView(new ArrayBuffer(exponents.length * stride));
  for (const [b, exponent] of exponents.entries()) {
    words.setInt32(b * stride, sums[b]!, true);
    words.setInt8(b * stride + 3, exponent);
  }
  return new Uint8Array(words.buffer);
}
