/** The section of the prompt: settings, the text as it comes, and how fast and how right it is. */

import type { GenerateRequest, GenerateSummary, Target, TokenEvent } from './calls.js';
import { button, byId, element, input } from './dom.js';
import { CallError, type Engine } from './engine.js';

const form = byId('prompt-form', HTMLFormElement);
const prompt = byId('prompt', HTMLTextAreaElement);
const generate = button('generate');
const stop = button('stop');
const hint = element('generate-hint');
const error = element('prompt-error');
const status = element('prompt-status');
const answer = element('answer');
const given = element('given');
const text = element('text');
const tiles = element('measures-of-run');
const count = element('token-count');
const rate = element('token-rate');
const agreementTile = element('agreement-tile');
const agreement = element('agreement');
const agreementNote = element('agreement-note');

/** What is said of a text that ended before it had the tokens that were asked for. */
const FINISH = { tokens: '', context: ' The context is full.', end: ' The model ended the text.' } as const;
const SHORTCUT = 'Ctrl + Enter generates, Esc stops.';

/** What happens around a run. */
export interface RunListener {
  /** Who computes, or what has to be done first. */
  target(): Target | { readonly first: string };
  started(): void;
  /** @param error null if it ended well, or was stopped */
  ended(error: CallError | null): void;
}

/** One run, as it goes on. */
interface Run {
  readonly target: Target;
  readonly started: number;
  tokens: number;
  differing: number;
}

export class PromptView {
  readonly #engine: Engine;
  readonly #listener: RunListener;
  #running: AbortController | null = null;

  constructor(engine: Engine, listener: RunListener) {
    this.#engine = engine;
    this.#listener = listener;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#generate();
    });
    stop.addEventListener('click', () => this.stop());
    prompt.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !generate.disabled) form.requestSubmit();
    });
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.stop();
    });
  }

  /** Ends the run, if there is one; its text stays. */
  stop(): void {
    this.#running?.abort();
  }

  /** Shows what can be done now. */
  render(): void {
    const target = this.#listener.target();
    const isReady = typeof target === 'string';
    generate.disabled = !isReady || this.#running !== null;
    stop.disabled = this.#running === null;
    hint.textContent = isReady ? SHORTCUT : target.first;
  }

  async #generate(): Promise<void> {
    const target = this.#listener.target();
    if (typeof target !== 'string' || this.#running) return;
    this.#running = new AbortController();
    const request = requestFor(target);
    const run: Run = { target, started: performance.now(), tokens: 0, differing: 0 };
    this.#begin(request);
    let failure: CallError | null = null;
    try {
      const summary = await this.#engine.call('generate', request, {
        signal: this.#running.signal,
        onEvent: (event) => this.#show(event, run),
      });
      this.#end(run, summary);
      const outcome = agreementTile.hidden ? '' : ` ${agreement.textContent}. ${agreementNote.textContent}`;
      status.textContent = `Done: ${run.tokens} tokens.${FINISH[summary.finish]}${outcome}`;
    } catch (caught) {
      if (!(caught instanceof CallError)) throw caught;
      const isStopped = caught.code === 'cancelled';
      failure = isStopped ? null : caught;
      status.textContent = isStopped ? `Stopped after ${run.tokens} tokens.` : '';
      error.textContent = isStopped ? '' : caught.message;
    } finally {
      this.#running = null;
      answer.setAttribute('aria-busy', 'false');
      this.#listener.ended(failure);
      this.render();
      // Where the focus was is disabled now.
      if (document.activeElement === document.body || document.activeElement === stop) generate.focus();
    }
  }

  #begin(request: GenerateRequest): void {
    error.textContent = '';
    status.textContent = 'Generating.';
    given.textContent = request.prompt;
    text.replaceChildren();
    answer.hidden = false;
    answer.setAttribute('aria-busy', 'true');
    tiles.hidden = false;
    count.textContent = '0';
    rate.textContent = '–';
    agreementTile.hidden = request.target === 'golden';
    agreement.className = '';
    agreement.textContent = request.target === 'compare' ? '…' : 'Not compared';
    agreementNote.textContent = '';
    this.#listener.started();
    this.render();
    stop.focus();
  }

  #show({ token, text: piece, agrees, difference }: TokenEvent, run: Run): void {
    const span = document.createElement('span');
    span.textContent = piece;
    run.tokens++;
    if (agrees !== null) {
      span.className = agrees ? 'agrees' : 'differs';
      span.title = agrees
        ? `Token ${token}: board and golden model agree`
        : `Token ${token}: they differ at ${difference}`;
      if (!agrees) run.differing++;
      if (difference) agreementNote.textContent ||= `First at ${difference}.`;
    }
    text.append(span);
    const seconds = (performance.now() - run.started) / 1000;
    count.textContent = String(run.tokens);
    rate.textContent = rateText(run.tokens / seconds);
    if (agrees !== null) showAgreement(run);
  }

  #end(run: Run, { comparison }: GenerateSummary): void {
    if (run.tokens === 0) status.textContent = 'The model ended the text at once.';
    if (!comparison) return;
    showAgreement(run);
    const values = comparison.values.toLocaleString('en');
    agreementNote.textContent =
      comparison.differing === 0
        ? `All ${values} values are equal.`
        : `${agreementNote.textContent} ${comparison.differing.toLocaleString('en')} of ${values} values differ: connect the board again, which checks its weights.`;
  }
}

function showAgreement({ tokens, differing }: Run): void {
  agreement.className = differing === 0 ? 'good' : 'bad';
  agreement.textContent = differing === 0 ? `${tokens} of ${tokens} agree` : `${differing} of ${tokens} differ`;
}

function rateText(rateValue: number): string {
  return rateValue >= 100 ? rateValue.toFixed(0) : rateValue.toFixed(rateValue >= 10 ? 1 : 2);
}

function requestFor(target: Target): GenerateRequest {
  const number = (id: string): number => input(id).valueAsNumber;
  return {
    target,
    prompt: prompt.value,
    maxTokens: number('tokens'),
    temperature: number('temperature'),
    topP: number('top-p'),
    seed: number('seed'),
  };
}
