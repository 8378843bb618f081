/** What a command gives back to the runner, which prints it and sets the exit code. */
export interface CommandResult {
  /** The object that `--json` prints. */
  readonly json: object;
  /** What people read, without a final newline. */
  readonly text: string;
  /** False if a check failed: exit code 1. */
  readonly passed?: boolean;
}

/** A failed check that ends a command early: exit code 1. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}
