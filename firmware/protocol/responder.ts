/**
 * The device's end of the protocol: the reference that the hardware is compared with, and a device for programs that
 * have none.
 */

import { crc32 } from './crc32.js';
import { FrameParser, FrameWriter } from './frames.js';
import { LayoutError } from './layout.js';
import {
  ERROR_CODES,
  type Info,
  isRequestType,
  MAX_LOGIT_VALUES,
  MAX_RESULT_VALUES,
  PROTOCOL_VERSION,
  type RawMessage,
  type Request,
  type Response,
  readRequest,
  type StepRequest,
} from './messages.js';

/** A token that a step gave. */
export interface SteppedToken {
  readonly position: number;
  readonly token: number;
  readonly cycles: number;
  readonly last: boolean;
  /** One per token of the vocabulary; looked at if the request wants them. */
  readonly logits: Int32Array;
}

/** What executes requests. Addresses, indices and steps have been checked. */
export interface ResponderEngine {
  /** `data` is valid during the call only. */
  write(address: number, data: Uint8Array): void;
  read(address: number, length: number): Uint8Array;
  /** All outputs of a linear, and the engine's clock cycles. */
  run?(linear: number, shift: number): { readonly values: Int32Array; readonly cycles: number };
  /** The tokens of a step, each computed when it is taken. */
  step?(request: StepRequest): Iterable<SteppedToken>;
}

/** A device from its reset on. */
export class Responder {
  readonly #info: Info;
  readonly #engine: ResponderEngine;
  readonly #parser: FrameParser;
  readonly #writer = new FrameWriter();
  /** HELLO has been executed. */
  #greeted = false;

  constructor(info: Info, engine: ResponderEngine) {
    this.#info = info;
    this.#engine = engine;
    this.#parser = new FrameParser(info.maxBody);
  }

  /** Takes bytes from the host and returns those that the device sends back. */
  receive(bytes: Uint8Array): Uint8Array {
    for (const frame of this.#parser.push(bytes)) {
      if (!frame.ok) {
        this.#writer.response(errorResponse('damagedFrame'), 0);
        continue;
      }
      for (const response of this.#execute(frame)) this.#writer.response(response, frame.seq);
    }
    return this.#writer.take();
  }

  #execute(raw: RawMessage): Iterable<Response> {
    if (!isRequestType(raw.type, this.#info.vocab > 0)) return [errorResponse('unknownType')];
    let request: Request;
    try {
      request = readRequest(raw);
    } catch (error) {
      if (error instanceof LayoutError) return [errorResponse('badLength')];
      throw error;
    }
    if (request.kind === 'write' && request.data.length === 0) return [errorResponse('badLength')];
    if (request.kind !== 'hello' && !this.#greeted) return [errorResponse('noHello')];
    switch (request.kind) {
      case 'hello':
        if (request.version !== PROTOCOL_VERSION) return [errorResponse('wrongVersion')];
        this.#greeted = true;
        return [this.#info];
      case 'write':
        if (!this.#holds(request.address, request.data.length)) return [errorResponse('badAddress')];
        this.#engine.write(request.address, request.data);
        return [{ kind: 'written' }];
      case 'check':
        if (!this.#holds(request.address, request.length)) return [errorResponse('badAddress')];
        return [{ kind: 'checked', crc: crc32(this.#engine.read(request.address, request.length)) }];
      case 'run':
        if (request.linear >= this.#info.linears) return [errorResponse('noSuchLinear')];
        return this.#run(request.linear, request.shift);
      case 'step':
        if (!this.#fits(request)) return [errorResponse('badStep')];
        return this.#step(request);
    }
  }

  *#run(linear: number, shift: number): Generator<Response> {
    const { values, cycles } = this.#engine.run!(linear, shift);
    for (let row = 0; row < values.length; row += MAX_RESULT_VALUES) {
      const part = values.subarray(row, row + MAX_RESULT_VALUES);
      yield { kind: 'result', linear, row, rows: values.length, cycles, values: part };
    }
  }

  *#step(request: StepRequest): Generator<Response> {
    for (const { position, token, cycles, last, logits } of this.#engine.step!(request)) {
      if (request.flags.logits) {
        for (let first = 0; first < logits.length; first += MAX_LOGIT_VALUES) {
          yield { kind: 'logits', position, first, values: logits.subarray(first, first + MAX_LOGIT_VALUES) };
        }
      }
      yield { kind: 'token', flags: { last }, position, token, cycles };
    }
  }

  #fits({ position, count, tokens }: StepRequest): boolean {
    const { vocab, context } = this.#info;
    const known = tokens.length > 0 && tokens.every((token) => token < vocab);
    return known && count > 0 && position + tokens.length + count - 1 <= context;
  }

  #holds(address: number, length: number): boolean {
    return this.#info.regions.some(
      ({ base, stride, words }) => address >>> 28 === base >>> 28 && address - base + length <= stride * words,
    );
  }
}

function errorResponse(name: keyof typeof ERROR_CODES): Response {
  return { kind: 'error', code: ERROR_CODES[name] };
}
