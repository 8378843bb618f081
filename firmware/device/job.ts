/** A sequence of requests that succeeds or fails as a whole. */

import type { Request, Response } from '../protocol/messages.js';

/** A response that answers a request; RESULT frames are joined into one. */
export type Reply = Exclude<Response, { kind: 'error' }>;
export type ReplyHandler = (request: Request, reply: Reply) => void;

export interface Job {
  readonly requests: Iterator<Request>;
  readonly reply: ReplyHandler;
  /** Called once; null is success. */
  readonly settle: (error: unknown) => void;
  exhausted: boolean;
  /** Requests taken from the iterator and not yet answered. */
  open: number;
}

/** A request that is not yet answered. */
export interface Entry {
  readonly job: Job;
  readonly request: Request;
  /** Outputs of a RUN, of which the first `received` have arrived. */
  values: Int32Array;
  received: number;
}

const NO_VALUES = new Int32Array(0);
/** More than any linear has; a device that reports more is not believed, and costs no memory. */
const MAX_ROWS = 2 ** 24;
const REPLY_KIND = { hello: 'info', write: 'written', check: 'checked', run: 'result' } as const;

export function newEntry(job: Job, request: Request): Entry {
  return { job, request, values: NO_VALUES, received: 0 };
}

/**
 * Takes a response to an entry.
 *
 * @returns the reply if it is complete, `more` if RESULT frames are missing at the end, `broken` if they are missing
 * before this one, or if the response does not answer this request
 */
export function takeResponse(entry: Entry, response: Reply): Reply | 'more' | 'broken' {
  const { request } = entry;
  if (response.kind !== REPLY_KIND[request.kind]) return 'broken';
  if (response.kind !== 'result' || request.kind !== 'run') return response;
  const { linear, row, rows, values } = response;
  if (linear !== request.linear || row !== entry.received || rows > MAX_ROWS) return 'broken';
  if (row === 0) entry.values = new Int32Array(rows);
  if (values.length === 0 || row + values.length > rows || entry.values.length !== rows) return 'broken';
  entry.values.set(values, row);
  entry.received += values.length;
  return entry.received < rows ? 'more' : { ...response, row: 0, values: entry.values };
}
