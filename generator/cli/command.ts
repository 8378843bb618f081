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

/** A failed check that ends a command early: exit code 1. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/** The user ended the command with Ctrl-C or a signal, and it has cleaned up after itself. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  /** @param exitCode 128 + the signal's number, as shells have it */
  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}
