import { describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { Responder } from '../firmware/protocol/responder.js';
import { openWebSerial } from '../firmware/transport/web/serial.js';
import { exercise } from './rtl/link/exercise.js';
import { FakeEngine, fixtureInfo } from './rtl/link/fixture.js';
import { boardEnd } from './support/board-end.js';
import { FakeSerialPort } from './support/fake-serial-port.js';

const fake = () =>
  new FakeSerialPort(boardEnd(new Responder(fixtureInfo(), new FakeEngine())), {
    usbVendorId: 0x0403,
    usbProductId: 0x6015,
  });

describe('a device over Web Serial', () => {
  it('is uploaded and run, and the port is free afterwards', async () => {
    const port = fake();
    for (let client = 0; client < 2; client++) {
      const transport = await openWebSerial(port, { baudRate: 3_000_000 });
      expect(port.opened).toEqual({ baudRate: 3_000_000, bufferSize: 65536, flowControl: 'none' });
      expect(transport).toMatchObject({
        name: 'the serial port of ULX3S, FT231X (0403:6015)',
        bytesPerSecond: 300_000,
      });
      await exercise(transport);
      expect(port.opened).toBeNull();
    }
  });

  it('survives disturbances of the line', async () => {
    const port = fake();
    const device = await Accelerator.open(await openWebSerial(port), { timeoutMs: 50 });
    for (const name of ['FramingError', 'BreakError', 'BufferOverrunError'] as const) {
      port.disturb(name);
      await expect(device.run(0, 0)).resolves.toBeDefined();
    }
    await device.close();
  });

  it('that is lost ends the device', async () => {
    const port = fake();
    const device = await Accelerator.open(await openWebSerial(port));
    port.lose();
    await expect(device.run(0, 0)).rejects.toMatchObject({
      code: 'disconnected',
      message: expect.stringContaining('ULX3S'),
    });
    await device.close();
    const transport = await openWebSerial(fake());
    await transport.close();
    await expect(transport.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'closed' });
  });

  it('closes while the board takes nothing', async () => {
    const port = fake();
    const transport = await openWebSerial(port);
    port.writable = new WritableStream();
    void transport.write(new Uint8Array(10)).catch(() => undefined);
    await transport.close();
    await transport.close();
    expect(port.opened).toBeNull();
  });

  it.each([
    ['InvalidStateError', 'port-busy', 'Close it first'],
    ['NetworkError', 'port-busy', 'dialout'],
    ['UnknownError', 'port-failed', 'Check cable'],
  ])('explains %s', async (name, code, step) => {
    const port = fake();
    port.openError = new DOMException('Failed.', name);
    await expect(openWebSerial(port)).rejects.toMatchObject({ code, nextStep: expect.stringContaining(step) });
  });
});
