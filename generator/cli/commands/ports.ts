import type { Command } from 'commander';
import { DeviceError } from '../../../firmware/transport/errors.js';
import { describePort, mayHaveBoard, serialPorts } from '../../../firmware/transport/node/ports.js';
import { usbDevices } from '../../../firmware/transport/node/usb.js';
import { findBridge } from '../../../firmware/transport/usb/bridges.js';
import { readName, usbAddress } from '../../../firmware/transport/usb/device.js';
import type { CommandResult, Register } from '../command.js';

/** What `--port` takes. */
interface ListedPort {
  readonly port: string;
  readonly kind: 'serial' | 'usb';
  readonly description: string;
  /** False for a line that only programs a board. */
  readonly mayHaveBoard: boolean;
}

export function addPorts(program: Command, register: Register): void {
  const command = program
    .command('ports')
    .description('list the serial ports and USB devices that may have a board')
    .addHelpText('after', '\nExample:\n  $ sdq ports');
  register(command, ports);
}

async function ports(): Promise<CommandResult> {
  const found = [...(await listSerial()), ...(await listUsb())];
  const width = Math.max(...found.map(({ port }) => port.length));
  const lines = found.map(({ port, description }) => `${port.padEnd(width)}  ${description}`);
  const nothing = 'No serial port and no USB device is here that may have a board; "sdq board" starts a virtual one.';
  return { json: { ports: found }, text: lines.length > 0 ? lines.join('\n') : nothing };
}

async function listSerial(): Promise<ListedPort[]> {
  return (await serialPorts()).map((port) => ({
    port: port.path,
    kind: 'serial',
    description: describePort(port),
    mayHaveBoard: mayHaveBoard(port),
  }));
}

/** None where the package is not installed or the machine has no USB, which "sdq doctor" says. */
async function listUsb(): Promise<ListedPort[]> {
  try {
    return (await usbDevices()).map((device) => {
      const bridge = findBridge(device.vendorId, device.productId);
      const known = bridge ? `${bridge.chip}; as a serial port it needs no "usb" package` : 'bulk endpoints';
      const description = `${readName(device, 'productName') ?? bridge?.boards[0] ?? 'USB device'}, ${known}`;
      return { port: usbAddress(device), kind: 'usb' as const, description, mayHaveBoard: true };
    });
  } catch (error) {
    if (error instanceof DeviceError) return [];
    throw error;
  }
}
