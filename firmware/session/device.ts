/// <reference lib="esnext.disposable" preserve="true" />

import type { Image } from '../../generator/image/image.js';
import { Accelerator, type AcceleratorOptions } from '../device/accelerator.js';
import { noWeightsError, wrongPlanError } from '../device/errors.js';
import type { UploadOptions, UploadResult } from '../device/upload.js';
import type { Info } from '../protocol/messages.js';
import type { Transport } from '../transport/transport.js';
import { AcceleratorLinears } from './accelerator-linears.js';
import { DecoderSteps } from './decoder-steps.js';
import { GoldenModel } from './golden-model.js';
import type { LinearRunner } from './linears.js';
import type { Session, SessionOptions } from './session.js';
import type { StepRunner } from './step-tokens.js';
import { deviceImages } from './upload.js';

export interface DeviceSessionOptions extends SessionOptions {
  /** Compare every value with the golden model, which computes beside the board: `GeneratedToken.agreement`. */
  readonly compare?: boolean;
}

/** Weights in a board's memory. */
interface Loaded {
  readonly model: GoldenModel;
  /** Of all sessions, since they share the board's memory. */
  readonly board: AcceleratorLinears | DecoderSteps;
}

/** A board with a model in its memory, real or simulated. */
export class Device {
  readonly #accelerator: Accelerator;
  /** What the board's memory holds, once an upload has confirmed it. */
  #loaded: Loaded | null = null;
  /** The upload that began last. */
  #upload: object | null = null;

  private constructor(accelerator: Accelerator) {
    this.#accelerator = accelerator;
  }

  /**
   * Finds out which board is at the other end. The device owns the transport from here on: it is closed when this
   * throws.
   *
   * @throws DeviceError no-answer, garbled, wrong-version, wrong-plan (its message has both hashes), disconnected,
   * closed; the reason of `options.signal`
   */
  static async open(transport: Transport, options: AcceleratorOptions = {}): Promise<Device> {
    return new Device(await Accelerator.open(transport, options));
  }

  /** What the board said about itself. */
  get info(): Info {
    return this.#accelerator.info;
  }

  /** Hash of the plan that the board was built for, 64 hexadecimal digits. */
  get planHash(): string {
    return this.#accelerator.planHash;
  }

  /**
   * Brings a model's weights into the board's memory. What it holds already is not sent; when this resolves, the board
   * has confirmed the CRC of all of it. Sessions of the weights before cannot go on.
   *
   * @throws DeviceError wrong-plan (its message has both hashes), crc-mismatch, no-answer, garbled, refused, restarted,
   * disconnected, closed; InputError if the weights are damaged; the reason of `options.signal`, after which another
   * upload continues where this one stopped
   */
  async upload(weights: Image, options: UploadOptions = {}): Promise<UploadResult> {
    if (weights.planHash !== this.planHash) {
      throw wrongPlanError(this.#accelerator.name, this.planHash, weights.planHash);
    }
    const upload = {};
    this.#upload = upload;
    this.#loaded = null;
    const result = await this.#accelerator.upload(deviceImages(weights), options);
    // Another upload may have begun to write over this one.
    if (this.#upload === upload) {
      const board =
        weights.plan.decoder === undefined
          ? new AcceleratorLinears(this.#accelerator, weights.plan)
          : new DecoderSteps(this.#accelerator);
      this.#loaded = { model: new GoldenModel(weights), board };
    }
    return result;
  }

  /**
   * Begins a text that the uploaded model continues: iterate over it for the tokens.
   *
   * @throws DeviceError no-weights before an upload; InputError as `Session` does
   */
  session({ compare = false, ...options }: DeviceSessionOptions): Session {
    const loaded = this.#loaded;
    if (loaded === null) throw noWeightsError(this.#accelerator.name);
    const { model, board } = loaded;
    const check = (): void => {
      if (this.#loaded !== loaded) throw noWeightsError(this.#accelerator.name);
    };
    if (board instanceof DecoderSteps) {
      const run: StepRunner = (wish) => {
        check();
        return board.run(wish);
      };
      return model.sessionOfSteps(run, options, compare);
    }
    const run: LinearRunner = async (call, signal) => {
      check();
      return board.run(call, signal);
    };
    return model.sessionWith(run, options, compare);
  }

  /** Closes the transport; what is unanswered fails with code `closed`. */
  close(): Promise<void> {
    return this.#accelerator.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
