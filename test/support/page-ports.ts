/** Runs in the page before its own scripts: a serial port and a USB device whose other end is the test's board. */

import type { BoardEnd } from './board-end.js';
import { FakeSerialPort } from './fake-serial-port.js';
import { FakeUsbDevice } from './fake-usb-device.js';

/** What the test process offers, and what it calls. */
interface Bridge {
  boardWrite(bytes: number[]): Promise<void>;
  boardSends(bytes: number[]): void;
  boardVanishes(): void;
}

const bridge = globalThis as unknown as Bridge;
const { navigator } = globalThis as unknown as { readonly navigator: object };
const receivers: ((bytes: Uint8Array) => void)[] = [];

/** Both ports lead to the one board; only the one that is open listens. */
const board: BoardEnd = {
  receive: (bytes) => bridge.boardWrite([...bytes]),
  onSend: (callback) => receivers.push(callback),
};

const port = new FakeSerialPort(board, { usbVendorId: 0x0403, usbProductId: 0x6015 });
const device = new FakeUsbDevice(board, { vendorId: 0x1209, productId: 0x5bf2, productName: 'sdq board' });

bridge.boardSends = (bytes) => {
  for (const receive of receivers) receive(Uint8Array.from(bytes));
};
bridge.boardVanishes = () => {
  port.lose();
  device.unplug();
};
Object.defineProperty(navigator, 'serial', { value: { getPorts: async () => [port], requestPort: async () => port } });
Object.defineProperty(navigator, 'usb', {
  value: { getDevices: async () => [device], requestDevice: async () => device },
});
