/**
 * A USB device as a transport, by WebUSB: a serial bridge of FTDI, or an interface of the vendor's class with a bulk
 * endpoint in each direction, whose bytes are the stream itself.
 */

import { Delivery } from '../delivery.js';
import { DeviceError, disconnectedError } from '../errors.js';
import { bytesPerSecond, DEFAULT_BAUD_RATE } from '../rates.js';
import type { Transport, TransportListener } from '../transport.js';
import { FTDI_VENDOR_ID, findBridge } from './bridges.js';
import { readName, type UsbConfiguration, type UsbDevice, type UsbEndpoint, usbAddress } from './device.js';
import { setUpFtdi, stripStatus } from './ftdi.js';

export interface UsbOptions {
  /** Line rate of a serial bridge in baud. */
  readonly baudRate?: number;
  /** Number of the interface; by default the one of a known bridge, else the last that fits. */
  readonly interfaceNumber?: number;
  /** IN transfers that are waited for at a time: while one is on its way to the program, others take data. */
  readonly readsUnderWay?: number;
  /** Whether an IN transfer's error only says that nothing came in some time. */
  readonly isIdle?: (error: unknown) => boolean;
  /** Where programs may take an interface from the system's driver: called before it is claimed. */
  readonly beforeClaim?: (interfaceNumber: number) => Promise<void>;
  /** Called once the device is closed. */
  readonly afterClose?: (interfaceNumber: number) => Promise<void>;
}

const VENDOR_CLASS = 0xff;
const READS_UNDER_WAY = 4;
/** Bytes of a transfer from a bridge, which ends each one within a millisecond, full or not. */
const BRIDGE_READ_BYTES = 4096;

const RECONNECT_STEP = 'Check cable and power, then open the device again.';

/** The interface and endpoints that bytes go through. */
export interface Channel {
  readonly interfaceNumber: number;
  readonly input: UsbEndpoint;
  readonly output: UsbEndpoint;
  readonly isFtdi: boolean;
}

/**
 * The channel of a device in a configuration.
 * @param interfaceNumber the only one that is looked at, if given
 * @returns null if it has none
 */
export function findChannel(
  device: Pick<UsbDevice, 'vendorId' | 'productId'>,
  { interfaces }: UsbConfiguration,
  interfaceNumber?: number,
): Channel | null {
  const isFtdi = device.vendorId === FTDI_VENDOR_ID;
  const channels = interfaces.flatMap(({ interfaceNumber, alternate }): Channel[] => {
    if (alternate.interfaceClass !== VENDOR_CLASS) return [];
    const bulk = (direction: string): UsbEndpoint | undefined =>
      alternate.endpoints.find((endpoint) => endpoint.type === 'bulk' && endpoint.direction === direction);
    const [input, output] = [bulk('in'), bulk('out')];
    return input && output ? [{ interfaceNumber, input, output, isFtdi }] : [];
  });
  const wanted = interfaceNumber ?? findBridge(device.vendorId, device.productId)?.serialInterface;
  const found = channels.find((channel) => channel.interfaceNumber === wanted);
  return found ?? (interfaceNumber === undefined ? (channels.at(-1) ?? null) : null);
}

/**
 * Opens a device. It is closed again when this throws.
 *
 * @throws DeviceError no-permission, port-busy (a kernel driver or another program has the interface), no-such-port
 * (it is gone), port-failed
 */
export async function openUsb(device: UsbDevice, options: UsbOptions = {}): Promise<Transport> {
  const name = nameOf(device);
  const baudRate = options.baudRate ?? DEFAULT_BAUD_RATE;
  let claimed: number | null = null;
  try {
    if (!device.opened) await device.open();
    const first = device.configurations[0];
    if (!device.configuration && first) await device.selectConfiguration(first.configurationValue);
    const channel = device.configuration && findChannel(device, device.configuration, options.interfaceNumber);
    if (!channel) throw noChannelError(name, options.interfaceNumber);
    claimed = channel.interfaceNumber;
    await options.beforeClaim?.(claimed);
    await device.claimInterface(channel.interfaceNumber);
    if (channel.isFtdi) await setUpFtdi(device, channel.interfaceNumber, baudRate);
    return new UsbTransport(name, device, channel, channel.isFtdi ? baudRate : undefined, options);
  } catch (error) {
    await release(device, claimed);
    if (claimed !== null) await options.afterClose?.(claimed);
    throw openError(name, error);
  }
}

class UsbTransport implements Transport {
  readonly name: string;
  readonly bytesPerSecond?: number;
  readonly #device: UsbDevice;
  readonly #channel: Channel;
  readonly #delivery: Delivery;
  readonly #options: UsbOptions;
  readonly #reads: Promise<{ data?: DataView | undefined; status?: string | undefined }>[] = [];
  readonly #reading: Promise<void>;
  #closing: Promise<void> | null = null;

