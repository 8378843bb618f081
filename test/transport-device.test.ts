import { describe, expect, it } from 'vitest';
import { Device } from '../firmware/session/device.js';
import { GoldenModel } from '../firmware/session/golden-model.js';
import type { GeneratedToken, Session } from '../firmware/session/session.js';
import { openPort } from '../firmware/transport/node/open.js';
import { TcpServer } from '../firmware/transport/node/serve-tcp.js';
import type { Transport } from '../firmware/transport/transport.js';
import { openUsb } from '../firmware/transport/usb/transport.js';
import { openWebSerial } from '../firmware/transport/web/serial.js';
import { boardEnd } from './support/board-end.js';
import { FakeSerialPort } from './support/fake-serial-port.js';
import { FakeUsbDevice } from './support/fake-usb-device.js';
import { smallModel } from './support/small-model.js';
import { SoftBoard } from './support/soft-board.js';

const { weights, tokenizer } = smallModel();
const FTDI = {
  vendorId: 0x0403,
  productId: 0x6010,
  deviceVersionMajor: 7,
  interfaces: 2,
  isFtdi: true,
  packetSize: 512,
};

/** A way to a board, and what ends it. */
type Way = (board: SoftBoard) => Promise<{ transport: Transport; end?: () => Promise<void> }>;

const WAYS: Readonly<Record<string, Way>> = {
  'the process': async (board) => ({ transport: board.transport() }),
  'Web Serial': async (board) => ({ transport: await openWebSerial(new FakeSerialPort(boardEnd(board))) }),
  'WebUSB, a bridge': async (board) => ({ transport: await openUsb(new FakeUsbDevice(boardEnd(board), FTDI)) }),
  'WebUSB, bulk endpoints': async (board) => {
    const device = new FakeUsbDevice(boardEnd(board), { vendorId: 0x1209, productId: 1 });
    return { transport: await openUsb(device) };
  },
  TCP: async (board) => {
    const server = await TcpServer.start(async () => board.transport(), { host: '127.0.0.1', port: 0 });
    return { transport: await openPort(server.address), end: () => server.close() };
  },
};

async function collect(session: Session): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of session) tokens.push(token);
  return tokens;
}

describe('a model on a board', () => {
  it.each(Object.entries(WAYS))('is uploaded and run over %s', async (_, way) => {
    const options = { tokenizer, prompt: 'the ab', maxTokens: 6, temperature: 10, seed: 1 };
    const { transport, end } = await way(new SoftBoard(weights));
    const device = await Device.open(transport, { planHash: weights.planHash });
    try {
      await device.upload(weights);
      const [onBoard, golden] = [device.session(options), new GoldenModel(weights).session(options)];
      expect(await collect(onBoard)).toEqual(await collect(golden));
    } finally {
      await device.close();
      await end?.();
    }
  });
});
