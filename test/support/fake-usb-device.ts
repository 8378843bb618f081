/**
 * A device of `navigator.usb`: a serial bridge of FTDI, with its packets and its driver's requests, or an interface of
 * the vendor's class whose bulk endpoints are the stream.
 */

import type { UsbConfiguration, UsbControl, UsbDevice } from '../../firmware/transport/usb/device.js';
import type { BoardEnd } from './board-end.js';

export interface FakeUsbOptions {
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceVersionMajor?: number;
  readonly productName?: string;
  readonly serialNumber?: string;
  /** Interfaces, all alike. */
  readonly interfaces?: number;
  /** Bytes of a full packet. */
  readonly packetSize?: number;
  /** Whether packets begin with two bytes of status, and one of only these comes when nothing else does. */
  readonly isFtdi?: boolean;
}

interface PendingRead {
  readonly length: number;
  readonly resolve: (result: { status: string; data: DataView }) => void;
  readonly reject: (reason: Error) => void;
}

/** Milliseconds after which a bridge answers an IN transfer without data. */
const LATENCY_MS = 1;
/** Status of an idle line. */
const STATUS = [0x01, 0x60];

export class FakeUsbDevice implements UsbDevice {
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceVersionMajor: number;
  readonly productName: string | null;
  readonly serialNumber: string | null;
  readonly configurations: readonly UsbConfiguration[];
  configuration: UsbConfiguration | null = null;
  opened = false;
  claimed: number | null = null;
  readonly controls: UsbControl[] = [];
  readonly cleared: string[] = [];
  /** Bytes of each OUT transfer. */
  readonly writes: number[] = [];
  /** Most IN transfers that waited at a time, and the length of the last. */
  mostReads = 0;
  readLength = 0;
  /** What a method throws, by its name. */
  readonly errors: Partial<Record<'open' | 'claimInterface' | 'transferOut', Error>> = {};
  /** Status of the next IN or OUT transfer, if not null. */
  nextStatus: { in: string | null; out: string | null } = { in: null, out: null };
  readonly #board: BoardEnd;
  readonly #packetSize: number;
  readonly #isFtdi: boolean;
  #received: number[] = [];
  #reads: PendingRead[] = [];

  constructor(board: BoardEnd, options: FakeUsbOptions) {
    this.#board = board;
    this.vendorId = options.vendorId;
    this.productId = options.productId;
    this.deviceVersionMajor = options.deviceVersionMajor ?? 1;
    this.productName = options.productName ?? null;
    this.serialNumber = options.serialNumber ?? null;
    this.#packetSize = options.packetSize ?? 64;
    this.#isFtdi = options.isFtdi ?? false;
    this.configurations = [configuration(options.interfaces ?? 1, this.#packetSize)];
    board.onSend((bytes) => {
      this.#received.push(...bytes);
      this.#deliver();
    });
  }

  async open(): Promise<void> {
    if (this.errors.open) throw this.errors.open;
    this.opened = true;
  }

  async close(): Promise<void> {
    this.opened = false;
    this.claimed = null;
    this.#failReads(new DOMException('The transfer was cancelled.', 'AbortError'));
  }

  async selectConfiguration(value: number): Promise<void> {
    this.configuration = this.configurations.find(({ configurationValue }) => configurationValue === value)!;
  }

  async claimInterface(interfaceNumber: number): Promise<void> {
    if (this.errors.claimInterface) throw this.errors.claimInterface;
    this.claimed = interfaceNumber;
  }

  async releaseInterface(): Promise<void> {
    this.claimed = null;
  }

  async controlTransferOut(setup: UsbControl): Promise<{ status: string }> {
    this.controls.push(setup);
    return { status: 'ok' };
  }

  transferIn(endpointNumber: number, length: number): Promise<{ status: string; data: DataView }> {
    this.#checkEndpoint(endpointNumber);
    this.readLength = length;
    return new Promise((resolve, reject) => {
      const read = { length, resolve, reject };
      this.#reads.push(read);
      this.mostReads = Math.max(this.mostReads, this.#reads.length);
      this.#deliver();
      if (this.#isFtdi) setTimeout(() => this.#deliverStatus(read), LATENCY_MS);
    });
  }

  async transferOut(endpointNumber: number, data: Uint8Array): Promise<{ status: string; bytesWritten: number }> {
    this.#checkEndpoint(endpointNumber);
    if (this.errors.transferOut) throw this.errors.transferOut;
    const status = this.nextStatus.out ?? 'ok';
    this.nextStatus.out = null;
    if (status !== 'ok') return { status, bytesWritten: 0 };
    this.writes.push(data.length);
    this.#board.receive(data.slice());
    return { status, bytesWritten: data.length };
  }

  async clearHalt(direction: string, endpointNumber: number): Promise<void> {
    this.cleared.push(`${direction} ${endpointNumber}`);
  }

  /** The device is unplugged. */
  unplug(): void {
    this.errors.transferOut = disconnected();
    this.#failReads(disconnected());
  }

  #checkEndpoint(endpointNumber: number): void {
    if (this.claimed === null || endpointNumber !== this.claimed + 1) {
      throw new DOMException(`The endpoint ${endpointNumber} is not part of a claimed interface.`, 'NotFoundError');
    }
  }

  #deliver(): void {
    while (this.#reads.length > 0 && this.#received.length > 0) {
      const { length, resolve } = this.#reads.shift()!;
      const status = this.nextStatus.in ?? 'ok';
      this.nextStatus.in = null;
      if (status !== 'ok') resolve({ status, data: view([]) });
      else resolve({ status, data: view(this.#isFtdi ? this.#packets(length) : this.#received.splice(0, length)) });
    }
  }

  /** What a transfer of a bridge brings: packets until one is not full. */
  #packets(length: number): number[] {
    const bytes: number[] = [];
    for (let room = length; room >= this.#packetSize; room -= this.#packetSize) {
      const packet = [...STATUS, ...this.#received.splice(0, this.#packetSize - STATUS.length)];
      bytes.push(...packet);
      if (packet.length < this.#packetSize) break;
    }
    return bytes;
  }

  #deliverStatus(read: PendingRead): void {
    const at = this.#reads.indexOf(read);
    if (at < 0) return;
    this.#reads.splice(at, 1);
    read.resolve({ status: 'ok', data: view(STATUS) });
  }

  #failReads(reason: Error): void {
    for (const read of this.#reads.splice(0)) read.reject(reason);
  }
}

function disconnected(): Error {
  return new DOMException('The device was disconnected.', 'NotFoundError');
}

function view(bytes: readonly number[]): DataView {
  return new DataView(Uint8Array.from(bytes).buffer);
}

/** Interface n has endpoint n + 1 in both directions. */
function configuration(interfaces: number, packetSize: number): UsbConfiguration {
  return {
    configurationValue: 1,
    interfaces: Array.from({ length: interfaces }, (_, interfaceNumber) => ({
      interfaceNumber,
      alternate: {
        alternateSetting: 0,
        interfaceClass: 0xff,
        endpoints: (['in', 'out'] as const).map((direction) => {
          return { endpointNumber: interfaceNumber + 1, direction, type: 'bulk' as const, packetSize };
        }),
      },
    })),
  };
}
