import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Responder } from '../firmware/protocol/responder.js';
import { openPort } from '../firmware/transport/node/open.js';
import { choose, usbDevices } from '../firmware/transport/node/usb.js';
import { exercise } from './rtl/link/exercise.js';
import { FakeEngine, fixtureInfo } from './rtl/link/fixture.js';
import { boardEnd } from './support/board-end.js';
import { FakeUsbDevice, type FakeUsbOptions } from './support/fake-usb-device.js';

/** What the `usb` package would do; null is the package itself. */
const fake = vi.hoisted(() => ({ missing: false, devices: null as unknown[] | null }));

vi.mock('usb', async (original) => ({
  get usb() {
    if (fake.missing) throw new Error("Cannot find package 'usb'");
    if (fake.devices === null) throw new Error('the test sets what there is');
    return { getDevices: () => Promise.resolve(fake.devices) };
  },
  original,
}));

beforeEach(() => {
  Object.assign(fake, { missing: false, devices: [] });
});

const ICEBREAKER = { vendorId: 0x0403, productId: 0x6010, deviceVersionMajor: 7, interfaces: 2, isFtdi: true };
const VENDOR = { vendorId: 0x1209, productId: 0x0001, productName: 'Board', interfaces: 1 };

/** A device of the package: one IN transfer at a time, given up when nothing comes, and a driver of the system. */
class NodeDevice extends FakeUsbDevice {
  readonly calls: string[] = [];
  #driver = 'ftdi_sio';
  #reading = false;

  constructor(options: FakeUsbOptions) {
    super(boardEnd(new Responder(fixtureInfo(), new FakeEngine())), options);
    this.configuration = this.configurations[0]!;
  }

  async detachKernelDriver(interfaceNumber: number): Promise<void> {
    this.calls.push(`detach ${interfaceNumber}`);
    this.#driver = '';
  }

  async attachKernelDriver(interfaceNumber: number): Promise<void> {
    if (!this.opened || this.claimed !== null) throw new Error('attachKernelDriver error: invalid state');
    this.calls.push(`attach ${interfaceNumber}`);
    this.#driver = 'ftdi_sio';
  }

  override async claimInterface(interfaceNumber: number): Promise<void> {
    if (this.#driver !== '') throw new Error('claimInterface error: interface is busy');
    await super.claimInterface(interfaceNumber);
  }

  override async transferIn(endpointNumber: number, length: number): Promise<{ status: string; data: DataView }> {
    if (this.#reading) throw new Error('transferIn error: endpoint not found');
    this.#reading = true;
    let timer: NodeJS.Timeout | undefined;
    try {
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('transferIn error: Cancelled')), 20);
      });
      return await Promise.race([super.transferIn(endpointNumber, length), timeout]);
    } finally {
      clearTimeout(timer);
      this.#reading = false;
    }
  }
}

describe('a device through the package usb', () => {
  it.each([
    ['usb:', ICEBREAKER],
    ['usb:0403:6010', ICEBREAKER],
    ['usb:1209:0001', VENDOR],
  ])('is opened as %s, taken from its driver and given back', async (address, options) => {
    const device = new NodeDevice(options);
    fake.devices = [device];
    const interfaceNumber = options.interfaces - 1;
    await exercise(await openPort(address, { baudRate: 3_000_000 }));
    expect(device.calls).toEqual([`detach ${interfaceNumber}`, `attach ${interfaceNumber}`]);
    expect(device.opened).toBe(false);
  });

  it('is given back when it cannot be set up', async () => {
    const device = new NodeDevice(ICEBREAKER);
    device.controlTransferOut = async () => ({ status: 'stall' });
    fake.devices = [device];
    await expect(openPort('usb:')).rejects.toMatchObject({ code: 'port-failed' });
    expect(device.calls).toEqual(['detach 1', 'attach 1']);
    expect(device).toMatchObject({ opened: false, claimed: null });
  });

  it('is one that a board may be behind', async () => {
    const keyboard = new NodeDevice({ vendorId: 0x046d, productId: 1, interfaces: 0 });
    const forbidden = new NodeDevice({ vendorId: 0x1d6b, productId: 2 });
    Object.defineProperty(forbidden, 'configuration', {
      get: () => {
        throw new Error('open error: permission denied');
      },
    });
    fake.devices = [keyboard, new NodeDevice(VENDOR), new NodeDevice(ICEBREAKER), forbidden];
    expect((await usbDevices()).map(({ vendorId }) => vendorId)).toEqual([0x1209, 0x0403]);
  });

  it('or needs the package, which the message names', async () => {
    fake.missing = true;
    await expect(openPort('usb:')).rejects.toMatchObject({
      code: 'missing-package',
      message: expect.stringContaining('npm install usb'),
    });
  });
});

