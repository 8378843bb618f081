/** What can go wrong between this program and a device. */

export type DeviceErrorCode =
  /** No response came within the time-out, after all retries. */
  | 'no-answer'
  /** Bytes came, but no response among them: a wrong baud rate, or something else at this port. */
  | 'garbled'
  /** The device speaks another protocol version. */
  | 'wrong-version'
  /** The bitstream was made for another plan. */
  | 'wrong-plan'
  /** The memory does not hold what was uploaded. */
  | 'crc-mismatch'
  /** The device refused a request. */
  | 'refused'
  /** The image lies outside the device's memory. */
  | 'wrong-image'
  /** No weights were uploaded, or others than those of the session. */
  | 'no-weights'
  /** The device has restarted since it was opened; its memory may be lost. */
  | 'restarted'
  /** Another process uses the port. */
  | 'port-busy'
  /** The user may not open the port. */
  | 'no-permission'
  /** The port does not exist, or nobody listens at the address. */
  | 'no-such-port'
  /** More than one board fits what was asked for. */
  | 'several-boards'
  /** A package that the transport needs is not installed. */
  | 'missing-package'
  /** The port failed in another way. */
  | 'port-failed'
  /** The device, or the simulator, went away. */
  | 'disconnected'
  /** The device was closed by this program. */
  | 'closed';

/** What went wrong with a device, and what to do about it. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;
  /** What the user can do, a sentence. */
  readonly nextStep: string;

  constructor(code: DeviceErrorCode, what: string, nextStep: string, options?: { cause?: unknown }) {
    super(`${what} ${nextStep}`.trim(), options);
    this.code = code;
    this.nextStep = nextStep;
  }
}

/** The transport was closed by this program. */
export function closedError(name: string): DeviceError {
  return new DeviceError('closed', `The connection to ${name} was closed.`, 'Open the device again.');
}

/** The other end of the transport went away. */
export function disconnectedError(name: string, nextStep: string, cause?: unknown): DeviceError {
  return new DeviceError('disconnected', `The device at ${name} has disconnected.`, nextStep, { cause });
}
