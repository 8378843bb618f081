/** What sdq-forge has for programs in Node beside its portable entry: transports, and models and weights in files. */

export { openImage as openWeights } from '../../generator/image/node/open-image.js';
export * from '../index.js';
export { loadTokenizer } from '../tokenizer/node/load.js';
export { type OpenOptions, openPort } from '../transport/node/open.js';
export { describePort, type SerialPortInfo, serialPorts } from '../transport/node/ports.js';
export { openSerial, type SerialOptions } from '../transport/node/serial.js';
export { openTcp } from '../transport/node/tcp.js';
export { openNodeUsb, type UsbSelection, usbDevices } from '../transport/node/usb.js';
