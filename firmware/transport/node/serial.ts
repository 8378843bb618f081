/** Serial ports of Node, through the `serialport` package. */

import type { SerialPort } from 'serialport';
import { closedError, DeviceError, disconnectedError } from '../errors.js';
import { bytesPerSecond, DEFAULT_BAUD_RATE } from '../rates.js';
import type { Transport, TransportListener } from '../transport.js';

const PORT_STEP =
  'Give the path of a serial port (list them with "ls /dev/serial/by-id" or "ls /dev/tty*"); "sdq board" prints that of the virtual board.';

const DISCONNECTED_STEP = 'Check cable and power (or that the virtual board still runs), then open the port again.';

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
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(openError(path, baudRate, error)) : resolve()));
  });
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
  #listener: TransportListener | null = null;
  #end: DeviceError | null | undefined;

  constructor(name: string, port: SerialPort, baudRate: number) {
    this.name = name;
    this.bytesPerSecond = bytesPerSecond(baudRate);
    this.#port = port;
    // Bytes stay in the stream's buffer until 'data' has a listener; the end of the port can come at any time.
    port.on('error', (error: Error) => this.#finish(portError(name, error)));
    port.on('close', (error: Error | null) =>
      this.#finish(error ? disconnectedError(name, DISCONNECTED_STEP, error) : null),
    );
  }

  start(listener: TransportListener): void {
    if (this.#listener) throw new Error('The serial port has a listener already.');
    this.#listener = listener;
    if (this.#end !== undefined) listener.closed(this.#end);
    else this.#port.on('data', (bytes: Uint8Array) => listener.data(bytes));
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end ?? closedError(this.name));
    // No drain(): the callback's time is when the system has taken the bytes, and only responses prove arrival.
    return new Promise((resolve, reject) => {
      this.#port.write(bytes, (error) => (error ? reject(portError(this.name, error)) : resolve()));
    });
  }

  close(): Promise<void> {
    if (!this.#port.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#port.close(() => resolve()));
  }

  #finish(end: DeviceError | null): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#listener?.closed(end);
  }
}

function portError(path: string, cause: Error): DeviceError {
  if (/disconnected|EIO|ENXIO|ENODEV/.test(cause.message)) {
    return disconnectedError(path, DISCONNECTED_STEP, cause);
  }
  return new DeviceError('port-failed', `The port ${path} failed: ${cause.message}.`, 'Open the port again.', {
    cause,
  });
}

/** The package reports the system's reason only in the message: "Error: Permission denied, cannot open /dev/…". */
function openError(path: string, baudRate: number, cause: Error): DeviceError {
  const reason = cause.message.replace(/^Error:? */, '');
  if (/ENOENT|No such file|File not found/i.test(reason)) {
    return new DeviceError(
      'no-such-port',
      `There is no port ${path}.`,
      'Check that the board is plugged in (list ports with "ls /dev/serial/by-id" or "ls /dev/tty*"), or start the virtual board with "sdq board".',
      { cause },
    );
  }
  if (/EACCES|EPERM|Permission denied/i.test(reason)) {
    return new DeviceError(
      'no-permission',
      `You have no permission to open ${path}.`,
      'On Linux add yourself to the port\'s group ("sudo usermod -aG dialout $USER", then log in again) or install the board\'s udev rule.',
      { cause },
    );
  }
  // Windows denies access to a port that is open elsewhere.
  if (/EBUSY|EAGAIN|Resource temporarily unavailable|busy|Cannot lock|Access denied/i.test(reason)) {
    return new DeviceError(
      'port-busy',
      `The port ${path} is in use by another program.`,
      `Close the other program (a serial monitor, another sdq, a browser tab); "fuser ${path}" names it.`,
      { cause },
    );
  }
  if (/Inappropriate ioctl|Is a directory|EISDIR|ENOTTY/i.test(reason)) {
    return new DeviceError('port-failed', `${path} is not a serial port.`, PORT_STEP, { cause });
  }
  if (/baud/i.test(reason)) {
    const what = `${path} does not run at ${baudRate} baud, or is not a serial port.`;
    return new DeviceError('port-failed', what, 'Check the path, and the rate that the board is built for.', { cause });
  }
  if (/ENXIO|ENODEV|EIO|No such device|Input\/output error/i.test(reason)) {
    return new DeviceError('no-such-port', `Nothing is connected at ${path}.`, PORT_STEP, { cause });
  }
  return new DeviceError(
    'port-failed',
    `The port ${path} cannot be opened: ${reason}.`,
    'Check the path and that it is a serial port.',
    { cause },
  );
}
