/** The option --listen, and what a server says while it runs. */

import { InvalidArgumentError } from 'commander';
import { parseHostPort } from '../../firmware/transport/node/open.js';
import { InputError } from '../errors.js';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Only programs of this machine reach a server unless its user says otherwise. */
const LOCAL_HOST = '127.0.0.1';

/** `[HOST:]PORT`, by default of this machine alone. */
export function listenAddress(text: string): ListenAddress {
  try {
    const { host, port } = parseHostPort(text);
    return { host: host ?? LOCAL_HOST, port };
  } catch (error) {
    if (error instanceof InputError)
      throw new InvalidArgumentError('[HOST:]PORT is wanted, e.g. 4000 or 0.0.0.0:4000.');
    throw error;
  }
}

export function warnOfStrangers({ host }: ListenAddress): void {
  if (/^(127\.|::1$|localhost$)/.test(host)) return;
  logLine('anyone who reaches this address can use the board: there is no password and no encryption');
}

export function logLine(line: string): void {
  process.stderr.write(`sdq: ${line}\n`);
}
