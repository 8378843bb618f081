/** A web server for the page's files, and for nothing else. */

import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP, isIPv4, isIPv6 } from 'node:net';
import { extname } from 'node:path';
import { pipeline } from 'node:stream';
import { InputError } from '../../../generator/errors.js';
import { PAGE_POLICY } from '../policy.js';
import { type Content, findContent, type Site } from './site.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const HEADERS = {
  'Content-Security-Policy': `${PAGE_POLICY}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
} as const;

export interface RunningServer {
  /** With the port that was really taken. */
  readonly url: string;
  readonly port: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** Ends it, connections that are open included. */
  stop(): void;
}

/**
 * Serves the site until it is stopped.
 * @param port 0 for any that is free
 * @throws InputError if the address cannot be had
 */
export async function serveSite(site: Site, host: string, port: number): Promise<RunningServer> {
  const server = createServer((request, response) => {
    answer(site, isAddressed(request.headers.host, host), request, response);
  });
  await listen(server, host, port);
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${taken}/`,
    port: taken,
    ended: new Promise((resolve) => server.once('close', resolve)),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new InputError(
        `port ${port} of ${host} is in use; take another one with --port, or any free one with --port 0`,
      );
    case 'EACCES':
      return new InputError(`you may not serve on port ${port}; take one of at least 1024 with --port`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new InputError(
        `${host} is no address of this machine; use --host 127.0.0.1, or --host 0.0.0.0 for all of them`,
      );
    default:
      return error;
  }
}

/**
 * Whether a request to this machine alone names it by its address, or as localhost. A page elsewhere can have its own name
 * point here, and would then be taken for this server's page.
 */
function isAddressed(header = '', host: string): boolean {
  if (host !== 'localhost' && !isLoopback(host)) return true;
  const name = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

const isLoopback = (address: string): boolean => address === '::1' || (isIPv4(address) && address.startsWith('127.'));

function answer(site: Site, addressed: boolean, request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 405, 'This server only gives out the files of the page.');
    return;
  }
  if (!addressed) {
    refuse(response, 421, 'This server is reached by the address of this machine, or as localhost.');
    return;
  }
  const found = findContent(site, request.url ?? '/');
  if (!found) {
    refuse(response, 404, 'There is no such file here. The page is at /.');
    return;
  }
  response.setHeader('Content-Type', TYPES[extname(found.address)] ?? 'application/octet-stream');
  send(found.content, response, request.method === 'HEAD');
}

function send(content: Content, response: ServerResponse, headersOnly: boolean): void {
  const size = 'text' in content ? Buffer.byteLength(content.text) : sizeOf(content.path);
  if (size === null) {
    refuse(response, 404, 'This file was there when the server began, and is not any more.');
    return;
  }
  response.setHeader('Content-Length', size);
  if (headersOnly) response.end();
  else if ('text' in content) response.end(content.text);
  // A browser that has seen enough closes the connection: no reason to complain.
  else pipeline(createReadStream(content.path), response, () => {});
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'Content-Type': TYPES['.txt'] }).end(`${why}\n`);
}
