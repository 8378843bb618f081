import type { Plan } from '../../generator/plan/types.js';
import type { LinearCall } from '../../sim/golden/decoder.js';
import type { FramedVector } from '../../sim/golden/frame.js';
import type { Device } from '../device/device.js';

/** Bytes at an address of the accelerator's memory. */
export interface MemoryWrite {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Runs linears on a device; a vector that consecutive calls share is sent once. */
export class AcceleratorLinears {
  #sent: FramedVector | null = null;
  /** Engine cycles of the last run. */
  cycles = 0;

  constructor(
    private readonly device: Device,
    private readonly plan: Plan,
  ) {}

  async run(call: LinearCall): Promise<Int32Array> {
    const writes = call.vector === this.#sent ? [] : vectorWrites(this.plan, call);
    const { values, cycles } = await this.device.run(call.index, call.shift, writes);
    this.#sent = call.vector;
    this.cycles = cycles;
    return values;
  }
}

/**
 * A framed vector as memory writes: block b's samples begin at word b · S of the activation memory, S the words of the
 * plan's longest block; its sum and exponent are word b of the block memory.
 */
export function vectorWrites(plan: Plan, call: LinearCall): MemoryWrite[] {
  const { activations, blocks } = plan.memory;
  const { samples, stride, exponents, sums } = call.vector;
  const count = exponents.length;
  const longest = Math.max(...plan.linears.map((linear) => linear.samples));
  const blockBytes = Math.ceil(longest / plan.array.lanes) * activations.stride;

  const image = new Uint8Array((count - 1) * blockBytes + stride);
  for (let b = 0; b < count; b++) {
    image.set(new Uint8Array(samples.buffer, b * stride, stride), b * blockBytes);
  }
  const headers = new DataView(new ArrayBuffer(count * blocks.stride));
  for (let b = 0; b < count; b++) {
    headers.setInt32(b * blocks.stride, sums[b]!, true);
    headers.setInt8(b * blocks.stride + 3, exponents[b]!);
  }
  return [
    { address: activations.base, bytes: image },
    { address: blocks.base, bytes: new Uint8Array(headers.buffer) },
  ];
}
