/** The worker's side of the page's calls. */

import { InputError } from '../../generator/errors.js';
import { DeviceError } from '../transport/errors.js';
import type { CallFailure, CallName, Event, FromWorker, Request, Response, ToWorker } from './calls.js';

/** What answers a call. Events may be sent until it resolves. */
export type Handler<N extends CallName> = (
  request: Request<N>,
  context: { readonly signal: AbortSignal; readonly send: (event: Event<N>) => void },
) => Promise<Response<N>>;

export type Handlers = { readonly [N in CallName]: Handler<N> };

/** The part of a worker's global scope that is used here. */
export interface Scope {
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
  postMessage(message: FromWorker): void;
}

/** Answers the page's calls from now on. */
export function answerCalls(scope: Scope, handlers: Handlers): void {
  const running = new Map<number, AbortController>();

  const run = async <N extends CallName>(id: number, name: N, request: Request<N>): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    const { signal } = controller;
    try {
      const handler = handlers[name] as Handler<N>;
      const response = await handler(request, { signal, send: (event) => scope.postMessage({ id, event }) });
      scope.postMessage({ id, response });
    } catch (error) {
      const cancelled: CallFailure = { message: 'Cancelled.', code: 'cancelled' };
      scope.postMessage({ id, failed: signal.aborted ? cancelled : failureOf(error) });
    } finally {
      running.delete(id);
    }
  };

  scope.addEventListener('message', ({ data }) => {
    if ('cancel' in data) running.get(data.id)?.abort();
    else void run(data.id, data.name, data.request);
  });
}

function failureOf(error: unknown): CallFailure {
  if (error instanceof DeviceError) return { message: error.message, code: error.code };
  if (error instanceof InputError) return { message: sentence(error.message), code: 'input' };
  const text = error instanceof Error ? error.message : String(error);
  return {
    message: `This should not happen: ${sentence(text)} Reload the page, and report it as a bug.`,
    code: 'defect',
  };
}

/** Messages of the command line begin in lower case and end without a full stop. */
function sentence(message: string): string {
  const text = message.trim().replace(/[\s\p{Cc}]+/gu, ' ');
  const isFileName = /^[\w-]+\.\w/.test(text);
  return `${isFileName ? text.charAt(0) : text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
