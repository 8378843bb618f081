import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeviceError } from '../firmware/transport/errors.js';
import { openSerial } from '../firmware/transport/node/serial.js';
import { DEFAULT_BAUD_RATE } from '../firmware/transport/rates.js';

/** What the `serialport` package would do. */
const fake = vi.hoisted(() => ({
  missing: false,
  openError: null as Error | null,
  writeError: null as Error | null,
  ports: [] as { options: object; emit(event: string, ...args: unknown[]): boolean }[],
}));

vi.mock('serialport', () => ({
  get SerialPort() {
    if (fake.missing) throw new Error("Cannot find package 'serialport'");
    return FakePort;
  },
}));

class FakePort extends EventEmitter {
  isOpen = true;

  constructor(readonly options: object) {
    super();
    fake.ports.push(this);
  }

  open(done: (error: Error | null) => void): void {
    queueMicrotask(() => done(fake.openError));
  }

  write(_: Uint8Array, done: (error: Error | null) => void): void {
    queueMicrotask(() => done(fake.writeError));
  }

  close(done: () => void): void {
    this.isOpen = false;
    this.emit('close', null);
    done();
  }
}

beforeEach(() => {
  Object.assign(fake, { missing: false, openError: null, writeError: null, ports: [] });
});

describe('openSerial', () => {
  it.each([
    ['Error: No such file or directory, cannot open /dev/x', 'no-such-port', 'sdq board'],
    ['Opening COM9: File not found', 'no-such-port', 'sdq board'],
    ['Error: Permission denied, cannot open /dev/x', 'no-permission', 'dialout'],
    ['Error: Device or resource busy, cannot open /dev/x', 'port-busy', 'Close the other program'],
    ['Error Resource temporarily unavailable Cannot lock port', 'port-busy', 'fuser /dev/x'],
    ['Opening COM9: Access denied', 'port-busy', 'Close the other program'],
    ['Error: Inappropriate ioctl for device, cannot open /dev/x', 'port-failed', 'erial port'],
  ])('explains "%s"', async (message, code, step) => {
    fake.openError = new Error(message);
    const error = (await openSerial('/dev/x').catch((reason: unknown) => reason)) as DeviceError;
    expect(error).toMatchObject({ name: 'DeviceError', code, cause: fake.openError });
    expect(error.nextStep).toContain(step);
    expect(error.message).toContain('/dev/x');
  });

  it('says what to install', async () => {
    fake.missing = true;
    await expect(openSerial('/dev/x')).rejects.toMatchObject({
      code: 'missing-package',
      message: expect.stringContaining('npm install serialport'),
    });
  });

  it('opens at the default rate or the one asked for', async () => {
    const transport = await openSerial('/dev/x');
    expect(fake.ports[0]?.options).toEqual({ path: '/dev/x', baudRate: DEFAULT_BAUD_RATE, autoOpen: false });
    expect(transport.bytesPerSecond).toBe(DEFAULT_BAUD_RATE / 10);
    await openSerial('/dev/x', { baudRate: 115_200 });
    expect(fake.ports[1]?.options).toMatchObject({ baudRate: 115_200 });
  });
});

describe('a serial transport', () => {
  it('ends with the reason, once', async () => {
    const transport = await openSerial('/dev/x');
    const ends: unknown[] = [];
    transport.start({ data: () => undefined, closed: (error) => ends.push(error) });
    fake.ports[0]!.emit('close', Object.assign(new Error('bad'), { disconnected: true }));
    fake.ports[0]!.emit('error', new Error('late'));
    expect(ends).toMatchObject([{ code: 'disconnected', message: expect.stringContaining('/dev/x') }]);
    await expect(transport.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'disconnected' });
    expect(() => transport.start({ data: () => undefined, closed: () => undefined })).toThrow('listener');
  });

  it('tells a late listener that it has ended', async () => {
    const transport = await openSerial('/dev/x');
    await transport.close();
    const ends: unknown[] = [];
    transport.start({ data: () => undefined, closed: (error) => ends.push(error) });
    expect(ends).toEqual([null]);
    await transport.close();
  });

  it('explains a write that fails', async () => {
    const transport = await openSerial('/dev/x');
    fake.writeError = new Error('EIO: i/o error, write');
    await expect(transport.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'disconnected' });
    fake.writeError = new Error('something else');
    await expect(transport.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'port-failed' });
  });
});
