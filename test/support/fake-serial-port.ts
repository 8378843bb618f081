/** A port of `navigator.serial`, with the states and errors of the Web Serial specification. */

import type { WebSerialPort } from '../../firmware/transport/web/serial.js';
import type { BoardEnd } from './board-end.js';

export class FakeSerialPort implements WebSerialPort {
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  /** What `open` was called with last. */
  opened: { baudRate: number; bufferSize?: number; flowControl?: string } | null = null;
  /** What `open` throws, if not null. */
  openError: Error | null = null;
  readonly #board: BoardEnd;
  readonly #info: { usbVendorId?: number; usbProductId?: number };
  #source: ReadableStreamDefaultController<Uint8Array> | null = null;
  #sink: WritableStreamDefaultController | null = null;

  constructor(board: BoardEnd, info: { usbVendorId?: number; usbProductId?: number } = {}) {
    this.#board = board;
    this.#info = info;
    board.onSend((bytes) => this.#source?.enqueue(bytes));
  }

  async open(options: { baudRate: number; bufferSize?: number; flowControl?: string }): Promise<void> {
    if (this.openError) throw this.openError;
    if (this.readable) throw new DOMException('The port is already open.', 'InvalidStateError');
    this.opened = options;
    this.#renew();
    this.writable = new WritableStream({
      start: (controller) => {
        this.#sink = controller;
      },
      write: (bytes) => this.#board.receive(bytes),
    });
  }

  async close(): Promise<void> {
    if (this.readable?.locked || this.writable?.locked) throw new TypeError('Cannot cancel a locked stream');
    this.readable = null;
    this.writable = null;
    this.#source = null;
    this.opened = null;
  }

  getInfo(): { usbVendorId?: number; usbProductId?: number } {
    return this.#info;
  }

  /** A disturbance of the line, after which there is another stream. */
  disturb(name: 'BreakError' | 'FramingError' | 'BufferOverrunError'): void {
    const source = this.#source;
    this.#renew();
    source?.error(new DOMException('A disturbance.', name));
  }

  /** The device is unplugged. */
  lose(): void {
    const error = new DOMException('The device has been lost.', 'NetworkError');
    this.readable = null;
    this.#source?.error(error);
    this.#sink?.error(error);
    this.#source = null;
  }

  #renew(): void {
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#source = controller;
      },
    });
  }
}
