/** A board on another host, or a virtual one, behind a TCP port: the bytes of the line and nothing else. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Delivery } from '../delivery.js';
import { DeviceError, disconnectedError } from '../errors.js';
import type { Transport, TransportListener } from '../transport.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** A server ends the connection as well, once the port behind it is free. */
const CLOSE_TIMEOUT_MS = 2000;

/** A server's last line when it does not serve a client: `sdq-forge CODE: SENTENCE`. */
const REFUSAL = /^sdq-forge ([a-z-]+): (.*)\n$/;
const MOST_REFUSAL_BYTES = 1024;

const START_STEP = 'Start "sdq board build/ --listen PORT" or "sdq bridge" there, and check address and firewall.';
const RECONNECT_STEP = 'Check that the other end still runs, then connect again.';

/** The line by which a server refuses a client. */
export function refusalLine(code: string, message: string): string {
  return `sdq-forge ${code}: ${message.replace(/\s+/g, ' ')}\n`;
}

/** `tcp://host:port`; IPv6 addresses are in brackets. */
export function tcpAddress(host: string, port: number): string {
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Connects to a server.
 * @throws DeviceError no-such-port, port-failed
 */
export async function openTcp(host: string, port: number): Promise<Transport> {
  const name = tcpAddress(host, port);
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
  } catch (cause) {
    socket.destroy();
    throw connectError(name, host, cause as NodeJS.ErrnoException);
  }
  return new TcpTransport(name, socket);
}

class TcpTransport implements Transport {
  readonly name: string;
  readonly #socket: Socket;
  readonly #delivery: Delivery;
  readonly #closed: Promise<unknown>;
  /** What came first, in case that it is a refusal and nothing else. */
  #head = '';
  #cause: Error | undefined;

  constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    this.#delivery = new Delivery(name);
    this.#closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', (error) => {
      this.#cause = error;
    });
    socket.on('data', (bytes) => {
      if (this.#head.length < MOST_REFUSAL_BYTES) this.#head += bytes.toString('utf8');
      this.#delivery.data(bytes);
    });
    socket.once('close', () => this.#delivery.end(this.#endError()));
  }

  start(listener: TransportListener): void {
    this.#delivery.start(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#delivery.checkOpen();
    // Of an error the listener hears when the socket has closed, with its reason.
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  async close(): Promise<void> {
    this.#delivery.end(null);
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  #endError(): DeviceError {
    const [, code, sentence] = REFUSAL.exec(this.#head) ?? [];
    if (sentence === undefined) return disconnectedError(this.name, RECONNECT_STEP, this.#cause);
    const isBusy = code === 'port-busy';
    const step = isBusy ? 'Wait until it has ended.' : '';
    return new DeviceError(isBusy ? 'port-busy' : 'port-failed', `${this.name} says: ${sentence}`, step);
  }
}

function connectError(name: string, host: string, cause: NodeJS.ErrnoException): DeviceError {
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: `Nobody listens at ${name}.`,
    ENOTFOUND: `There is no host ${host}.`,
    EAI_AGAIN: `The name ${host} cannot be looked up now.`,
    EHOSTUNREACH: `There is no way to ${name}.`,
    ENETUNREACH: `There is no way to ${name}.`,
  };
  if (cause.name === 'AbortError') {
    const what = `${name} did not answer within ${CONNECT_TIMEOUT_MS / 1000} s.`;
    return new DeviceError('no-such-port', what, START_STEP, { cause });
  }
  const known = reasons[cause.code ?? ''];
  if (known) return new DeviceError('no-such-port', known, START_STEP, { cause });
  return new DeviceError('port-failed', `Connecting to ${name} failed: ${cause.message}.`, START_STEP, { cause });
}
