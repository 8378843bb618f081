/** USB devices of the browser, through WebUSB (Chromium). The transport itself is in `usb/transport.ts`. */

import { BRIDGES } from '../usb/bridges.js';
import type { UsbDevice } from '../usb/device.js';

export { openUsb, type UsbOptions } from '../usb/transport.js';

const VENDOR_CLASS = 0xff;

/** The part of `navigator.usb` that is used. */
export interface WebUsb {
  getDevices(): Promise<UsbDevice[]>;
  requestDevice(options: {
    filters: readonly { vendorId?: number; productId?: number; classCode?: number }[];
  }): Promise<UsbDevice>;
}

/** `navigator.usb`, or null where the browser has none. */
export function webUsb(): WebUsb | null {
  return (navigator as { readonly usb?: WebUsb }).usb ?? null;
}

/** Filters for `requestDevice`: bridges of known boards, and whatever has an interface of the vendor's class. */
export const USB_FILTERS = [
  ...BRIDGES.map(({ vendorId, productId }) => ({ vendorId, productId })),
  { classCode: VENDOR_CLASS },
];
