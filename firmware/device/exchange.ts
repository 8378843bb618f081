/**
 * Requests and responses over a transport: pipelined within the device's credit, and repeated when something is lost.
 *
 * The device answers in order. So a response to a later request proves that an earlier unanswered one, or its
 * response, was lost; then everything from the first unanswered request on is sent again, under new sequence numbers,
 * so that late responses to the first attempt are told apart. All requests may be repeated, except that a RUN or a STEP
 * must meet the memory of its first attempt: no WRITE is sent while one is unanswered. Of a STEP only what has not come is
 * repeated.
 */

import { FrameParser, FrameWriter, frameBound } from '../protocol/frames.js';
import { LayoutError } from '../protocol/layout.js';
import {
  ERROR_CODES,
  type Info,
  PROTOCOL_VERSION,
  type Request,
  type Response,
  readResponse,
  STEP_HEADER_BYTES,
} from '../protocol/messages.js';
import { type Clock, systemClock } from '../transport/clock.js';
import { closedError, type DeviceError } from '../transport/errors.js';
import type { Transport } from '../transport/transport.js';
import { asDeviceError, damagedError, noAnswerError, refusedError, restartedError } from './errors.js';
import { Flights } from './flights.js';
import { type Entry, type Job, newEntry, type ReplyHandler, takeResponse } from './job.js';
import { Watchdog } from './watchdog.js';
import { Window } from './window.js';

export interface ExchangeOptions {
  /**
   * Time without any response after which requests are repeated, in milliseconds; doubles with each repetition. A device
   * that has taken longer for an answer, such as a slow simulation for a step, is waited for accordingly.
   */
  readonly timeoutMs: number;
  /** Repetitions without progress before the device is given up. */
  readonly retries: number;
}

/** A device is waited for so many times as long as it has taken for a STEP's answer, */
const PATIENCE = 3;
/** but not longer, in milliseconds. */
const MOST_PATIENCE_MS = 60_000;
/** Repetitions because of damaged frames, without progress, before the line is given up. */
const MAX_DAMAGED = 16;

export class Exchange {
  readonly #transport: Transport;
  readonly #options: ExchangeOptions;
  readonly #clock: Clock;
  readonly #parser = new FrameParser();
  readonly #writer = new FrameWriter();
  readonly #watchdog: Watchdog;
  readonly #jobs: Job[] = [];
  /** Requests not yet answered, in order; the first `#cursor` of them are in flight. */
  #entries: Entry[] = [];
  #cursor = 0;
  readonly #flights = new Flights<Entry>();
  readonly #window: Window;
  #bootNonce: number | null = null;
  /** Logits of a token. */
  #vocab = 0;
  #seq: number;
  #resynchronise = true;
  #writing = false;
  #pumpDue = false;
  #timeouts = 0;
  #damaged = 0;
  /** The longest wait for a STEP's answer, in milliseconds. */
  #slowestMs = 0;
  /** The last response, or the first transmission after it. */
  #waitsSince = 0;
  #receivedBytes = 0;
  /** Whether a whole frame has arrived. */
  #heard = false;
  #end: DeviceError | null = null;

  constructor(transport: Transport, options: ExchangeOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#window = new Window(options.retries);
    this.#clock = transport.clock ?? systemClock;
    // Late responses to another program's requests are told apart by number; a line without any repeats itself exactly.
    this.#seq = transport.lossless ? 0 : Math.floor(this.#clock.now()) & 0xff;
    this.#watchdog = new Watchdog(this.#clock, () => this.#timeOut());
    transport.start({
      data: (bytes) => this.#receive(bytes),
      closed: (error) => this.#fail(error ?? closedError(transport.name)),
    });
  }

  /** Sets what INFO said: the device's buffer, its clock, its vocabulary, and the nonce by which a restart is noticed. */
  establish(info: Info): void {
    this.#window.establish(info, this.#transport.bytesPerSecond);
    this.#bootNonce = info.bootNonce;
    this.#vocab = info.vocab;
  }

  /** Most bytes of WRITEs that may be under way. */
  get windowBytes(): number {
    return this.#window.bytes;
  }

