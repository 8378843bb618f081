import { describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { Responder } from '../firmware/protocol/responder.js';
import type { ByteDevice } from '../firmware/transport/in-process.js';
import { baudDivisor, stripStatus } from '../firmware/transport/usb/ftdi.js';
import { openUsb } from '../firmware/transport/usb/transport.js';
import { exercise } from './rtl/link/exercise.js';
import { FakeEngine, fixtureInfo } from './rtl/link/fixture.js';
import { boardEnd } from './support/board-end.js';
import { FakeUsbDevice, type FakeUsbOptions } from './support/fake-usb-device.js';

const ICEBREAKER = { vendorId: 0x0403, productId: 0x6010, deviceVersionMajor: 7, interfaces: 2, isFtdi: true };
const ULX3S = { vendorId: 0x0403, productId: 0x6015, deviceVersionMajor: 16, isFtdi: true };
const VENDOR = { vendorId: 0x1209, productId: 0x0001, productName: 'Board', serialNumber: 'A7' };

function fake(options: FakeUsbOptions, device: ByteDevice = new Responder(fixtureInfo(), new FakeEngine())) {
  return new FakeUsbDevice(boardEnd(device), options);
}

const silent: ByteDevice = { receive: () => new Uint8Array(0) };

describe('a device over WebUSB', () => {
  it.each([
    ['FT2232H, full speed', { ...ICEBREAKER, packetSize: 64 }],
    ['FT2232H, high speed', { ...ICEBREAKER, packetSize: 512 }],
    ['FT231X', ULX3S],
    ['an interface of its own, full speed', VENDOR],
    ['an interface of its own, high speed', { ...VENDOR, packetSize: 512 }],
  ])('is uploaded and run: %s', async (_, options) => {
    const usb = fake(options);
    await exercise(await openUsb(usb, { baudRate: 3_000_000 }));
    expect(usb).toMatchObject({ opened: false, claimed: null });
  });

  it('has several IN transfers under way, of one packet where nothing ends a longer one', async () => {
    const vendor = fake({ ...VENDOR, packetSize: 512 }, silent);
    const transport = await openUsb(vendor);
    expect(vendor).toMatchObject({ mostReads: 4, readLength: 512 });
    await transport.close();
    const ftdi = fake(ICEBREAKER, silent);
    await (await openUsb(ftdi, { readsUnderWay: 1 })).close();
    expect(ftdi).toMatchObject({ mostReads: 1, readLength: 4096 });
  });

  it('takes the serial interface of a known bridge, or the one asked for', async () => {
    const board = fake(ICEBREAKER, silent);
    const transport = await openUsb(board);
    expect(board.claimed).toBe(1);
    await transport.close();
    await openUsb(board, { interfaceNumber: 0 });
    expect(board.claimed).toBe(0);
    await expect(openUsb(fake(ICEBREAKER, silent), { interfaceNumber: 2 })).rejects.toMatchObject({
      code: 'port-failed',
      message: expect.stringContaining('no interface 2'),
    });
  });

  it('sets a bridge up: rate, 8N1, no flow control, latency, empty buffers', async () => {
    const board = fake(ICEBREAKER, silent);
    await openUsb(board, { baudRate: 3_000_000 });
    // Divisor 12 MHz / 3 MHz = 4, without the division by 2.5 (bit 17); channel B is index 2.
    expect(board.controls.map(({ request, value, index }) => [request, value, index])).toEqual([
      [0, 0, 2],
      [3, 4, 0x0202],
      [4, 8, 2],
      [2, 0, 2],
      [9, 1, 2],
      [0, 1, 2],
      [0, 2, 2],
    ]);
    expect(board.controls.every((setup) => setup.requestType === 'vendor' && setup.recipient === 'device')).toBe(true);
    const ulx3s = fake(ULX3S, silent);
    const transport = await openUsb(ulx3s, { baudRate: 3_000_000 });
    expect(ulx3s.controls[1]).toMatchObject({ value: 0, index: 1 });
    expect(transport.bytesPerSecond).toBe(300_000);
  });

  it('keeps what arrives until there is a listener', async () => {
    const usb = fake(VENDOR, { receive: (bytes) => bytes });
    const transport = await openUsb(usb);
    await transport.write(Uint8Array.of(1, 2, 3));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const got: number[] = [];
    transport.start({ data: (bytes) => got.push(...bytes), closed: () => undefined });
    expect(got).toEqual([1, 2, 3]);
    expect(() => transport.start({ data: () => undefined, closed: () => undefined })).toThrow('listener');
  });

  it('goes on after a stall', async () => {
    const usb = fake(VENDOR);
    const device = await Accelerator.open(await openUsb(usb), { timeoutMs: 30 });
    usb.nextStatus = { in: 'stall', out: 'stall' };
    await expect(device.run(0, 0)).resolves.toBeDefined();
    expect(usb.cleared.sort()).toEqual(['in 1', 'out 1']);
    await device.close();
  });

  it('that is unplugged ends the device, naming it', async () => {
    const usb = fake(VENDOR);
    const device = await Accelerator.open(await openUsb(usb));
    usb.unplug();
    await expect(device.run(0, 0)).rejects.toMatchObject({
      code: 'disconnected',
      message: expect.stringContaining('Board (usb:1209:0001:A7)'),
    });
    await device.close();
  });

  it('ends when a transfer brings more than was asked for', async () => {
    const usb = fake(VENDOR);
    const device = await Accelerator.open(await openUsb(usb));
    usb.nextStatus.in = 'babble';
    await expect(device.run(0, 0)).rejects.toMatchObject({
      code: 'port-failed',
      message: expect.stringContaining('babble'),
    });
    await device.close();
  });

  it('does not take an idle line for an error', async () => {
    const idle = new Error('transferIn error: Cancelled');
    const usb = fake(VENDOR);
    const original = usb.transferIn.bind(usb);
    let reads = 0;
    usb.transferIn = (endpoint, length) => (reads++ % 2 === 0 ? Promise.reject(idle) : original(endpoint, length));
    await exercise(await openUsb(usb, { isIdle: (error) => error === idle }));
    expect(reads).toBeGreaterThan(4);
  });
});

describe('a device that cannot be opened', () => {
  it.each([
    ['open', new DOMException('Access denied.', 'SecurityError'), 'no-permission', 'udev rules'],
    ['open', new Error('open error: permission denied (errno 13)'), 'no-permission', 'udev rules'],
    ['claimInterface', new DOMException('Unable to claim interface.', 'NetworkError'), 'port-busy', 'Web Serial'],
    ['claimInterface', new Error('claimInterface error: interface is busy'), 'port-busy', 'serial port'],
    ['open', new DOMException('The device was disconnected.', 'NotFoundError'), 'no-such-port', 'Check cable'],
    ['open', new Error('what?'), 'port-failed', 'Check cable'],
  ] as const)('is explained: %s, %s', async (method, error, code, step) => {
    const usb = fake(VENDOR, silent);
    usb.errors[method] = error;
    await expect(openUsb(usb)).rejects.toMatchObject({ code, nextStep: expect.stringContaining(step), cause: error });
    expect(usb.opened).toBe(false);
  });

  it('or has no endpoints, or not the rate, says so', async () => {
    const none = fake({ ...VENDOR, interfaces: 0 }, silent);
    await expect(openUsb(none)).rejects.toMatchObject({
      code: 'port-failed',
      message: expect.stringContaining('bulk'),
    });
    await expect(openUsb(fake(ULX3S, silent), { baudRate: 12_000_000 })).rejects.toMatchObject({
      code: 'port-failed',
      message: expect.stringMatching(/12000000 baud.*3000000/),
    });
    const refusing = fake(ULX3S, silent);
    refusing.controlTransferOut = async () => ({ status: 'stall' });
    await expect(openUsb(refusing)).rejects.toMatchObject({
      code: 'port-failed',
      message: expect.stringContaining('request 0'),
    });
  });
});

describe('the divisor of a bridge', () => {
  /** What the chip makes of it: the inverse of the encoding. */
  function rateOf(divisor: number, hz: number): number {
    if (divisor === 0) return hz;
    if (divisor === 1) return hz / 1.5;
    return (8 * hz) / ((divisor & 0x3fff) * 8 + [0, 4, 2, 1, 3, 5, 6, 7][divisor >> 14]!);
  }

  it.each([
    [3_000_000, 3_000_000, 0],
    [2_000_000, 3_000_000, 1],
    [1_000_000, 3_000_000, 3],
    [115_200, 3_000_000, 0x001a],
    [9600, 3_000_000, 0x4138],
    [12_000_000, 12_000_000, 0],
    [1_000_000, 12_000_000, 12],
  ])('for %i baud from %i Hz', (baudRate, hz, divisor) => {
    expect(baudDivisor(baudRate, hz)!.divisor).toBe(divisor);
  });

  it('gives the rate that it says, within 2 %, or none', () => {
    for (const hz of [3_000_000, 12_000_000]) {
      // The gaps are between the largest rates only.
      const largest = [hz, hz / 1.5, ...Array.from({ length: 40 }, (_, i) => (8 * hz) / (16 + i))];
      for (let baudRate = 1200; baudRate < hz * 1.2; baudRate = Math.ceil(baudRate * 1.03)) {
        const found = baudDivisor(baudRate, hz);
        if (found) {
          expect(rateOf(found.divisor, hz)).toBeCloseTo(found.baudRate, 6);
          expect(Math.abs(found.baudRate / baudRate - 1)).toBeLessThanOrEqual(0.02);
        } else {
          expect(Math.min(...largest.map((rate) => Math.abs(rate / baudRate - 1)))).toBeGreaterThan(0.02);
        }
      }
    }
    expect(baudDivisor(100, 3_000_000)).toBeNull();
  });
});

describe('packets of a bridge', () => {
  it.each([
    [[], []],
    [[1, 0x60], []],
    [[1, 0x60, 7], [7]],
    [
      [1, 0x60, 1, 2, 1, 0x60, 3, 4],
      [1, 2, 3, 4],
    ],
    [
      [1, 0x60, 1, 2, 1, 0x60],
      [1, 2],
    ],
  ])('lose their status: %j', (packets, data) => {
    expect(Array.from(stripStatus(Uint8Array.from(packets), 4))).toEqual(data);
  });
});
