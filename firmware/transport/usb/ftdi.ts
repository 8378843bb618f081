/**
 * Serial bridges of FTDI (FT232R, FT231X, FT232H, FT2232H, FT4232H): what their driver asks of them, and the form of
 * their packets. The requests are those of FTDI's application note AN_232B and of the open drivers.
 */

import { DeviceError } from '../errors.js';
import type { UsbDevice } from './device.js';

const REQUEST = { reset: 0, flowControl: 2, baudRate: 3, lineFormat: 4, latencyTimer: 9 } as const;
const RESET = { port: 0, purgeReceived: 1, purgeUnsent: 2 } as const;
/** 8 data bits, no parity, 1 stop bit. */
const FORMAT_8N1 = 8;

/** Milliseconds after which a packet that is not full is sent. The chip's default is 16, at each answer's cost. */
const LATENCY_MS = 1;

/** Modem status, line status. */
const STATUS_BYTES = 2;

/** Codes of the eighths of a divisor. */
const EIGHTHS = [0, 3, 2, 4, 1, 5, 6, 7] as const;

/** Most that a receiver of 8 data bits puts up with, in all; half of it is left to the other end. */
const RATE_TOLERANCE = 0.02;

/** What of the chip's generation matters; the generation is in its release number. */
interface Generation {
  /** Clock of the rate's divisor. */
  readonly hz: number;
  /** Bit 17 of the divisor: not divided by 2.5 before, as chips with 120 MHz offer. */
  readonly fast: boolean;
  /** Whether requests name the channel. */
  readonly channels: boolean;
}

function generationOf(deviceVersionMajor: number): Generation {
  if (deviceVersionMajor >= 7 && deviceVersionMajor <= 9) return { hz: 12_000_000, fast: true, channels: true };
  return { hz: 3_000_000, fast: false, channels: deviceVersionMajor === 5 || deviceVersionMajor >= 16 };
}

/**
 * The divisor of a rate as the chip takes it: 14 bits of integer part, then the code of its eighths.
 * @param hz clock of the divisor
 * @returns the divisor, and the rate that comes out; null if none is within 2 %
 */
export function baudDivisor(baudRate: number, hz: number): { divisor: number; baudRate: number } | null {
  const rounded = Math.round((8 * hz) / baudRate);
  // Between 1 and 2 there is only 1.5; both have codes of their own.
  const eighths = rounded >= 16 ? rounded : rounded >= 14 ? 16 : rounded >= 10 ? 12 : 8;
  const actual = (8 * hz) / eighths;
  if (eighths >= 1 << 17 || Math.abs(actual / baudRate - 1) > RATE_TOLERANCE) return null;
  if (eighths === 8) return { divisor: 0, baudRate: actual };
  if (eighths === 12) return { divisor: 1, baudRate: actual };
  return { divisor: (eighths >> 3) | (EIGHTHS[eighths & 7]! << 14), baudRate: actual };
}

/**
 * Makes an interface a serial line without flow control, 8N1, with nothing left in its buffers.
 * @throws DeviceError port-failed if the chip does not reach the rate, or refuses a request
 */
export async function setUpFtdi(device: UsbDevice, interfaceNumber: number, baudRate: number): Promise<void> {
  const { hz, fast, channels } = generationOf(device.deviceVersionMajor);
  const found = baudDivisor(baudRate, hz);
  if (!found) {
    const what = `The USB bridge does not reach ${baudRate} baud within 2 %; the most is ${hz}.`;
    throw new DeviceError('port-failed', what, "Take the rate of the board's bitstream.");
  }
  const channel = channels ? interfaceNumber + 1 : 0;
  const divisor = found.divisor | (fast ? 1 << 17 : 0);
  const high = divisor >>> 16;
  const requests: readonly [request: number, value: number, index: number][] = [
    [REQUEST.reset, RESET.port, channel],
    [REQUEST.baudRate, divisor & 0xffff, channels ? (high << 8) | channel : high],
    [REQUEST.lineFormat, FORMAT_8N1, channel],
    [REQUEST.flowControl, 0, channel],
    [REQUEST.latencyTimer, LATENCY_MS, channel],
    [REQUEST.reset, RESET.purgeReceived, channel],
    [REQUEST.reset, RESET.purgeUnsent, channel],
  ];
  for (const [request, value, index] of requests) {
    const setup = { requestType: 'vendor', recipient: 'device', request, value, index } as const;
    const { status } = await device.controlTransferOut(setup);
    if (status !== 'ok') {
      const what = `The USB bridge refused request ${request} (value ${value}): ${status}.`;
      throw new DeviceError('port-failed', what, 'Unplug the board and plug it in again.');
    }
  }
}

/** The data of a transfer: each packet begins with two bytes of status. @param packetSize bytes of a full packet */
export function stripStatus(transfer: Uint8Array, packetSize: number): Uint8Array {
  if (transfer.length <= STATUS_BYTES) return new Uint8Array(0);
  const data = new Uint8Array(transfer.length);
  let length = 0;
  for (let at = 0; at < transfer.length; at += packetSize) {
    const packet = transfer.subarray(at + STATUS_BYTES, Math.min(at + packetSize, transfer.length));
    data.set(packet, length);
    length += packet.length;
  }
  return data.subarray(0, length);
}
