import { Interrupted } from './command.js';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs an action that has to clean up when it is interrupted: SIGINT and SIGTERM abort the signal that it gets. The
 * action must leave the event loop free; without this function a signal ends the process at once.
 *
 * @throws Interrupted when the action has ended after a signal
 */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const handlers = Object.entries(EXIT_CODES).map(
    ([name, code]) => [name, () => controller.abort(new Interrupted(code))] as const,
  );
  // Once: the second Ctrl-C ends the process however long the cleaning up takes.
  for (const [name, handler] of handlers) process.once(name, handler);
  try {
    return await action(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    for (const [name, handler] of handlers) process.removeListener(name, handler);
  }
}