  /**
   * Sends requests in order, after those of earlier calls. They are taken from `requests` as the credit allows.
   * Everything that is sent in one go is one `write` of the transport.
   *
   * @param reply called once per request, and per token of a STEP, in order
   * @throws DeviceError; the reason of `signal`; what `requests` or `reply` throw; LayoutError for a number that does
   * not fit its field. The rest of the requests is then not sent.
   */
  send(requests: Iterable<Request>, reply: ReplyHandler, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => this.#drop(job, signal?.reason);
      const settle = (error: unknown) => {
        signal?.removeEventListener('abort', abort);
        if (error === null) resolve();
        else reject(error);
      };
      const job: Job = { requests: requests[Symbol.iterator](), reply, settle, exhausted: false, open: 0 };
      signal?.addEventListener('abort', abort, { once: true });
      this.#jobs.push(job);
      this.#pumpSoon();
    });
  }

  /** Ends the exchange and closes the transport; what is unanswered fails with code `closed`. */
  async close(): Promise<void> {
    this.#fail(closedError(this.#transport.name));
    await this.#transport.close();
  }

  /** Calls made in the same turn go out together. */
  #pumpSoon(): void {
    if (this.#pumpDue) return;
    this.#pumpDue = true;
    Promise.resolve().then(() => {
      this.#pumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#writing || this.#end) return;
    for (;;) {
      const entry = this.#entries[this.#cursor] ?? this.#pull();
      if (!entry || !this.#maySend(entry.request)) break;
      this.#transmit(entry);
    }
    if (this.#writer.length === 0) return;
    this.#startWatchdog();
    this.#writing = true;
    this.#transport.write(this.#writer.take()).then(
      () => {
        this.#writing = false;
        this.#pump();
      },
      (error: unknown) => this.#fail(asDeviceError(error, this.#transport.name)),
    );
  }

  #maySend(request: Request): boolean {
    if (!this.#window.admits(requestBound(request), this.#flights)) return false;
    if (request.kind !== 'write') return true;
    return this.#entries.slice(0, this.#cursor).every(({ request: { kind } }) => kind !== 'run' && kind !== 'step');
  }

  #transmit(entry: Entry): void {
    if (this.#flights.count === 0 && this.#timeouts === 0) this.#waitsSince = this.#clock.now();
    if (this.#resynchronise) this.#writer.delimiter();
    this.#resynchronise = false;
    const seq = (this.#seq + 1) & 0xff;
    try {
      this.#writer.request(entry.request, seq);
    } catch (error) {
      this.#drop(entry.job, error);
      return;
    }
    this.#seq = seq;
    entry.received = 0;
    this.#flights.add({ seq, bytes: requestBound(entry.request), isWrite: entry.request.kind === 'write', entry });
    this.#cursor++;
  }

  /** Takes the next request of the first job that has one. */
  #pull(): Entry | null {
    for (const job of [...this.#jobs]) {
      if (job.exhausted) continue;
      try {
        const next = job.requests.next();
        if (!next.done) {
          const entry = newEntry(job, next.value);
          job.open++;
          this.#entries.push(entry);
          return entry;
        }
        job.exhausted = true;
        this.#settleIfDone(job);
      } catch (error) {
        this.#drop(job, error);
      }
    }
    return null;
  }

  #receive(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length;
    for (const frame of this.#parser.push(bytes)) {
      if (this.#end) return;
      try {
        this.#heard ||= frame.ok;
        if (frame.ok) this.#respond(frame.seq, readResponse(frame));
        else this.#damagedResponse();
      } catch (error) {
        if (!(error instanceof LayoutError)) throw error;
        this.#damagedResponse();
      }
    }
    this.#pump();
  }

  #respond(seq: number, response: Response): void {
    this.#watchdog.touch();
    const now = this.#clock.now();
    if (response.kind === 'token') this.#slowestMs = Math.max(this.#slowestMs, now - this.#waitsSince);
    this.#waitsSince = now;
    if (response.kind === 'error' && response.code === ERROR_CODES.damagedFrame) {
      // What another program may have left behind before HELLO.
      if (this.#bootNonce === null) return;
      // In order like every response: it stands for the oldest transmission, unless that was sent again already.
      if (this.#flights.first?.entry) this.#damage();
      this.#flights.land(1);
      return;
    }
    const answered = this.#flights.answered(seq);
    if (!answered) return;
    const { entry } = answered.flight;
    if (answered.lost) this.#goBack();
    if (!answered.lost && entry) this.#answer(entry, response);
    else if (isLast(response)) this.#flights.land(1);
  }

  #answer(entry: Entry, response: Response): void {
    const { job, request } = entry;
    if (response.kind === 'error') {
      this.#flights.land(1);
      if (response.code === ERROR_CODES.noHello) {
        this.#fail(restartedError(this.#transport.name));
        return;
      }
      this.#drop(job, refusedError(request, response.code));
      return;
    }
    const taken = takeResponse(entry, response, this.#vocab);
    if (taken === 'more') return;
    if (taken === 'broken') {
      this.#damage();
      if (isLast(response)) this.#flights.land(1);
      return;
    }
    this.#timeouts = 0;
    this.#damaged = 0;
    if (taken.complete) {
      this.#flights.land(1);
      this.#entries.shift();
      this.#cursor--;
      if (this.#entries.length === 0) this.#watchdog.stop();
      job.open--;
    }
    try {
      job.reply(request, taken.reply);
      this.#settleIfDone(job);
    } catch (error) {
      this.#drop(job, error);
    }
  }

  #settleIfDone(job: Job): void {
    const at = this.#jobs.indexOf(job);
    if (at < 0 || !job.exhausted || job.open > 0) return;
    this.#jobs.splice(at, 1);
    job.settle(null);
  }

  /** Everything unanswered is sent again. */
  #goBack(): void {
    this.#flights.disown();
    this.#cursor = 0;
  }

  /**
   * In order, it belongs to the oldest transmission. If that was sent again already, sending it once more would only add
   * to the answers that arrive in vain, of which some are damaged too.
   */
  #damagedResponse(): void {
    if (this.#flights.first?.entry) this.#damage();
  }

  #damage(): void {
    // Before HELLO is answered a line may carry anything; then only the time-out counts.
    if (this.#bootNonce === null || !this.#flights.live) return;
    if (++this.#damaged > MAX_DAMAGED) this.#fail(damagedError(this.#transport.name, MAX_DAMAGED));
    else this.#goBack();
  }

  #startWatchdog(): void {
    if (this.#transport.lossless) return;
    const patienceMs = Math.min(MOST_PATIENCE_MS, PATIENCE * this.#slowestMs);
    this.#watchdog.start(Math.max(this.#options.timeoutMs, patienceMs) * 2 ** this.#timeouts);
  }

  #timeOut(): void {
    if (this.#entries.length === 0) return;
    if (++this.#timeouts > this.#options.retries) {
      this.#fail(noAnswerError(this.#transport, this.#timeouts, this.#receivedBytes, this.#heard));
      return;
    }
    this.#goBack();
    this.#flights.land();
    this.#resynchronise = true;
    if (this.#bootNonce !== null && this.#entries[0]!.request.kind !== 'hello') this.#probe(this.#bootNonce);
    // Also while the transport does not take what was written last.
    this.#startWatchdog();
    this.#pump();
  }

  /** Asks again who is there, before anything else: a device that has restarted may have lost its memory. */
  #probe(bootNonce: number): void {
    const reply: ReplyHandler = (_, info) => {
      if (info.kind === 'info' && info.bootNonce !== bootNonce) this.#fail(restartedError(this.#transport.name));
    };
    const settle = () => undefined;
    const job: Job = { requests: [][Symbol.iterator](), reply, settle, exhausted: true, open: 1 };
    this.#jobs.push(job);
    this.#entries.unshift(newEntry(job, { kind: 'hello', version: PROTOCOL_VERSION }));
  }

  /** Gives a job up. What the device still answers to it is ignored. */
  #drop(job: Job, error: unknown): void {
    const at = this.#jobs.indexOf(job);
    if (at < 0) return;
    this.#jobs.splice(at, 1);
    this.#flights.disown((entry) => entry.job === job);
    this.#cursor = this.#entries.slice(0, this.#cursor).filter((entry) => entry.job !== job).length;
    this.#entries = this.#entries.filter((entry) => entry.job !== job);
    if (this.#entries.length === 0) this.#watchdog.stop();
    job.requests.return?.();
    job.settle(error);
    this.#pumpSoon();
  }

  #fail(error: DeviceError): void {
    if (this.#end) return;
    this.#end = error;
    this.#watchdog.stop();
    this.#entries = [];
    this.#cursor = 0;
    this.#flights.land();
    for (const job of this.#jobs.splice(0)) job.settle(error);
  }
}

/** No more frames follow that answer the same request. */
function isLast(response: Response): boolean {
  if (response.kind === 'token') return response.flags.last;
  if (response.kind === 'logits') return false;
  return response.kind !== 'result' || response.row + response.values.length >= response.rows;
}

function requestBound(request: Request): number {
  if (request.kind === 'step') return frameBound(STEP_HEADER_BYTES + 4 * request.tokens.length);
  return frameBound(request.kind === 'write' ? 4 + request.data.length : 8);
}
