import { join } from 'node:path';
import type { Command } from 'commander';
import { uploadImages } from '../../../firmware/session/upload.js';
import { buildSimulator, readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { startVirtualBoard, type VirtualBoard } from '../../../sim/harness/node/virtual-board.js';
import { InputError } from '../../errors.js';
import type { CommandResult, Register } from '../command.js';
import { interruptible } from '../interrupt.js';
import { startProgress } from '../progress.js';
import { userPath } from '../values.js';
import { checkSamePlan, openUserWeights } from '../weights.js';

export function addBoard(program: Command, register: Register): void {
  const command = program
    .command('board')
    .argument('<build>', 'folder from "sdq generate"')
    .description('run the virtual board: the simulated accelerator behind a pseudo-terminal, until interrupted')
    .option('--weights <file>', 'weights.sdq to start with')
    .addHelpText(
      'after',
      `
The first line on stdout is the path of the port.

Example:
  $ sdq board build/ --weights weights.sdq &
  $ sdq run --port /dev/pts/3 --model examples/tiny-llama --weights weights.sdq --prompt "Once" --tokens 32`,
    );
  register(command, board);
}

async function board(path: string, options: { weights?: string }): Promise<CommandResult> {
  const build = readBuildFolder(userPath(path));
  const image = options.weights === undefined ? null : openUserWeights(options.weights);
  if (image) checkSamePlan(build.planHash, image.planHash, join(path, 'plan.json'), options.weights!);
  const preload = image ? uploadImages(build.plan, image) : [];
  const progress = startProgress('Starting the virtual board');
  try {
    const running = await interruptible(async (signal) => {
      const simulator = await buildSimulator(build, (line) => progress.note(line), signal);
      return new Running(await startVirtualBoard(simulator.executable, preload, { signal }));
    });
    progress.done(`The virtual board of plan ${build.planHash} runs; stop it with Ctrl-C.`);
    return { json: { port: running.path }, text: running.path, after: () => running.end() };
  } finally {
    progress.stop();
  }
}

/** A board that a signal ends from now on. */
class Running {
  readonly #board: VirtualBoard;
  #isStopped = false;

  constructor(board: VirtualBoard) {
    this.#board = board;
    const stop = (): void => {
      this.#isStopped = true;
      board.stop();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  }

  get path(): string {
    return this.#board.path;
  }

  /** Waits for the signal. @throws InputError if the board ends without one */
  async end(): Promise<void> {
    const code = await this.#board.exited;
    if (this.#isStopped) return;
    throw new InputError(`the virtual board at ${this.path} has ended by itself, with exit code ${code}`);
  }
}
