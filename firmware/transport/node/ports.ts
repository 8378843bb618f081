/** The serial ports of this machine. */

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findBridge } from '../usb/bridges.js';
import { usbId } from '../usb/device.js';

export interface SerialPortInfo {
  readonly path: string;
  readonly usb: {
    readonly vendorId: number;
    readonly productId: number;
    readonly product: string | null;
    readonly serialNumber: string | null;
    /** Null where the system does not tell. */
    readonly interfaceNumber: number | null;
  } | null;
}

/** Serial ports that have a device, in order of their paths. @param sys where Linux has its devices */
export async function serialPorts(sys = '/sys'): Promise<SerialPortInfo[]> {
  const ports = existsSync(join(sys, 'class/tty')) ? linuxPorts(sys) : await listedPorts();
  return ports.sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/**
 * Whether a board may answer there: no, if it is known to be a line that programs the device.
 * Ports without USB, and with unknown bridges, may have a board.
 */
export function mayHaveBoard({ usb }: SerialPortInfo): boolean {
  const bridge = usb && findBridge(usb.vendorId, usb.productId);
  return !bridge || usb.interfaceNumber === null || usb.interfaceNumber === bridge.serialInterface;
}

/** What a port is, for people, e.g. `iCEBreaker V1.0e, FT2232H (0403:6010), serial number ib7`. */
export function describePort(port: SerialPortInfo): string {
  const { usb } = port;
  if (!usb) return 'not USB';
  const bridge = findBridge(usb.vendorId, usb.productId);
  const parts = [
    usb.product ?? bridge?.boards[0] ?? 'USB',
    `${bridge ? `${bridge.chip} ` : ''}(${usbId(usb)})`,
    ...(usb.serialNumber ? [`serial number ${usb.serialNumber}`] : []),
    ...(mayHaveBoard(port) ? [] : ['the line that programs the board']),
  ];
  return parts.join(', ');
}

function linuxPorts(sys: string): SerialPortInfo[] {
  return readdirSync(join(sys, 'class/tty')).flatMap((name): SerialPortInfo[] => {
    const folder = join(sys, 'class/tty', name);
    const device = attempt(() => realpathSync(join(folder, 'device')));
    // Type 0 is a port of the system's table without hardware.
    if (device === null || text(folder, 'type') === '0') return [];
    return [{ path: `/dev/${name}`, usb: usbOf(device) }];
  });
}

/** The USB device that a device of the system is part of: the nearest folders above it that say so. */
function usbOf(device: string): SerialPortInfo['usb'] {
  let interfaceNumber: number | null = null;
  for (let folder = device; folder !== dirname(folder); folder = dirname(folder)) {
    const number = text(folder, 'bInterfaceNumber');
    if (number !== null) interfaceNumber = Number.parseInt(number, 16);
    const vendor = text(folder, 'idVendor');
    const product = text(folder, 'idProduct');
    if (vendor === null || product === null) continue;
    return {
      vendorId: Number.parseInt(vendor, 16),
      productId: Number.parseInt(product, 16),
      product: text(folder, 'product'),
      serialNumber: text(folder, 'serial'),
      interfaceNumber,
    };
  }
  return null;
}

/** As the package `serialport` lists them; none if it is not installed. */
async function listedPorts(): Promise<SerialPortInfo[]> {
  try {
    const { SerialPort } = await import('serialport');
    return (await SerialPort.list()).map(({ path, vendorId, productId, serialNumber, manufacturer }) => ({
      path,
      usb:
        vendorId === undefined || productId === undefined
          ? null
          : {
              vendorId: Number.parseInt(vendorId, 16),
              productId: Number.parseInt(productId, 16),
              product: manufacturer ?? null,
              serialNumber: serialNumber ?? null,
              interfaceNumber: null,
            },
    }));
  } catch {
    return [];
  }
}

function text(folder: string, file: string): string | null {
  return attempt(() => readFileSync(join(folder, file), 'utf8').trim());
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
