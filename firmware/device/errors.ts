/** The errors of the device driver: what happened, and what the user can do about it. */

import { describeErrorCode, ERROR_CODES, PROTOCOL_VERSION, type Request } from '../protocol/messages.js';
import { DeviceError } from '../transport/errors.js';
import { BITS_PER_BYTE } from '../transport/rates.js';
import type { Transport } from '../transport/transport.js';

/** The device answered a request with ERROR. */
export function refusedError(request: Request, code: number): DeviceError {
  const what = `The device refused a ${request.kind.toUpperCase()} request: ${describeErrorCode(code)}.`;
  if (code === ERROR_CODES.wrongVersion) {
    return new DeviceError(
      'wrong-version',
      what,
      `This program speaks version ${PROTOCOL_VERSION}: program the board with a bitstream made by this version of sdq-forge.`,
    );
  }
  return new DeviceError('refused', what, 'Check that plan and bitstream belong together, and report this as a bug.');
}

/**
 * Requests are not answered.
 * @param receivedBytes bytes received since the transport was opened
 * @param hasAnswered whether a whole frame has arrived since then
 */
export function noAnswerError(
  { name, bytesPerSecond }: Pick<Transport, 'name' | 'bytesPerSecond'>,
  attempts: number,
  receivedBytes: number,
  hasAnswered: boolean,
): DeviceError {
  const rate = bytesPerSecond === undefined ? '' : `; this port runs at ${bytesPerSecond * BITS_PER_BYTE} baud`;
  if (hasAnswered) {
    const what = `The device at ${name} has stopped answering (${attempts} attempts).`;
    return new DeviceError('no-answer', what, 'Check its power and cable, reset it, and open it again.');
  }
  if (receivedBytes === 0) {
    return new DeviceError(
      'no-answer',
      `The device at ${name} did not answer after ${attempts} attempts: it is silent.`,
      `Check that the board is powered, that the bitstream is loaded (most boards lose it with their power), that this is its port, and that the baud rate is the one it was built for${rate}.`,
    );
  }
  return new DeviceError(
    'garbled',
    `The device at ${name} did not answer after ${attempts} attempts: ${receivedBytes} bytes arrived, but no frame among them.`,
    `Most likely the baud rate is not the one that the board was built for${rate}. Else something other than this bitstream sends there: check the port and what the board is programmed with.`,
  );
}

export function damagedError(name: string, times: number): DeviceError {
  return new DeviceError(
    'no-answer',
    `Frames to or from ${name} arrive damaged, ${times} times in a row.`,
    'Lower the baud rate, use a shorter cable, and check that no other program reads the port.',
  );
}

export function restartedError(name: string): DeviceError {
  return new DeviceError(
    'restarted',
    `The device at ${name} has restarted.`,
    'Open it and upload again ("sdq run": the same command once more); what its memory still holds is not sent twice.',
  );
}

/** What a transport's `write` threw. */
export function asDeviceError(error: unknown, name: string): DeviceError {
  if (error instanceof DeviceError) return error;
  return new DeviceError('port-failed', `Writing to ${name} failed: ${String(error)}.`, 'Open the device again.', {
    cause: error,
  });
}

export function wrongVersionError(name: string, version: number): DeviceError {
  return new DeviceError(
    'wrong-version',
    `The device at ${name} speaks protocol version ${version}; this program speaks version ${PROTOCOL_VERSION}.`,
    'Program the board with a bitstream made by this version of sdq-forge.',
  );
}

export function wrongPlanError(name: string, actual: string, expected: string): DeviceError {
  return new DeviceError(
    'wrong-plan',
    `The device at ${name} was built for plan ${actual}, the weights belong to plan ${expected}.`,
    'Generate and program the bitstream of that plan ("sdq generate"), or take weights that were quantized with the board\'s plan.',
  );
}

export function mismatchError(address: number, length: number, expected: number, actual: number): DeviceError {
  return new DeviceError(
    'crc-mismatch',
    `The memory does not hold what was written: ${length} bytes at ${hex(address)} have CRC ${hex(actual)} instead of ${hex(expected)}.`,
    "Power-cycle the board and try again; if it happens again, lower the baud rate or check the board's memory.",
  );
}

export function wrongImageError(what: string): DeviceError {
  return new DeviceError('wrong-image', what, 'Make the image from the plan that the board was built for.');
}

export function noWeightsError(name: string): DeviceError {
  return new DeviceError(
    'no-weights',
    `The device at ${name} does not hold the weights of this session.`,
    'Upload them first; a session ends when other weights are uploaded.',
  );
}

/** A 32-bit number as 0x and eight digits. */
export function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
