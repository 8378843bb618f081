/** USB devices of this machine, through the WebUSB of the package `usb`. */

import { DeviceError } from '../errors.js';
import type { Transport } from '../transport.js';
import { findBridge } from '../usb/bridges.js';
import { readName, type UsbDevice, usbAddress, usbId } from '../usb/device.js';
import { findChannel, nameOf, openUsb } from '../usb/transport.js';

/** What the package adds to WebUSB, where the system lets a program take an interface from its driver. */
interface NodeUsbDevice extends UsbDevice {
  detachKernelDriver?(interfaceNumber: number): Promise<void>;
  attachKernelDriver?(interfaceNumber: number): Promise<void>;
}

/** Which device is meant; what is absent may be anything. */
export interface UsbSelection {
  readonly vendorId?: number;
  readonly productId?: number;
  readonly serialNumber?: string;
}

/**
 * The devices behind which a board may be: known bridges, and those with an interface of the vendor's class.
 * @throws DeviceError missing-package, or port-failed where there is no USB
 */
export async function usbDevices(): Promise<UsbDevice[]> {
  const usb = await loadUsb();
  let devices: readonly NodeUsbDevice[];
  try {
    devices = await usb.getDevices();
  } catch (cause) {
    const what = `The USB devices cannot be listed: ${(cause as Error).message}.`;
    throw new DeviceError('port-failed', what, 'Check that this machine has USB (a container may not).', { cause });
  }
  return devices.filter((device) => findBridge(device.vendorId, device.productId) || hasChannel(device));
}

/**
 * Opens the one device that is meant.
 * @throws DeviceError several-boards, no-such-port, and what `usbDevices` and `openUsb` throw
 */
export async function openNodeUsb(selection: UsbSelection, options: { baudRate?: number } = {}): Promise<Transport> {
  const device: NodeUsbDevice = choose(await usbDevices(), selection);
  let isDetached = false;
  return openUsb(device, {
    ...options,
    // The package takes one transfer at a time per endpoint, and gives up after a second.
    readsUnderWay: 1,
    isIdle: (error) => /Cancelled|timed? ?out/i.test(String(error)),
    beforeClaim: async (interfaceNumber) => {
      // Fails where no driver has the interface, or the system has no such thing.
      const detach = device.detachKernelDriver?.(interfaceNumber);
      isDetached = detach !== undefined && (await succeeds(detach));
    },
    afterClose: async (interfaceNumber) => {
      if (!isDetached || !(await succeeds(device.open()))) return;
      await succeeds(device.attachKernelDriver!(interfaceNumber));
      await succeeds(device.close());
    },
  });
}

/** The only device that fits. @throws DeviceError several-boards, no-such-port */
export function choose(devices: readonly UsbDevice[], selection: UsbSelection): UsbDevice {
  const fitting = devices.filter(
    (device) =>
      (selection.vendorId === undefined || selection.vendorId === device.vendorId) &&
      (selection.productId === undefined || selection.productId === device.productId) &&
      (selection.serialNumber === undefined || selection.serialNumber === readName(device, 'serialNumber')),
  );
  const [device, ...others] = fitting;
  if (!device) throw noneError(devices, selection);
  if (others.length === 0) return device;
  const addresses = new Set(fitting.map(usbAddress));
  throw new DeviceError(
    'several-boards',
    `${fitting.length} USB devices fit: ${fitting.map(nameOf).join(', ')}.`,
    addresses.size === fitting.length
      ? `Name one, such as --port ${usbAddress(device)}.`
      : 'They have the same numbers and no serial number: unplug one, or give the path of its serial port.',
  );
}

function noneError(devices: readonly UsbDevice[], { vendorId, productId, serialNumber }: UsbSelection): DeviceError {
  const wanted =
    vendorId === undefined || productId === undefined
      ? 'that a board may be behind'
      : usbId({ vendorId, productId }) + (serialNumber === undefined ? '' : ` with serial number ${serialNumber}`);
  const present = devices.length > 0 ? ` There are: ${devices.map(nameOf).join(', ')}.` : '';
  return new DeviceError(
    'no-such-port',
    `There is no USB device ${wanted}.${present}`,
    'Check cable and power; "sdq ports" lists what is plugged in.',
  );
}

function hasChannel(device: UsbDevice): boolean {
  try {
    return device.configuration ? findChannel(device, device.configuration) !== null : false;
  } catch {
    // The package opens a device to read this, which may not be allowed.
    return false;
  }
}

async function succeeds(action: Promise<unknown>): Promise<boolean> {
  return action.then(
    () => true,
    () => false,
  );
}

async function loadUsb(): Promise<{ getDevices(): Promise<readonly NodeUsbDevice[]> }> {
  try {
    return (await import('usb')).usb as unknown as { getDevices(): Promise<readonly NodeUsbDevice[]> };
  } catch (cause) {
    throw new DeviceError(
      'missing-package',
      'The package "usb" is not installed; it is optional because it contains compiled code.',
      'Install it with "npm install usb", or open the board as a serial port.',
      { cause },
    );
  }
}
