import { type Info, PROTOCOL_VERSION, STEP_REGION_COUNT, type StepRequest } from '../../firmware/protocol/messages.js';
import { Responder, type ResponderEngine, type SteppedToken } from '../../firmware/protocol/responder.js';
import type { LineDevice } from '../../sim/line/line.js';

/** A device that takes steps, without a memory: any tokens, each after its cycles. */
export class TimedDecoder implements LineDevice, ResponderEngine {
  static readonly CONTEXT = 256;
  readonly #responder: Responder;
  #steps = 0;

  constructor(
    private readonly clockHz: number,
    private readonly cyclesPerToken: number,
    buffers: Pick<Info, 'rxBytes' | 'maxBody'>,
  ) {
    const region = { stride: 2, wordBytes: 2, words: 0 };
    this.#responder = new Responder(
      {
        ...{ kind: 'info', version: PROTOCOL_VERSION, regionCount: STEP_REGION_COUNT, ...buffers, clockHz, linears: 1 },
        planHash: new Uint8Array(32),
        regions: Array.from({ length: STEP_REGION_COUNT }, (_, i) => ({ ...region, base: i * 2 ** 28 })),
        ...{ vocab: 512, context: TimedDecoder.CONTEXT, bootNonce: 1 },
      },
      this,
    );
  }

  async receive(bytes: Uint8Array): Promise<{ bytes: Uint8Array; milliseconds: number }> {
    const before = this.#steps;
    const answer = this.#responder.receive(bytes);
    return { bytes: answer, milliseconds: (1000 * this.cyclesPerToken * (this.#steps - before)) / this.clockHz };
  }

  async reset(): Promise<void> {
    throw new Error('No line here resets the device.');
  }

  write(): void {}

  read(): Uint8Array {
    return new Uint8Array(0);
  }

  *step({ position, tokens, count }: StepRequest): Generator<SteppedToken> {
    this.#steps += tokens.length - 1;
    for (let i = 0; i < count; i++) {
      this.#steps++;
      const at = position + tokens.length - 1 + i;
      const token = (at * 37 + 3) % 512;
      yield { position: at, token, cycles: this.cyclesPerToken, last: i + 1 === count, logits: new Int32Array(0) };
    }
  }
}
