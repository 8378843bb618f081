/** Serves a transport, such as a serial port, to one TCP client at a time. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { DeviceError } from '../errors.js';
import type { Transport } from '../transport.js';
import { refusalLine, tcpAddress } from './tcp.js';

/** A client whose network has gone without a word is noticed a minute or two later. */
const KEEP_ALIVE_MS = 10_000;
const LEAVE_TIMEOUT_MS = 2000;
/** More than the credit of any device: a client that keeps to the protocol is never stopped, and its end is seen. */
const MOST_WAITING_BYTES = 1 << 16;

export interface TcpServerOptions {
  /** Where clients connect; anyone who can may use the board. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Told what happens, a sentence each. */
  readonly log?: (line: string) => void;
}

export class TcpServer {
  readonly #server: Server;
  readonly #open: () => Promise<Transport>;
  readonly #log: (line: string) => void;
  #client: Socket | null = null;
  #served: Promise<void> = Promise.resolve();

  private constructor(server: Server, open: () => Promise<Transport>, log: (line: string) => void) {
    this.#server = server;
    this.#open = open;
    this.#log = log;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /**
   * Begins to listen.
   * @param open called for each client; the transport is closed when the client leaves
   * @throws DeviceError port-busy, port-failed
   */
  static async start(open: () => Promise<Transport>, options: TcpServerOptions): Promise<TcpServer> {
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    const { host, port } = options;
    try {
      server.listen({ host, port });
      await once(server, 'listening');
    } catch (cause) {
      throw listenError(tcpAddress(host, port), cause as NodeJS.ErrnoException);
    }
    return new TcpServer(server, open, options.log ?? (() => undefined));
  }

  /** `tcp://host:port`. */
  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return tcpAddress(address, port);
  }

  /** Ends the connection, and resolves when the transport is free. */
  async close(): Promise<void> {
    this.#server.close();
    this.#client?.destroy();
    await this.#served;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined);
    const peer = tcpAddress(socket.remoteAddress ?? '?', socket.remotePort ?? 0).slice('tcp://'.length);
    if (this.#client) {
      this.#log(`refused ${peer}: ${nameOf(this.#client)} uses the board`);
      end(socket, refusalLine('port-busy', `the board is in use by ${nameOf(this.#client)}.`));
      return;
    }
    this.#client = socket;
    this.#log(`${peer} has connected`);
    this.#served = this.#serve(socket).then(() => {
      this.#client = null;
      this.#log(`${peer} has left`);
    });
  }

  async #serve(socket: Socket): Promise<void> {
    const left = new Promise<void>((resolve) => {
      socket.once('end', resolve);
      socket.once('close', resolve);
    });
    try {
      const transport = await this.#open();
      try {
        connect(socket, transport);
        await left;
      } finally {
        await transport.close();
        // Only now, so that a client that has waited for this knows that the port is free.
        end(socket);
      }
    } catch (error) {
      this.#log(String(error));
      const [code, message] = error instanceof DeviceError ? [error.code, error.message] : ['port-failed', `${error}`];
      end(socket, refusalLine(code, message));
    }
  }
}

/** Ends a connection from this side, and soon from the other. What the client still sends is taken, or it would not hear. */
function end(socket: Socket, lastWords = ''): void {
  socket.end(lastWords);
  socket.resume();
  socket.setTimeout(LEAVE_TIMEOUT_MS, () => socket.destroy());
}

/** Passes bytes on in both directions. */
function connect(socket: Socket, transport: Transport): void {
  transport.start({ data: (bytes) => void socket.write(bytes), closed: () => end(socket) });
  let waiting = 0;
  let writing = Promise.resolve();
  socket.on('data', (bytes) => {
    waiting += bytes.length;
    if (waiting > MOST_WAITING_BYTES) socket.pause();
    writing = writing
      .then(() => transport.write(bytes))
      .then(
        () => {
          waiting -= bytes.length;
          if (waiting <= MOST_WAITING_BYTES) socket.resume();
        },
        () => void socket.destroy(),
      );
  });
}

const nameOf = (socket: Socket): string => `${socket.remoteAddress}, port ${socket.remotePort}`;

function listenError(name: string, cause: NodeJS.ErrnoException): DeviceError {
  if (cause.code === 'EADDRINUSE') {
    const what = `Another program listens at ${name}.`;
    return new DeviceError('port-busy', what, 'Choose another port.', { cause });
  }
  const step = 'Give an address of this machine and a port from 1024 on.';
  return new DeviceError('port-failed', `Listening at ${name} failed: ${cause.message}.`, step, { cause });
}
