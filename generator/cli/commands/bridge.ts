import type { Command } from 'commander';
import { openPort, PORT_FORMS, parsePort } from '../../../firmware/transport/node/open.js';
import { TcpServer } from '../../../firmware/transport/node/serve-tcp.js';
import type { CommandResult, Register } from '../command.js';
import { type ListenAddress, listenAddress, logLine, warnOfStrangers } from '../listen.js';
import { integerFrom } from '../values.js';

interface BridgeOptions {
  readonly port: string;
  readonly listen: ListenAddress;
  readonly baud?: number;
}

export function addBridge(program: Command, register: Register): void {
  const command = program
    .command('bridge')
    .description('serve a board of this machine over TCP, to one client at a time, until interrupted')
    .requiredOption('--port <port>', PORT_FORMS)
    .requiredOption('--listen <address>', '[HOST:]PORT where clients connect', listenAddress)
    .option('--baud <rate>', 'line rate in baud', integerFrom(300))
    .addHelpText(
      'after',
      `
The port is opened for each client. The first line on stdout is the address.

Example:
  $ sdq bridge --port /dev/ttyUSB1 --baud 3000000 --listen 0.0.0.0:4000    # where the board is; elsewhere:
  $ sdq run --port tcp://lab:4000 --model examples/tiny-llama --weights weights.sdq`,
    );
  register(command, bridge);
}

async function bridge({ port, listen, baud }: BridgeOptions): Promise<CommandResult> {
  parsePort(port);
  const open = () => openPort(port, baud === undefined ? {} : { baudRate: baud });
  // A port that cannot be opened is said now, not to the first client.
  await (await open()).close();
  const server = await TcpServer.start(open, { ...listen, log: logLine });
  warnOfStrangers(listen);
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const after = async (): Promise<void> => {
    await stopped;
    await server.close();
  };
  return { json: { listen: server.address }, text: server.address, after };
}
