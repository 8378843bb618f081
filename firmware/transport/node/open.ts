/** From what a user types to a transport. */

import { InputError } from '../../../generator/errors.js';
import type { Transport } from '../transport.js';
import { openSerial } from './serial.js';
import { openTcp } from './tcp.js';
import { openNodeUsb, type UsbSelection } from './usb.js';

export interface OpenOptions {
  /** Line rate in baud, of serial ports and of serial bridges over USB. */
  readonly baudRate?: number;
}

export type PortAddress =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | ({ readonly kind: 'usb' } & UsbSelection);

/** The forms of an address, for help texts. */
export const PORT_FORMS = 'path of a serial port, tcp://HOST:PORT, usb: or usb:VID:PID[:SERIAL]';

const HOST_PORT = /^(?:(\[[^\]]+\]|[^:[\]/]+):)?(\d{1,5})$/;
const USB = /^(?:([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?)?$/i;

/** @throws InputError for an address of no form */
export function parsePort(text: string): PortAddress {
  const [, scheme, rest] = /^(tcp:\/\/|usb:)(.*)$/i.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) {
    if (text === '') throw new InputError(`the port is empty; a port is a ${PORT_FORMS}`);
    return { kind: 'serial', path: text };
  }
  if (scheme.toLowerCase() === 'tcp://') {
    const { host, port } = parseHostPort(rest.replace(/\/$/, ''), text);
    if (host === null || port === 0) throw new InputError(`${text} is no port: tcp://HOST:PORT is wanted`);
    return { kind: 'tcp', host, port };
  }
  const match = USB.exec(rest);
  if (!match) throw new InputError(`${text} is no port: usb: or usb:VID:PID[:SERIAL] is wanted, e.g. usb:0403:6010`);
  const [, vendor, product, serialNumber] = match;
  if (vendor === undefined || product === undefined) return { kind: 'usb' };
  const ids = { vendorId: Number.parseInt(vendor, 16), productId: Number.parseInt(product, 16) };
  return { kind: 'usb', ...ids, ...(serialNumber === undefined ? {} : { serialNumber }) };
}

/** `[HOST:]PORT`. @param source what an error names. @throws InputError */
export function parseHostPort(text: string, source = text): { host: string | null; port: number } {
  const [, host, digits] = HOST_PORT.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) throw new InputError(`${source} is no address: HOST:PORT is wanted`);
  return { host: host?.replace(/^\[|\]$/g, '') ?? null, port };
}

/**
 * Opens a port by its address.
 * @throws InputError for an address of no form; what `openSerial`, `openTcp` and `openNodeUsb` throw
 */
export function openPort(text: string, options: OpenOptions = {}): Promise<Transport> {
  const address = parsePort(text);
  switch (address.kind) {
    case 'serial':
      return openSerial(address.path, options);
    case 'tcp':
      return openTcp(address.host, address.port);
    case 'usb':
      return openNodeUsb(address, options);
  }
}
