/** The ports that this browser can offer, each with the reason if it cannot. */

import type { Transport } from '../transport/transport.js';
import { openWebSerial, webSerial } from '../transport/web/serial.js';
import { openUsb, USB_FILTERS, webUsb } from '../transport/web/usb.js';

export type PortName = 'serial' | 'usb';

export interface PortKind {
  /** Why this page cannot use such ports, a sentence; null if it can. */
  readonly missing: string | null;
  /**
   * Opens the one port that was granted before, else the one that the person then chooses.
   * @param another ask even if there is a granted one
   * @throws DeviceError; DOMException NotFoundError if nothing was chosen
   */
  open(baudRate: number, another: boolean): Promise<Transport>;
}

/** Both kinds. A bridge's line has a baud rate over USB too. */
export function portKinds(): Readonly<Record<PortName, PortKind>> {
  const serial = webSerial();
  const usb = webUsb();
  return {
    serial: {
      missing: serial ? null : missing('Web Serial'),
      open: async (baudRate, another) => {
        const granted = another ? [] : await serial!.getPorts();
        const port = granted.length === 1 ? granted[0]! : await serial!.requestPort();
        return openWebSerial(port, { baudRate });
      },
    },
    usb: {
      missing: usb ? null : missing('WebUSB'),
      open: async (baudRate, another) => {
        const granted = another ? [] : await usb!.getDevices();
        const device = granted.length === 1 ? granted[0]! : await usb!.requestDevice({ filters: USB_FILTERS });
        return openUsb(device, { baudRate });
      },
    },
  };
}

function missing(api: string): string {
  if (!isSecureContext) return `${api} needs https, or localhost: open the page that way.`;
  return `This browser has no ${api}. Chrome, Edge and Opera on a computer have it.`;
}
