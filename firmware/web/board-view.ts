/** The section of the place: golden model or board; connection and upload of a board. */

import { size } from '../../generator/report/numbers.js';
import { DEFAULT_BAUD_RATE } from '../transport/rates.js';
import type { Transport } from '../transport/transport.js';
import type { ModelSummary, Target } from './calls.js';
import { button, byId, element, input } from './dom.js';
import { CallError, type Engine } from './engine.js';
import { forwardTransport } from './port-transport.js';
import { type PortName, portKinds } from './ports.js';

const places = element('places');
const board = element('board');
const baud = input('baud');
const connect = button('connect');
const cancel = button('cancel');
const disconnect = button('disconnect');
const uploadRow = element('upload');
const bar = byId('upload-bar', HTMLProgressElement);
const uploadText = element('upload-text');
const status = element('board-status');
const error = element('board-error');
const compare = input('compare');

export class BoardView {
  readonly #engine: Engine;
  readonly #onChange: () => void;
  readonly #kinds = portKinds();
  #model: ModelSummary | null = null;
  /** The board's memory holds the model. */
  #isReady = false;
  #isBusy = false;
  /** The port that was tried last is not to be tried again unasked. */
  #wantsAnother = false;
  /** Ends hello and upload. */
  #connecting = new AbortController();

  constructor(engine: Engine, onChange: () => void) {
    this.#engine = engine;
    this.#onChange = onChange;
    for (const name of ['serial', 'usb'] as const) {
      const { missing } = this.#kinds[name];
      if (missing === null) continue;
      places.querySelector<HTMLInputElement>(`[value="${name}"]`)!.disabled = true;
      element(`${name}-note`).textContent = missing;
    }
    places.addEventListener('change', () => void this.#choosePlace());
    connect.addEventListener('click', () => void this.#connect());
    cancel.addEventListener('click', () => this.#connecting.abort());
    disconnect.addEventListener('click', () => void this.#disconnect().then(() => connect.focus()));
    this.#draw();
  }

  /** A model was loaded, or is about to be: a board is then connected anew. */
  setModel(model: ModelSummary | null): void {
    this.#model = model;
    this.#isReady = false;
    status.textContent = '';
    error.textContent = '';
    uploadRow.hidden = true;
    baud.value = String(model?.baudRate ?? DEFAULT_BAUD_RATE);
    this.#render();
  }

  /** Who computes, or what has to be done first: a sentence. */
  get target(): Target | { readonly first: string } {
    if (this.#model === null) return { first: 'Load a model first.' };
    if (this.#place === 'golden') return 'golden';
    if (!this.#isReady) return { first: 'Connect a board first.' };
    return compare.checked ? 'compare' : 'board';
  }

  /** While text is generated, the board is not to be taken away. */
  lock(locked: boolean): void {
    this.#isBusy = locked;
    this.#render();
  }

  /** The board has failed. @param why a sentence, unless it stands elsewhere */
  lost(why = ''): void {
    this.#isReady = false;
    status.textContent = 'The board is no longer connected.';
    error.textContent = why;
    void this.#engine.call('disconnect', null);
    this.#render();
  }

  get #place(): 'golden' | PortName {
    return places.querySelector<HTMLInputElement>(':checked')!.value as 'golden' | PortName;
  }

  async #choosePlace(): Promise<void> {
    this.#wantsAnother = false;
    error.textContent = '';
    this.#render();
    if (this.#isReady) await this.#disconnect();
  }

  async #connect(): Promise<void> {
    const place = this.#place;
    if (place === 'golden' || this.#model === null) return;
    if (!baud.checkValidity()) {
      error.textContent =
        'The baud rate is a whole number of at least 300: the one that the board’s link was built for.';
      return baud.focus();
    }
    error.textContent = '';
    this.#connecting = new AbortController();
    this.#setBusy(true);
    let transport: Transport | null = null;
    try {
      status.textContent = 'Choose the port …';
      transport = await this.#kinds[place].open(baud.valueAsNumber, this.#wantsAnother);
      cancel.hidden = false;
      cancel.focus();
      status.textContent = `Waiting for an answer from ${transport.name} …`;
      await this.#hello(transport);
      await this.#fill(transport.name);
      this.#isReady = true;
    } catch (failure) {
      this.#wantsAnother = true;
      status.textContent = '';
      error.textContent = messageOf(failure);
      await this.#engine.call('disconnect', null);
      await transport?.close();
    } finally {
      cancel.hidden = true;
      this.#setBusy(false);
      if (this.#isReady) disconnect.focus();
      else connect.focus();
    }
  }

  async #hello(transport: Transport): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    forwardTransport(transport, port1, (lost) => {
      if (this.#isReady) this.lost(lost.message);
    });
    const { name, bytesPerSecond = null } = transport;
    const { signal } = this.#connecting;
    await this.#engine.call('connect', { port: port2, name, bytesPerSecond }, { transfer: [port2], signal });
  }

  /** Uploads the weights; what the board holds already is not sent. */
  async #fill(name: string): Promise<void> {
    status.textContent = 'Comparing the board’s memory with the weights …';
    uploadText.textContent = '';
    bar.value = 0;
    uploadRow.hidden = false;
    try {
      const { totalBytes, sentBytes, seconds } = await this.#engine.call('upload', null, {
        signal: this.#connecting.signal,
        onEvent: ({ doneBytes, totalBytes: all }) => {
          bar.value = all === 0 ? 1 : doneBytes / all;
          uploadText.textContent = `${size(doneBytes)} of ${size(all)}, ${Math.floor(100 * bar.value)} %`;
        },
      });
      const rate = size(sentBytes / Math.max(seconds, 0.001));
      const verified = `${size(totalBytes)} verified by their checksums`;
      status.textContent =
        sentBytes === 0
          ? `Connected to ${name}. It held these weights already: ${verified}.`
          : `Connected to ${name}. ${size(sentBytes)} sent in ${seconds.toFixed(1)} s (${rate} per second), ${verified}.`;
    } finally {
      uploadRow.hidden = true;
    }
  }

  async #disconnect(): Promise<void> {
    this.#isReady = false;
    this.#wantsAnother = true;
    await this.#engine.call('disconnect', null);
    status.textContent = 'Disconnected.';
    this.#render();
  }

  #setBusy(busy: boolean): void {
    this.#isBusy = busy;
    this.#render();
  }

  #render(): void {
    this.#draw();
    this.#onChange();
  }

  #draw(): void {
    const place = this.#place;
    board.hidden = place === 'golden';
    for (const choice of places.querySelectorAll('input')) {
      const kind = choice.value === 'golden' ? null : this.#kinds[choice.value as PortName];
      choice.disabled = this.#isBusy || (kind !== null && kind.missing !== null);
    }
    connect.hidden = this.#isReady;
    connect.disabled = this.#isBusy || this.#model === null;
    disconnect.hidden = !this.#isReady;
    disconnect.disabled = this.#isBusy;
    baud.disabled = this.#isBusy || this.#isReady;
    compare.disabled = this.#isBusy;
  }
}

function messageOf(failure: unknown): string {
  if (failure instanceof DOMException && failure.name === 'NotFoundError') {
    return 'No port was chosen. If the board is not in the list, check its cable and power, then connect again.';
  }
  if (failure instanceof CallError && failure.code === 'cancelled') {
    return 'Cancelled. Connect again: an upload goes on where it stopped.';
  }
  return failure instanceof Error ? failure.message : String(failure);
}