  constructor(name: string, device: UsbDevice, channel: Channel, baudRate: number | undefined, options: UsbOptions) {
    this.name = name;
    this.#device = device;
    this.#channel = channel;
    this.#delivery = new Delivery(name);
    this.#options = options;
    if (baudRate !== undefined) this.bytesPerSecond = bytesPerSecond(baudRate);
    this.#reading = this.#read(options.readsUnderWay ?? READS_UNDER_WAY);
  }

  start(listener: TransportListener): void {
    this.#delivery.start(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#delivery.checkOpen();
    const { endpointNumber } = this.#channel.output;
    let sent: Awaited<ReturnType<UsbDevice['transferOut']>>;
    try {
      sent = await this.#device.transferOut(endpointNumber, bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      this.#delivery.checkOpen();
      throw transferError(this.name, error);
    }
    if (sent.bytesWritten === bytes.length) return;
    // What was left out is asked for again: the protocol notices.
    if (sent.status === 'stall') await this.#device.clearHalt('out', endpointNumber);
    else throw transferError(this.name, `${sent.bytesWritten} of ${bytes.length} bytes were sent (${sent.status})`);
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    this.#delivery.end(null);
    await release(this.#device, this.#channel.interfaceNumber);
    await this.#reading;
    await Promise.allSettled(this.#reads);
    await this.#options.afterClose?.(this.#channel.interfaceNumber);
  }

  /** Takes IN transfers in order until the end. */
  async #read(underWay: number): Promise<void> {
    const { input, isFtdi } = this.#channel;
    // Without a bridge nothing promises that a packet is followed by another or by a short one: a transfer is a packet.
    const length = isFtdi ? BRIDGE_READ_BYTES : input.packetSize;
    while (!this.#delivery.ended) {
      while (this.#reads.length < underWay) this.#ask(input.endpointNumber, length);
      try {
        await this.#take(await this.#reads.shift()!);
      } catch (error) {
        if (this.#options.isIdle?.(error)) continue;
        this.#delivery.end(transferError(this.name, error));
      }
    }
  }

  #ask(endpointNumber: number, length: number): void {
    const read = this.#device.transferIn(endpointNumber, length);
    // Those behind one that fails are not looked at any more.
    read.catch(() => undefined);
    this.#reads.push(read);
  }

  async #take({ data, status }: { data?: DataView | undefined; status?: string | undefined }): Promise<void> {
    const { input, isFtdi } = this.#channel;
    if (data) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#delivery.data(isFtdi ? stripStatus(bytes, input.packetSize) : bytes);
    }
    if (status === 'stall') await this.#device.clearHalt('in', input.endpointNumber);
    else if (status !== 'ok') throw new Error(`a transfer ended with "${status}"`);
  }
}

/** Of a device that is gone nothing has to be given back. */
async function release(device: UsbDevice, interfaceNumber: number | null): Promise<void> {
  if (interfaceNumber !== null) await device.releaseInterface(interfaceNumber).catch(() => undefined);
  await device.close().catch(() => undefined);
}

/** A name for messages: what the device calls itself, and its numbers. */
export function nameOf(device: UsbDevice): string {
  const product = readName(device, 'productName');
  return product === null ? usbAddress(device) : `${product} (${usbAddress(device)})`;
}

function noChannelError(name: string, interfaceNumber: number | undefined): DeviceError {
  const which = interfaceNumber === undefined ? 'no interface' : `no interface ${interfaceNumber}`;
  const what = `The USB device ${name} has ${which} with a bulk endpoint in each direction that is open to programs.`;
  return new DeviceError('port-failed', what, 'If it is a serial port to the system, open that port instead.');
}

/** What the reason says, in the words of a DOMException or of the Node package. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function openError(name: string, error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const reason = reasonOf(error);
  if (/SecurityError|access denied|permission|EACCES/i.test(reason)) {
    const step = 'On Linux install the udev rules ("sdq doctor" says how) and plug the board in again.';
    return new DeviceError('no-permission', `You have no permission to open ${name}.`, step, { cause: error });
  }
  if (/claim|busy/i.test(reason)) {
    return new DeviceError(
      'port-busy',
      `The interface of ${name} is in use by a driver of the system or by another program.`,
      'Open it as a serial port instead (Web Serial in a browser): most systems keep the interface of a serial bridge to themselves. Or close the other program.',
      { cause: error },
    );
  }
  if (/disconnected|NotFoundError|no device/i.test(reason)) {
    return new DeviceError('no-such-port', `${name} is not plugged in any more.`, RECONNECT_STEP, { cause: error });
  }
  return new DeviceError('port-failed', `${name} cannot be opened: ${reason}.`, RECONNECT_STEP, { cause: error });
}

function transferError(name: string, error: unknown): DeviceError {
  const reason = reasonOf(error);
  if (/disconnected|NotFoundError|no device/i.test(reason)) return disconnectedError(name, RECONNECT_STEP, error);
  return new DeviceError('port-failed', `A transfer of ${name} failed: ${reason}.`, RECONNECT_STEP, { cause: error });
}
