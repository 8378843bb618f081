import type { Command } from 'commander';

/** What a command gives back to the runner, which prints it and sets the exit code. */
export interface CommandResult {
  /** The object that `--json` prints. */
  readonly json: object;
  /** What people read, without a final newline. */
  readonly text: string;
  /** False if a check failed: exit code 1. */
  readonly passed?: boolean;
  /** What the command goes on with once its result was printed. */
  readonly after?: () => Promise<void>;
}

/** The user ended the command with Ctrl-C or a signal, and it has cleaned up after itself. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  /** @param exitCode 128 + the signal's number, as shells have it */
  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/** Registers a command's action: it prints the result and remembers the exit code. */
export type Register = (command: Command, action: (...args: never[]) => Promise<CommandResult> | CommandResult) => void;
