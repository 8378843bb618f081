/** What sdq-forge has for pages beside its portable entry: the transports of browsers. */

export { openWebSerial, type WebSerialOptions, type WebSerialPort } from './serial.js';
export { openUsb, type UsbOptions } from './usb.js';
