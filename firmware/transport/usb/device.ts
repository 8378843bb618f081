/**
 * The part of WebUSB that the transport uses, so that it takes `navigator.usb`'s devices, those of the Node package
 * `usb`, and a test's. Names are WebUSB's.
 */

export interface UsbEndpoint {
  readonly endpointNumber: number;
  readonly direction: 'in' | 'out';
  readonly type: 'bulk' | 'interrupt' | 'isochronous';
  /** Bytes of a full packet. */
  readonly packetSize: number;
}

export interface UsbAlternate {
  readonly alternateSetting: number;
  readonly interfaceClass: number;
  readonly endpoints: readonly UsbEndpoint[];
}

export interface UsbInterface {
  readonly interfaceNumber: number;
  readonly alternate: UsbAlternate;
}

export interface UsbConfiguration {
  readonly configurationValue: number;
  readonly interfaces: readonly UsbInterface[];
}

export interface UsbControl {
  readonly requestType: 'standard' | 'class' | 'vendor';
  readonly recipient: 'device' | 'interface' | 'endpoint' | 'other';
  readonly request: number;
  readonly value: number;
  readonly index: number;
}

export interface UsbDevice {
  readonly vendorId: number;
  readonly productId: number;
  /** High byte of the device's release number, bcdDevice. */
  readonly deviceVersionMajor: number;
  readonly productName?: string | null;
  readonly serialNumber?: string | null;
  readonly configuration?: UsbConfiguration | null;
  readonly configurations: readonly UsbConfiguration[];
  readonly opened: boolean;
  open(): Promise<void>;
  close(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  controlTransferOut(setup: UsbControl): Promise<{ readonly status?: string | undefined }>;
  transferIn(
    endpointNumber: number,
    length: number,
  ): Promise<{ readonly data?: DataView | undefined; readonly status?: string | undefined }>;
  transferOut(
    endpointNumber: number,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly bytesWritten: number; readonly status?: string | undefined }>;
  clearHalt(direction: 'in' | 'out', endpointNumber: number): Promise<void>;
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

/** VID:PID as it is written everywhere, e.g. `0403:6010`. */
export function usbId({ vendorId, productId }: { vendorId: number; productId: number }): string {
  return `${hex4(vendorId)}:${hex4(productId)}`;
}

/**
 * A name that a device has, or null. The Node package opens the device for one that the system does not know, and
 * throws if it may not.
 */
export function readName(device: UsbDevice, name: 'productName' | 'serialNumber'): string | null {
  try {
    return device[name] || null;
  } catch {
    return null;
  }
}

/** What `--port` takes for exactly this device. */
export function usbAddress(device: UsbDevice): string {
  const serialNumber = readName(device, 'serialNumber');
  return `usb:${usbId(device)}${serialNumber === null ? '' : `:${serialNumber}`}`;
}
