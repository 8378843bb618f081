/** Serial ports of the browser, through the Web Serial API (Chromium on desktops). */

import { Delivery } from '../delivery.js';
import { DeviceError, disconnectedError } from '../errors.js';
import { bytesPerSecond, DEFAULT_BAUD_RATE } from '../rates.js';
import type { Transport, TransportListener } from '../transport.js';
import { findBridge } from '../usb/bridges.js';
import { usbId } from '../usb/device.js';

/** The part of Web Serial's `SerialPort` that the transport uses. */
export interface WebSerialPort {
  /** Null until the port is open, and once it is lost. */
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { baudRate: number; bufferSize?: number; flowControl?: 'none' | 'hardware' }): Promise<void>;
  close(): Promise<void>;
  getInfo(): { readonly usbVendorId?: number; readonly usbProductId?: number };
}

/** The part of `navigator.serial` that is used. */
export interface WebSerial {
  getPorts(): Promise<WebSerialPort[]>;
  requestPort(options?: { filters: readonly { usbVendorId: number; usbProductId?: number }[] }): Promise<WebSerialPort>;
}

export interface WebSerialOptions {
  /** Line rate in baud; 8 data bits, no parity, 1 stop bit, no flow control. */
  readonly baudRate?: number;
}

/** Holds what the board may send while the page is busy; the API's default of 255 bytes would lose some of it. */
const BUFFER_BYTES = 1 << 16;

const LINUX_STEP =
  'Close the other program (a terminal, another tab). On Linux you must be in the group of the port ("sudo usermod -aG dialout $USER", then log in again) or install the udev rules of sdq-forge, which also keep ModemManager away.';
const RECONNECT_STEP = 'Check cable and power, then connect again.';

/** `navigator.serial`, or null where the browser has none. */
export function webSerial(): WebSerial | null {
  return (navigator as { readonly serial?: WebSerial }).serial ?? null;
}

/** A name of a port for people. */
export function serialPortName(port: WebSerialPort): string {
  const { usbVendorId, usbProductId } = port.getInfo();
  if (usbVendorId === undefined || usbProductId === undefined) return 'the serial port';
  const bridge = findBridge(usbVendorId, usbProductId);
  const of = bridge ? [...bridge.boards, bridge.chip].join(', ') : 'USB';
  return `the serial port of ${of} (${usbId({ vendorId: usbVendorId, productId: usbProductId })})`;
}

/**
 * Opens a port that the user has granted.
 *
 * @throws DeviceError port-busy or port-failed
 */
export async function openWebSerial(port: WebSerialPort, options: WebSerialOptions = {}): Promise<Transport> {
  const baudRate = options.baudRate ?? DEFAULT_BAUD_RATE;
  const name = serialPortName(port);
  try {
    await port.open({ baudRate, bufferSize: BUFFER_BYTES, flowControl: 'none' });
  } catch (error) {
    throw openError(name, error);
  }
  return new WebSerialTransport(name, port, baudRate);
}

class WebSerialTransport implements Transport {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly #port: WebSerialPort;
  readonly #delivery: Delivery;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #closing: Promise<void> | null = null;

  constructor(name: string, port: WebSerialPort, baudRate: number) {
    this.name = name;
    this.bytesPerSecond = bytesPerSecond(baudRate);
    this.#port = port;
    this.#delivery = new Delivery(name);
    this.#writer = port.writable!.getWriter();
    // Of an end the reading side hears as well.
    this.#writer.closed.catch(() => undefined);
    this.#reading = this.#read();
  }

  start(listener: TransportListener): void {
    this.#delivery.start(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#delivery.checkOpen();
    try {
      await this.#writer.write(bytes);
    } catch (error) {
      this.#delivery.checkOpen();
      throw this.#lost(error);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    this.#delivery.end(null);
    await this.#reader?.cancel().catch(() => undefined);
    await this.#reading;
    // Not close(), which would wait for a board that takes nothing.
    await this.#writer.abort().catch(() => undefined);
    this.#writer.releaseLock();
    await this.#port.close().catch(() => undefined);
  }

  /** A disturbance of the line (break, framing, overrun) ends a stream, not the port: there is another one then. */
  async #read(): Promise<void> {
    let cause: unknown;
    let stream: ReadableStream<Uint8Array> | null = null;
    while (this.#port.readable && this.#port.readable !== stream && !this.#delivery.ended) {
      stream = this.#port.readable;
      this.#reader = stream.getReader();
      try {
        for (;;) {
          const { value, done } = await this.#reader.read();
          if (done) break;
          this.#delivery.data(value);
        }
        this.#delivery.end(this.#lost());
      } catch (error) {
        cause = error;
      } finally {
        this.#reader.releaseLock();
      }
    }
    this.#delivery.end(this.#lost(cause));
  }

  #lost(cause?: unknown): DeviceError {
    return disconnectedError(this.name, RECONNECT_STEP, cause);
  }
}

function openError(name: string, cause: unknown): DeviceError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  if (error.name === 'InvalidStateError') {
    return new DeviceError('port-busy', `${capital(name)} is open in this page already.`, 'Close it first.', { cause });
  }
  if (error.name === 'NetworkError') {
    // The browser gives no reason: a busy port looks like one without permission.
    const what = `${capital(name)} could not be opened: another program has it, or you may not open it.`;
    return new DeviceError('port-busy', what, LINUX_STEP, { cause });
  }
  const what = `${capital(name)} could not be opened: ${error.message}`;
  return new DeviceError('port-failed', what, RECONNECT_STEP, { cause });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
