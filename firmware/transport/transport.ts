/** A byte stream to a device: serial port, Web Serial, WebUSB, simulator or in-process model. */

import type { Clock } from './clock.js';
import type { DeviceError } from './errors.js';

/** What a transport tells its user. Callbacks must not throw. */
export interface TransportListener {
  /** Bytes that arrived, in order, in pieces of any size. The listener may keep the array. */
  data(bytes: Uint8Array): void;
  /** The stream has ended, once: `error` says why, or is null after `close()`. Nothing is called afterwards. */
  closed(error: DeviceError | null): void;
}

export interface Transport {
  /** For messages to people, e.g. the path of the port. */
  readonly name: string;
  /**
   * Nothing is ever lost or changed on the way: a missing answer only means that the device is not done. Requests are
   * then not repeated, however long they take.
   */
  readonly lossless?: boolean;
  /** Rate of the line, if it limits the device; without it a byte is taken to pass per clock cycle of the device. */
  readonly bytesPerSecond?: number;
  /** The time in which the line works, if it is not the system's: a simulated line may be faster. */
  readonly clock?: Clock;
  /**
   * Begins delivery to the one listener. A transport that is open before holds arriving bytes back until then.
   * Throws if it has a listener already.
   */
  start(listener: TransportListener): void;
  /**
   * Hands bytes on. The bytes of one call stay together; a transport that has a cost per transfer (a USB packet, a
   * lock-step simulation) sends them as one. Resolves when the next call is welcome, which says nothing about
   * arrival. Rejects with a DeviceError when the stream has ended.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the stream; resolves when the port is free for others. May be called again. */
  close(): Promise<void>;
}
