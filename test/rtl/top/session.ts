/** A generated accelerator with a small made-up model, and a session with it: what goes in, and what must come back. */

import type { MemoryImage } from '../../../firmware/device/upload.js';
import { encodeRequest } from '../../../firmware/protocol/frames.js';
import { MAX_BODY_BYTES, PROTOCOL_VERSION, type Request, type Response } from '../../../firmware/protocol/messages.js';
import { Responder, type ResponderEngine } from '../../../firmware/protocol/responder.js';
import { vectorWrites } from '../../../firmware/session/accelerator-linears.js';
import { loadBoard } from '../../../generator/boards/node/load.js';
import { generate } from '../../../generator/emit/node/generate.js';
import type { Plan } from '../../../generator/plan/types.js';
import { linearCycles } from '../../../generator/sizing/cycles.js';
import { engineGeometry } from '../../../generator/sizing/geometry.js';
import { tileLinear } from '../../../generator/sizing/tile.js';
import { IntegerDecoder, type LinearCall } from '../../../sim/golden/decoder.js';
import { goldenLinear } from '../../../sim/golden/run.js';
import { type FabricatedModel, fabricateModel, fabricatePlan, llamaConfig } from '../../support/golden-models.js';

export const SMALL_PLAN_HASH = '5d'.repeat(32);
const NONCE = 1;

export interface Exchange {
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** Generates the accelerator of a small plan. @returns its plan and model, and its Verilog within the folder */
export function smallAccelerator(folder: string): { made: FabricatedModel; verilog: string[] } {
  const config = llamaConfig({ layers: 1, dim: 32, embedDim: 32, headDim: 8, hidden: 44, vocab: 16 });
  const plan = fabricatePlan(config, { lanes: 8, arrayRows: 5 });
  const { files } = generate(plan, SMALL_PLAN_HASH, folder);
  return { made: fabricateModel(plan, 3), verilog: files.filter((file) => file.endsWith('.v')) };
}

/**
 * Uploads the weights of some linears, reads them back by their CRC, and runs these linears in a decoder step. The answers
 * are those of the protocol's reference with the golden model behind it.
 */
export function session({ model, weights }: FabricatedModel, linears: readonly number[]): Exchange[] {
  const { plan } = model;
  const engine = new GoldenEngine(plan, (call) => goldenLinear(call, weights));
  const device = new Responder(infoOf(plan), engine);
  const exchanges: Exchange[] = [];
  const ask = (request: Request): void => {
    const bytes = encodeRequest(request, exchanges.length & 0xff);
    exchanges.push({ request: bytes, answer: device.receive(bytes) });
  };
  const write = ({ address, bytes }: MemoryImage): void => {
    const most = MAX_BODY_BYTES - 4;
    for (let at = 0; at < bytes.length; at += most) {
      ask({ kind: 'write', address: address + at, data: bytes.subarray(at, at + most) });
    }
  };

  ask({ kind: 'hello', version: PROTOCOL_VERSION });
  const images = linears.flatMap((index) => tileLinear(plan, index, weights.linear(index)));
  for (const image of images) write(image);
  for (const { address, bytes } of images) ask({ kind: 'check', address, length: bytes.length });
  const step = new IntegerDecoder(model).step(plan.model.bos);
  let sent: unknown;
  for (let state = step.next(); !state.done; state = step.next(goldenLinear(state.value, weights))) {
    const call = state.value;
    if (!linears.includes(call.index)) continue;
    if (call.vector !== sent) {
      const images = vectorWrites(plan, call);
      for (const image of images) write(image);
      for (const { address, bytes } of images) ask({ kind: 'check', address, length: bytes.length });
    }
    sent = call.vector;
    engine.call = call;
    ask({ kind: 'run', linear: call.index, shift: call.shift });
  }
  return exchanges;
}

function infoOf(plan: Plan): Extract<Response, { kind: 'info' }> {
  const { link, clockHz } = loadBoard(plan.board);
  const { weights, scales, activations, blocks } = plan.memory;
  return {
    kind: 'info',
    version: PROTOCOL_VERSION,
    regionCount: 4,
    maxBody: link.maxBody,
    rxBytes: link.rxBytes,
    clockHz,
    linears: plan.linears.length,
    planHash: new Uint8Array(32).fill(0x5d),
    regions: [weights, scales, activations, blocks],
    vocab: 0,
    context: 0,
    bootNonce: NONCE,
  };
}

/** Memory of the plan's size, and linears that the golden model computes from the call that is due. */
class GoldenEngine implements ResponderEngine {
  call: LinearCall | undefined;
  readonly #memory = new Map<number, number>();

  constructor(
    private readonly plan: Plan,
    private readonly compute: (call: LinearCall) => Int32Array,
  ) {}

  write(address: number, data: Uint8Array): void {
    for (const [i, byte] of data.entries()) this.#memory.set(address + i, byte);
  }

  read(address: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.#memory.get(address + i)!);
  }

  run(): { values: Int32Array; cycles: number } {
    const call = this.call!;
    return { values: this.compute(call), cycles: linearCycles(call.linear, engineGeometry(this.plan)) };
  }
}
