/** The board's end of a fake port. No Node in here: the browser's test uses the fakes as well. */

import type { ByteDevice } from '../../firmware/transport/in-process.js';

export interface BoardEnd {
  /** The host has sent bytes. */
  receive(bytes: Uint8Array): void;
  /** Sets what takes the bytes that the board sends. */
  onSend(callback: (bytes: Uint8Array) => void): void;
}

/** A board that answers at once, such as the reference device. */
export function boardEnd(device: ByteDevice): BoardEnd {
  let send: (bytes: Uint8Array) => void = () => undefined;
  return {
    receive: (bytes) => {
      const answer = device.receive(bytes);
      if (answer.length > 0) send(answer);
    },
    onSend: (callback) => {
      send = callback;
    },
  };
}
