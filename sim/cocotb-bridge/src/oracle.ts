import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { decode, encode } from './oracle-json.js';

/**
 * Answers one kind of question. `params` is what the Python test sent: usually an object of keyword arguments.
 * Whatever it throws is raised in the test, with its message.
 */
export type OracleHandler = (params: unknown) => unknown;

export interface OracleServer {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** What a Python test needs in its environment for `cocotb_bridge_oracle.connect()`. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A line longer than this is an error in the sender; it must not fill the memory. */
const MAX_LINE = 256 << 20;

/**
 * Serves a golden model on 127.0.0.1, on a free port unless one is given. One request per line,
 * `{"id": 1, "token": "…", "method": "linear", "params": {…}}`; one answer per line, `{"id": 1, "result": …}` or
 * `{"id": 1, "error": {"name": …, "message": …}}`, in order of completion. The token keeps other users of the machine
 * out; it is made anew for every server.
 */
export async function serveOracle(
  handlers: Readonly<Record<string, OracleHandler>>,
  options: { readonly port?: number } = {},
): Promise<OracleServer> {
  const token = randomBytes(16).toString('hex');
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    // A test that ends while an answer is under way is no error of ours.
    socket.on('error', () => socket.destroy());
    attach(handlers, socket, socket, token);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The oracle server has no port.');
  return {
    port: address.port,
    env: { COCOTB_BRIDGE_ORACLE: `127.0.0.1:${address.port}`, COCOTB_BRIDGE_TOKEN: token },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/**
 * The same over a pair of streams, e.g. process.stdin and process.stdout of a program that a Python test starts; no
 * token, because only the other end of the pipe can write.
 * @returns settles when the input ends
 */
export function serveOracleStreams(
  handlers: Readonly<Record<string, OracleHandler>>,
  input: Readable,
  output: Writable,
): Promise<void> {
  attach(handlers, input, output, undefined);
  return new Promise((resolve, reject) => {
    input.once('end', resolve);
    input.once('error', reject);
  });
}

function attach(
  handlers: Readonly<Record<string, OracleHandler>>,
  input: Readable,
  output: Writable,
  token: string | undefined,
): void {
  let pending = '';
  input.setEncoding('utf8');
  input.on('data', (text: string) => {
    pending += text;
    // A long line arrives in thousands of pieces; the whole is searched only when one of them can end it.
    let end = text.includes('\n') ? pending.indexOf('\n') : -1;
    while (end >= 0) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      if (line.trim() !== '')
        void answer(line, handlers, token).then((reply) => output.writable && output.write(reply));
      end = pending.indexOf('\n');
    }
    if (pending.length > MAX_LINE) input.destroy(new Error('A request is longer than 256 MiB.'));
  });
}

async function answer(
  line: string,
  handlers: Readonly<Record<string, OracleHandler>>,
  token: string | undefined,
): Promise<string> {
  let id: unknown = null;
  try {
    const request = decode(line);
    if (typeof request !== 'object' || request === null) throw new TypeError('A request is a JSON object.');
    const fields = request as Readonly<Record<string, unknown>>;
    id = fields.id ?? null;
    if (token !== undefined && fields.token !== token) {
      throw new Error('Wrong token: pass COCOTB_BRIDGE_TOKEN of this server.');
    }
    const method = String(fields.method);
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (handler === undefined) {
      throw new Error(
        `The oracle has no method "${method}"; it has ${Object.keys(handlers).sort().join(', ') || 'none'}.`,
      );
    }
    return `${encode({ id, result: (await handler(fields.params)) ?? null })}\n`;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    return `${encode({ id, error: { name, message } })}\n`;
  }
}
