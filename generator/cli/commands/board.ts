import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { deviceImages } from '../../../firmware/session/upload.js';
import { openSerial } from '../../../firmware/transport/node/serial.js';
import { TcpServer } from '../../../firmware/transport/node/serve-tcp.js';
import { buildSimulator, readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { startVirtualBoard, type VirtualBoard } from '../../../sim/harness/node/virtual-board.js';
import { type LineFaults, NO_FAULTS, parseFaults } from '../../../sim/line/faults.js';
import { startFaultyBoard } from '../../../sim/line/node/faulty-board.js';
import { loadBoard } from '../../boards/node/load.js';
import { InputError } from '../../errors.js';
import type { CommandResult, Register } from '../command.js';
import { interruptible } from '../interrupt.js';
import { type ListenAddress, listenAddress, logLine, warnOfStrangers } from '../listen.js';
import { startProgress } from '../progress.js';
import { integerFrom, userPath } from '../values.js';
import { checkSamePlan, openUserWeights } from '../weights.js';

export function addBoard(program: Command, register: Register): void {
  const command = program
    .command('board')
    .argument('<build>', 'folder from "sdq generate"')
    .description('run the virtual board: the simulated accelerator behind a pseudo-terminal, until interrupted')
    .option('--weights <file>', 'weights.sdq to start with')
    .option(
      '--listen <address>',
      '[HOST:]PORT where it is served over TCP as well, to one client at a time',
      listenAddress,
    )
    .option('--baud <rate>', 'rate of its line; without it the line is as fast as the simulation', integerFrom(300))
    .option('--faults <list>', 'what is wrong with its line, see below', takeFaults)
    .addHelpText(
      'after',
      `
The first line on stdout is the path of the port; with --listen the second is its TCP address.

Faults are named as in --faults flip=1e-5,batch-ms=16,seed=7, each at most once:
  flip, drop, duplicate   share of bytes, in either direction, that change a bit, are lost, or arrive twice
  stall, stall-ms         share of packets of 64 bytes that wait, and for how long at most (default 20)
  batch-ms                for how long answers are held back, as USB bridges do
  reset-at, memory        the board is reset when so many bytes have reached it; its memory is kept (default) or lost
  cut-at, cut             the line ends there, unplugged (default: the port goes away) or silent
  seed                    of all that is random (default 1)

Examples:
  $ sdq board build/ --weights weights.sdq &
  $ sdq run --port /dev/pts/3 --model examples/tiny-llama --weights weights.sdq --prompt "Once" --tokens 32
  $ sdq board build/ --listen 4000 &
  $ sdq run --port tcp://localhost:4000 --model examples/tiny-llama --weights weights.sdq`,
    );
  register(command, board);
}

interface BoardOptions {
  readonly baud?: number;
  readonly faults?: LineFaults;
  readonly weights?: string;
  readonly listen?: ListenAddress;
}

async function board(path: string, options: BoardOptions): Promise<CommandResult> {
  const build = readBuildFolder(userPath(path));
  const image = options.weights === undefined ? null : openUserWeights(options.weights);
  if (image) checkSamePlan(build.planHash, image.planHash, join(path, 'plan.json'), options.weights!);
  const preload = image ? deviceImages(image) : [];
  const faults = options.baud === undefined ? options.faults : { ...(options.faults ?? NO_FAULTS), baud: options.baud };
  const progress = startProgress('Starting the virtual board');
  try {
    const running = await interruptible(async (signal) => {
      const simulator = await buildSimulator(build, (line) => progress.note(line), signal);
      const { executable } = simulator;
      const started = faults
        ? startFaultyBoard(
            executable,
            loadBoard(build.plan.board, build.plan.placement).clockHz,
            faults,
            preload,
            signal,
          )
        : startVirtualBoard(executable, preload, { signal });
      return Running.start(await started, options.listen);
    });
    progress.done(`The virtual board of plan ${build.planHash} runs; stop it with Ctrl-C.`);
    const { port, listen } = running;
    const json = listen === null ? { port } : { port, listen };
    return { json, text: Object.values(json).join('\n'), after: () => running.end() };
  } finally {
    progress.stop();
  }
}

/** @throws InvalidArgumentError saying which part is none */
function takeFaults(text: string): LineFaults {
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/** A board that a signal ends from now on. */
class Running {
  readonly #board: VirtualBoard;
  readonly #server: TcpServer | null;
  #isStopped = false;

  private constructor(board: VirtualBoard, server: TcpServer | null) {
    this.#board = board;
    this.#server = server;
    const stop = (): void => {
      this.#isStopped = true;
      board.stop();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  }

  /** @throws DeviceError if the address cannot be listened at; the board has ended then */
  static async start(board: VirtualBoard, listen: ListenAddress | undefined): Promise<Running> {
    if (listen === undefined) return new Running(board, null);
    const open = () => openSerial(board.path);
    try {
      // What keeps every client out, such as a package that is not installed, is said now.
      await (await open()).close();
      const server = await TcpServer.start(open, { ...listen, log: logLine });
      warnOfStrangers(listen);
      return new Running(board, server);
    } catch (error) {
      board.stop();
      throw error;
    }
  }

  /** Path of the pseudo-terminal. */
  get port(): string {
    return this.#board.path;
  }

  /** Address of the TCP server. */
  get listen(): string | null {
    return this.#server?.address ?? null;
  }

  /** Waits for the signal. @throws InputError if the board ends without one */
  async end(): Promise<void> {
    const code = await this.#board.exited;
    await this.#server?.close();
    if (this.#isStopped) return;
    const how = code === null ? '' : `, with exit code ${code}`;
    throw new InputError(`the virtual board at ${this.port} has ended by itself${how}`);
  }
}
