/** A device in placement `decoder` without hardware: the interpreter behind the protocol's reference. */

import { type Info, PROTOCOL_VERSION, type StepRequest } from '../../../firmware/protocol/messages.js';
import { Responder, type ResponderEngine, type SteppedToken } from '../../../firmware/protocol/responder.js';
import { deviceImages } from '../../../firmware/session/upload.js';
import type { ByteDevice } from '../../../firmware/transport/in-process.js';
import type { Board } from '../../../generator/boards/board.js';
import { cached, type Image } from '../../../generator/image/image.js';
import { compileProgram } from '../../../generator/schedule/compile.js';
import { type PlanProgram, planProgram } from '../../../generator/schedule/program.js';
import { decoderRegions, PARAMETER_BASE } from '../../../generator/schedule/regions.js';
import type { IntegerModel } from '../parameters.js';
import { Interpreter } from './interpreter.js';
import { GoldenArray } from './run.js';

/**
 * Executes steps as the hardware does, with its cycles, on the parameters in its memory. Linears and constants are those of
 * the image: where the memory does not hold them, steps give zeros.
 */
export class GoldenDevice implements ByteDevice, ResponderEngine {
  /** Contents of the regions. */
  readonly memory: readonly Uint8Array[];
  readonly info: Info;
  readonly #responder: Responder;
  readonly #array: GoldenArray;
  readonly #images: ReturnType<typeof deviceImages>;
  readonly #program: PlanProgram;
  readonly #interpreter: Interpreter;

  constructor(image: Image, board: Board, bootNonce = 1) {
    const { plan } = image;
    const model: IntegerModel = image.integerModel();
    this.#program = planProgram(plan, board);
    const { machine, assembly } = this.#program;
    const regions = decoderRegions(plan, machine, assembly.constants.length);
    this.memory = regions.map(({ stride, words }) => new Uint8Array(stride * words));
    this.#images = deviceImages(image);
    this.#array = new GoldenArray(model, cached(image));
    const parameters = this.memory[PARAMETER_BASE >>> 28]!;
    this.#interpreter = new Interpreter(compileProgram(model, machine), machine, model.tables, parameters);
    const { maxBody, rxBytes } = board.link;
    const { vocab, context } = plan.model;
    this.info = {
      kind: 'info',
      version: PROTOCOL_VERSION,
      ...{ regionCount: regions.length, maxBody, rxBytes, clockHz: board.clockHz, linears: plan.linears.length },
      planHash: Uint8Array.from(image.planHash.match(/../g)!, (digits) => Number.parseInt(digits, 16)),
      regions: regions.map(({ base, stride, wordBytes, words }) => ({ base, stride, wordBytes, words })),
      ...{ vocab, context, bootNonce },
    };
    this.#responder = new Responder(this.info, this);
  }

  receive(bytes: Uint8Array): Uint8Array {
    return this.#responder.receive(bytes);
  }

  write(address: number, data: Uint8Array): void {
    this.memory[address >>> 28]!.set(data, address & 0xfff_ffff);
  }

  read(address: number, length: number): Uint8Array {
    return this.memory[address >>> 28]!.subarray(address & 0xfff_ffff, (address & 0xfff_ffff) + length);
  }

  *step({ position, count, flags, stop, tokens }: StepRequest): Generator<SteppedToken> {
    const end = position + tokens.length + count - 1;
    const holds = this.#holds();
    let token = tokens[0]!;
    for (let p = position; p < end; p++) {
      token = tokens[p - position] ?? token;
      const { logits, best } = this.#execute(token, p, holds);
      if (p < position + tokens.length - 1) continue;
      const last = p + 1 === end || (flags.stops && best === stop);
      yield { position: p, token: best, cycles: this.#program.stepCycles(p), last, logits };
      if (last) return;
      token = best;
    }
  }

  #execute(token: number, position: number, holds: boolean): { logits: Int32Array; best: number } {
    if (!holds) return { logits: new Int32Array(this.info.vocab), best: 0 };
    return this.#array.finish(this.#interpreter.step(token, position));
  }

  #holds(): boolean {
    return this.#images.every(({ address, bytes }) => {
      const held = this.read(address, bytes.length);
      return bytes.every((byte, i) => byte === held[i]);
    });
  }
}
