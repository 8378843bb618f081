/** A sequence of requests that succeeds or fails as a whole. */

import type { Request, Response, StepRequest } from '../protocol/messages.js';

/** A token that a step gave. */
export interface StepToken {
  readonly kind: 'token';
  readonly position: number;
  /** The one of the largest logit, the first of equals. */
  readonly token: number;
  /** Clock cycles of the device. */
  readonly cycles: number;
  /** One per token of the vocabulary, Q16; null if the request did not want them. */
  readonly logits: Int32Array | null;
}

/** What answers a request: RESULT frames are joined into one, LOGITS frames to their token. A STEP has one per token. */
export type Reply = Exclude<Response, { kind: 'error' | 'token' | 'logits' }> | StepToken;
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
  /** Of a STEP what is not yet answered. */
  request: Request;
  /** Outputs of a RUN, or logits of a STEP's next token, of which the first `received` have arrived. */
  values: Int32Array;
  received: number;
}

const NO_VALUES = new Int32Array(0);
/** More than any linear or vocabulary has; a device that reports more is not believed, and costs no memory. */
const MAX_VALUES = 2 ** 24;
const REPLY_KIND = { hello: 'info', write: 'written', check: 'checked', run: 'result' } as const;

export function newEntry(job: Job, request: Request): Entry {
  return { job, request, values: NO_VALUES, received: 0 };
}

/** A reply, and whether the request is answered with it. */
export interface Taken {
  readonly reply: Reply;
  readonly complete: boolean;
}

/**
 * Takes a response to an entry.
 *
 * @param vocab logits of a token
 * @returns `more` if frames are missing at the end, `broken` if they are missing before this one, or if the response does
 * not answer this request
 */
export function takeResponse(
  entry: Entry,
  response: Exclude<Response, { kind: 'error' }>,
  vocab: number,
): Taken | 'more' | 'broken' {
  const { request } = entry;
  if (request.kind === 'step') return takeStep(entry, request, response, vocab);
  if (response.kind !== REPLY_KIND[request.kind]) return 'broken';
  if (response.kind !== 'result' || request.kind !== 'run') return { reply: response, complete: true };
  const { linear, row, rows, values } = response;
  if (linear !== request.linear || !takeValues(entry, row, rows, values)) return 'broken';
  if (entry.received < rows) return 'more';
  return { reply: { ...response, row: 0, values: entry.values }, complete: true };
}

function takeStep(entry: Entry, request: StepRequest, response: Response, vocab: number): Taken | 'more' | 'broken' {
  const { flags, tokens, count, stop } = request;
  const position = request.position + tokens.length - 1;
  if (response.kind === 'logits') {
    const fits = flags.logits && response.position === position;
    return fits && takeValues(entry, response.first, vocab, response.values) ? 'more' : 'broken';
  }
  if (response.kind !== 'token' || response.position !== position) return 'broken';
  const { token, cycles } = response;
  const last = count === 1 || (flags.stops && token === stop);
  if (response.flags.last !== last || (flags.logits && entry.received !== vocab)) return 'broken';
  const logits = flags.logits ? entry.values : null;
  // A token that has come is never asked for again.
  entry.request = { ...request, position: position + 1, tokens: [token], count: count - 1 };
  entry.received = 0;
  return { reply: { kind: 'token', position, token, cycles, logits }, complete: last };
}

/** Takes values from `first` on of `total`. @returns whether they follow those before */
function takeValues(entry: Entry, first: number, total: number, values: Int32Array): boolean {
  if (first !== entry.received || total > MAX_VALUES) return false;
  if (first === 0) entry.values = new Int32Array(total);
  if (values.length === 0 || first + values.length > total || entry.values.length !== total) return false;
  entry.values.set(values, first);
  entry.received += values.length;
  return true;
}
