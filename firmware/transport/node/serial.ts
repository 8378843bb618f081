/** Serial ports of Node, through the `serialport` package. */

import type { SerialPort } from 'serialport';
import { Delivery } from '../delivery.js';
import { DeviceError } from '../errors.js';
import { bytesPerSecond, DEFAULT_BAUD_RATE } from '../rates.js';
import type { Transport, TransportListener } from '../transport.js';
import { lostError, openError, portError } from './serial-errors.js';

export interface SerialOptions {
  /** Line rate in baud; 8 data bits, no parity, 1 stop bit. Pseudo-terminals ignore it. */
  readonly baudRate?: number;
}

/**
 * Opens a serial port exclusively.
 *
 * @param path e.g. /dev/ttyUSB0, COM3, or the path of a virtual board
 * @throws DeviceError missing-package, no-such-port, no-permission, port-busy or port-failed
 */
export async function openSerial(path: string, options: SerialOptions = {}): Promise<Transport> {
  const SerialPort = await loadSerialPort();
  const baudRate = options.baudRate ?? DEFAULT_BAUD_RATE;
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  const error = await new Promise<Error | null>((resolve) => port.open(resolve));
  if (error) throw await openError(path, baudRate, error);
  return new SerialTransport(path, port, baudRate);
}

async function loadSerialPort(): Promise<typeof SerialPort> {
  try {
    return (await import('serialport')).SerialPort;
  } catch (cause) {
    throw new DeviceError(
      'missing-package',
      'The package "serialport" is not installed; it is optional because it contains compiled code.',
      'Install it with "npm install serialport", or use the web page, which needs no driver package.',
      { cause },
    );
  }
}

class SerialTransport implements Transport {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly #port: SerialPort;
  readonly #delivery: Delivery;

  constructor(name: string, port: SerialPort, baudRate: number) {
    this.name = name;
    this.bytesPerSecond = bytesPerSecond(baudRate);
    this.#port = port;
    this.#delivery = new Delivery(name);
    port.on('data', (bytes: Uint8Array) => this.#delivery.data(bytes));
    port.on('error', (error: Error) => this.#delivery.end(portError(name, error)));
    port.on('close', (error: Error | null) => this.#delivery.end(error ? lostError(name, error) : null));
  }

  start(listener: TransportListener): void {
    this.#delivery.start(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#delivery.checkOpen();
    // No drain(): the callback's time is when the system has taken the bytes, and only responses prove arrival.
    await new Promise<void>((resolve, reject) => {
      this.#port.write(bytes, (error) => (error ? reject(portError(this.name, error)) : resolve()));
    });
  }

  close(): Promise<void> {
    if (!this.#port.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#port.close(() => resolve()));
  }
}