describe('the choice among devices', () => {
  const a = new NodeDevice({ ...ICEBREAKER, serialNumber: 'A', productName: 'iCEBreaker' });
  const b = new NodeDevice({ ...ICEBREAKER, serialNumber: 'B', productName: 'iCEBreaker' });
  const vendor = new NodeDevice(VENDOR);

  it('is the only one that fits', () => {
    expect(choose([a, b, vendor], { vendorId: 0x1209, productId: 1 })).toBe(vendor);
    expect(choose([a, b, vendor], { vendorId: 0x0403, productId: 0x6010, serialNumber: 'B' })).toBe(b);
    expect(choose([a], {})).toBe(a);
  });

  it('names all that fit, and how to choose', () => {
    expect(() => choose([a, b, vendor], { vendorId: 0x0403, productId: 0x6010 })).toThrow(
      expect.objectContaining({
        code: 'several-boards',
        message:
          '2 USB devices fit: iCEBreaker (usb:0403:6010:A), iCEBreaker (usb:0403:6010:B). Name one, such as --port usb:0403:6010:A.',
      }),
    );
    expect(() => choose([vendor, vendor], {})).toThrow(
      expect.objectContaining({ nextStep: expect.stringContaining('unplug') }),
    );
  });

  it('does without names that cannot be read', () => {
    const nameless = new NodeDevice(ICEBREAKER);
    for (const name of ['productName', 'serialNumber']) {
      Object.defineProperty(nameless, name, {
        get: () => {
          throw new Error('open error: permission denied');
        },
      });
    }
    expect(choose([nameless], {})).toBe(nameless);
    expect(() => choose([nameless, a], {})).toThrow('2 USB devices fit: usb:0403:6010, iCEBreaker (usb:0403:6010:A).');
    expect(() => choose([nameless], { serialNumber: 'A' })).toThrow('There are: usb:0403:6010.');
  });

  it('says what there is where none fits', () => {
    expect(() => choose([a], { vendorId: 1, productId: 2 })).toThrow(
      expect.objectContaining({
        code: 'no-such-port',
        message: expect.stringMatching(/no USB device 0001:0002\. There are: iCEBreaker \(usb:0403:6010:A\)\./),
      }),
    );
    expect(() => choose([], {})).toThrow(/no USB device that a board may be behind\. Check cable/);
  });
});

describe('the package itself', () => {
  it('lists devices, or the error says that there is no USB', async () => {
    const { usb } = (await vi.importActual('usb')) as { usb: { getDevices(): Promise<unknown[]> } };
    const reason = await usb.getDevices().then(
      () => null,
      (error: Error) => error.message,
    );
    fake.devices = [];
    vi.doMock('usb', () => ({ usb }));
    vi.resetModules();
    const { usbDevices: real } = await import('../firmware/transport/node/usb.js');
    if (reason === null) await expect(real()).resolves.toBeInstanceOf(Array);
    else {
      await expect(real()).rejects.toMatchObject({
        code: 'port-failed',
        message: expect.stringContaining(reason),
      });
    }
    vi.doUnmock('usb');
  });
});
