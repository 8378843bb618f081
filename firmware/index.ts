/**
 * sdq-forge for programs: text from a model on a board, or from the golden model where there is no board.
 *
 *     const device = await Device.open(transport);                  // any Transport: bytes in, bytes out
 *     await device.upload(weights, { onProgress, signal });         // weights: readWeights(bytes of a weights.sdq)
 *     for await (const { token, text } of device.session({ tokenizer, prompt, maxTokens, temperature, topP, seed, signal }))
 *     await device.close();                                         // or: await using device = …
 *
 * The same session, with the same tokens, in three ways:
 *
 *     device.session(options)                          on the board: the linears, or all of it in placement decoder
 *     device.session({ ...options, compare: true })    on the board, every value compared: see `agreement` of each token
 *     new GoldenModel(weights).session(options)        in this thread, without a board
 *
 * Errors are a DeviceError (`code`, `nextStep`), an InputError for what the caller gave, or the reason of `signal`.
 * This entry runs in browsers and in Node. 'sdq-forge/node' adds the transports of Node and the reading of files,
 * 'sdq-forge/web' the transports of browsers.
 */

export { InputError } from '../generator/errors.js';
export { type ByteSource, Image as Weights, readWeights } from '../generator/image/image.js';
export type { AcceleratorOptions as DeviceOptions } from './device/accelerator.js';
export type { UploadOptions, UploadResult } from './device/upload.js';
export type { Info } from './protocol/messages.js';
export { Comparison, describeMismatch, type Mismatch } from './session/compare.js';
export { Device, type DeviceSessionOptions } from './session/device.js';
export { GoldenModel } from './session/golden-model.js';
export type { SamplingOptions } from './session/sampling.js';
export { type Agreement, type GeneratedToken, Session, type SessionOptions } from './session/session.js';
export { type NamedBytes, parseTokenizer } from './tokenizer/from-files.js';
export type { TextStream, Tokenizer } from './tokenizer/tokenizer.js';
export { DeviceError, type DeviceErrorCode } from './transport/errors.js';
export { type ByteDevice, InProcessTransport } from './transport/in-process.js';
export { DEFAULT_BAUD_RATE } from './transport/rates.js';
export type { Transport, TransportListener } from './transport/transport.js';
export type { UsbDevice } from './transport/usb/device.js';
export { openUsb, type UsbOptions } from './transport/usb/transport.js';
