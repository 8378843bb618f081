/**
 * What the page asks of its worker, where the model, the device driver and the session live. A call has one request, any
 * number of events and one response; the page can cancel it.
 */

import type { Finish } from '../session/session.js';

/** Who computes the tokens: the golden model, a board, or both, the board being checked. */
export type Target = 'golden' | 'board' | 'compare';

/** A loaded model, for people. */
export interface ModelSummary {
  readonly name: string;
  /** 64 hex digits */
  readonly planHash: string;
  /** Name of the board that the plan is made for. */
  readonly board: string;
  /** Rate of that board's serial line; null if it has none. */
  readonly baudRate: number | null;
  /** Longest sequence in tokens. */
  readonly context: number;
  /** Weights of all linears. */
  readonly weights: number;
  readonly meanOsr: number;
  readonly bitsPerWeight: number;
  /** Size of weights.sdq. */
  readonly fileBytes: number;
  /** Markup of the plan's heat map. */
  readonly heatMap: string;
}

/** A board that answered. */
export interface BoardSummary {
  /** Engine clock. */
  readonly clockHz: number;
}

export interface GenerateRequest {
  readonly target: Target;
  readonly prompt: string;
  readonly maxTokens: number;
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** Only the likeliest tokens whose probabilities add up to this much are drawn from, 0 … 1. */
  readonly topP: number;
  /** Equal seeds give equal tokens. */
  readonly seed: number;
}

export interface TokenEvent {
  readonly token: number;
  /** Text that the token completes; may be empty. */
  readonly text: string;
  /** Whether the board agreed with the golden model; null if they were not compared. */
  readonly agrees: boolean | null;
  /** Where they differ first: token, layer, linear, row and both values. */
  readonly difference: string | null;
}

export interface GenerateSummary {
  /** Tokens of the prompt, BOS included. */
  readonly promptTokens: number;
  readonly finish: Finish;
  /** Of the linears' outputs, or of logits; null if nothing was compared. */
  readonly comparison: { readonly values: number; readonly differing: number } | null;
}

/** Name of a call → request, events, response. */
export interface Calls {
  /** Reads weights.sdq and a tokenizer; the config is only compared with the weights. */
  load: {
    request: { readonly weights: File; readonly tokenizer: readonly File[]; readonly config: File | null };
    event: never;
    response: ModelSummary;
  };
  /** Says hello to the board at the other end of a port (see port-transport.ts). */
  connect: {
    request: { readonly port: MessagePort; readonly name: string; readonly bytesPerSecond: number | null };
    event: never;
    response: BoardSummary;
  };
  /** Brings the weights into the board's memory. */
  upload: {
    request: null;
    event: { readonly doneBytes: number; readonly totalBytes: number };
    response: { readonly totalBytes: number; readonly sentBytes: number; readonly seconds: number };
  };
  disconnect: { request: null; event: never; response: null };
  generate: { request: GenerateRequest; event: TokenEvent; response: GenerateSummary };
}

export type CallName = keyof Calls;
export type Request<N extends CallName> = Calls[N]['request'];
export type Event<N extends CallName> = Calls[N]['event'];
export type Response<N extends CallName> = Calls[N]['response'];

/** Page to worker. */
export type ToWorker =
  | { readonly id: number; readonly name: CallName; readonly request: Request<CallName> }
  | { readonly id: number; readonly cancel: true };

/** Worker to page. */
export type FromWorker =
  | { readonly id: number; readonly event: unknown }
  | { readonly id: number; readonly response: unknown }
  | { readonly id: number; readonly failed: CallFailure };

/** An error on its way to the page. */
export interface CallFailure {
  /** One or two sentences that say what to do next. */
  readonly message: string;
  /** A DeviceError's code; `cancelled`; `input` for a file or a prompt at fault; `defect` for what should never happen. */
  readonly code: string;
}
