import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Accelerator } from '../firmware/device/accelerator.js';
import { Responder } from '../firmware/protocol/responder.js';
import { DeviceError } from '../firmware/transport/errors.js';
import { InProcessTransport } from '../firmware/transport/in-process.js';
import { openPort } from '../firmware/transport/node/open.js';
import { openSerial } from '../firmware/transport/node/serial.js';
import { TcpServer } from '../firmware/transport/node/serve-tcp.js';
import { openTcp } from '../firmware/transport/node/tcp.js';
import type { Transport } from '../firmware/transport/transport.js';
import { startVirtualBoard } from '../sim/harness/node/virtual-board.js';
import { exercise } from './rtl/link/exercise.js';
import { compileFixture, FakeEngine, fixtureInfo, HARNESS } from './rtl/link/fixture.js';

const servers: { close(): unknown }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const reference = (): Promise<Transport> =>
  Promise.resolve(new InProcessTransport(new Responder(fixtureInfo(), new FakeEngine())));

async function serve(open = reference, lines: string[] = []): Promise<TcpServer> {
  const server = await TcpServer.start(open, { host: '127.0.0.1', port: 0, log: (line) => lines.push(line) });
  servers.push(server);
  return server;
}

/** A server of the test's own. @returns its port */
async function listen(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as { port: number }).port;
}

describe('a device over TCP', () => {
  it('is uploaded and run, by one client after the other', async () => {
    const responder = new Responder(fixtureInfo(), new FakeEngine());
    const server = await serve(() => Promise.resolve(new InProcessTransport(responder)));
    expect(server.address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    for (let client = 0; client < 3; client++) {
      const transport = await openPort(server.address);
      expect(transport.name).toBe(server.address);
      await exercise(transport);
    }
  });

  it('can be the virtual board', async () => {
    const board = await startVirtualBoard(await compileFixture(HARNESS));
    try {
      const server = await serve(() => openSerial(board.path));
      await exercise(await openPort(server.address));
      await exercise(await openPort(server.address));
    } finally {
      board.stop();
      await board.exited;
    }
  });

  it('refuses the second client, which hears why; the first one goes on', async () => {
    const lines: string[] = [];
    const server = await serve(reference, lines);
    const device = await Accelerator.open(await openPort(server.address));
    await expect(Accelerator.open(await openPort(server.address))).rejects.toMatchObject({
      code: 'port-busy',
      message: expect.stringMatching(/^tcp:\S+ says: the board is in use by 127\.0\.0\.1, port \d+\. Wait/),
    });
    await expect(device.run(0, 0)).resolves.toBeDefined();
    await device.close();
    await exercise(await openPort(server.address));
    expect(lines.filter((line) => line.startsWith('refused'))).toHaveLength(1);
  });

  it('passes on why the port behind the server does not open', async () => {
    const error = new DeviceError('no-permission', 'You have no permission.', 'Ask.');
    const server = await serve(() => Promise.reject(error));
    await expect(Accelerator.open(await openPort(server.address))).rejects.toMatchObject({
      code: 'port-failed',
      message: expect.stringContaining('You have no permission. Ask.'),
    });
  });

  it('ends with the port behind the server, and the other way round', async () => {
    const behind: InProcessTransport[] = [];
    const server = await serve(() => {
      const transport = new InProcessTransport(new Responder(fixtureInfo(), new FakeEngine()));
      behind.push(transport);
      return Promise.resolve(transport);
    });
    const device = await Accelerator.open(await openPort(server.address));
    await behind[0]!.close();
    await expect(device.run(0, 0)).rejects.toMatchObject({
      code: 'disconnected',
      message: expect.stringContaining(server.address),
    });
    await device.close();
    const next = await Accelerator.open(await openPort(server.address));
    await server.close();
    await expect(next.run(0, 0)).rejects.toMatchObject({ code: 'disconnected' });
    await expect(behind[1]!.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'closed' });
  });

  it('takes an answer that looks like nothing else for what it is', async () => {
    const port = await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    await expect(Accelerator.open(await openTcp('127.0.0.1', port))).rejects.toMatchObject({ code: 'disconnected' });
  });
});

describe('an address that cannot be had', () => {
  it('is explained to clients', async () => {
    const server = await serve();
    const { address } = server;
    await server.close();
    await expect(openPort(address)).rejects.toMatchObject({
      code: 'no-such-port',
      message: expect.stringMatching(/^Nobody listens at tcp:\S+\. Start "sdq board/),
    });
    await expect(openTcp('no-such-host.invalid', 1)).rejects.toMatchObject({
      code: 'no-such-port',
      message: expect.stringContaining('no-such-host.invalid'),
    });
  });

  it('is explained to servers', async () => {
    const port = await listen(createServer());
    await expect(TcpServer.start(reference, { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'port-busy',
      message: expect.stringContaining(String(port)),
    });
    await expect(TcpServer.start(reference, { host: '203.0.113.1', port: 0 })).rejects.toMatchObject({
      code: 'port-failed',
    });
  });
});
