/** The section of the model: files are dropped or chosen, gathered until they are enough, and loaded. */

import { size } from '../../generator/report/numbers.js';
import { activateHeatMap } from '../../generator/report/web/activate-heat-map.js';
import type { ModelSummary } from './calls.js';
import { chooseFiles, droppedFiles, type ModelFiles } from './choose-files.js';
import { button, definitions, element, input } from './dom.js';
import type { Engine } from './engine.js';

const drop = element('drop');
const status = element('model-status');
const error = element('model-error');
const facts = element('model-facts');
const plan = element('plan');

/** What the page keeps between two drops, by name: files may come one by one. */
const given = new Map<string, File>();

export class ModelView {
  readonly #engine: Engine;
  readonly #onLoaded: (summary: ModelSummary | null) => void;
  #loads = 0;

  /** @param onLoaded called with null when a model is given up for another */
  constructor(engine: Engine, onLoaded: (summary: ModelSummary | null) => void) {
    this.#engine = engine;
    this.#onLoaded = onLoaded;
    for (const kind of ['files', 'folder']) {
      const chooser = input(kind);
      button(`choose-${kind}`).addEventListener('click', () => chooser.click());
      chooser.addEventListener('change', () => {
        void this.add([...chooser.files!]);
        // So that the same file can be chosen again once it has changed.
        chooser.value = '';
      });
    }
    // A file that misses the field must not replace the page.
    addEventListener('dragover', (event) => event.preventDefault());
    addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      if (event.dataTransfer) void droppedFiles(event.dataTransfer).then((files) => this.add(files));
    });
    drop.addEventListener('dragenter', () => drop.classList.add('over'));
    drop.addEventListener('dragleave', (event) => {
      if (!drop.contains(event.relatedTarget as Node | null)) drop.classList.remove('over');
    });
  }

  /** Says what is happening before there are files. */
  say(text: string): void {
    status.textContent = text;
  }

  /** Takes files, and loads the model as soon as they suffice. */
  async add(files: readonly File[]): Promise<void> {
    // Another tokenizer takes the place of the one before, whatever its files are called.
    if (chooseFiles(files).tokenizer.length > 0)
      for (const file of chooseFiles([...given.values()]).tokenizer) given.delete(file.name);
    for (const file of files) given.set(file.name, file);
    const chosen = chooseFiles([...given.values()]);
    error.textContent = '';
    status.textContent = missingText(chosen);
    if (chosen.weights && chosen.tokenizer.length > 0) await this.#load(chosen, chosen.weights);
    else
      error.textContent =
        files.length === 0 || chosen.weights || chosen.tokenizer.length > 0 ? chosen.advice : useless(files);
  }

  async #load({ tokenizer, config }: ModelFiles, weights: File): Promise<void> {
    const load = ++this.#loads;
    status.textContent = `Reading ${weights.name} (${size(weights.size)}) …`;
    facts.hidden = true;
    plan.replaceChildren();
    this.#onLoaded(null);
    try {
      const summary = await this.#engine.call('load', { weights, tokenizer, config });
      if (load !== this.#loads) return;
      this.#show(summary);
      this.#onLoaded(summary);
    } catch (failure) {
      if (load !== this.#loads) return;
      status.textContent = '';
      error.textContent = (failure as Error).message;
      // What was refused is asked for again.
      given.clear();
    }
  }

  #show(summary: ModelSummary): void {
    status.textContent = `${summary.name} is loaded.`;
    definitions(facts, [
      ['Weights in linears', summary.weights.toLocaleString('en')],
      ['Mean OSR', summary.meanOsr.toFixed(3)],
      ['Bits per weight', summary.bitsPerWeight.toFixed(2)],
      ['File', size(summary.fileBytes)],
      ['Context', `${summary.context} tokens`],
      ['Plan', `${summary.planHash.slice(0, 16)}…, for ${summary.board}`],
    ]);
    facts.hidden = false;
    // Markup of our own making, in which all text is escaped.
    plan.innerHTML = summary.heatMap;
    activateHeatMap();
  }
}

function missingText({ weights, tokenizer }: ModelFiles): string {
  if (weights && tokenizer.length === 0) return `${weights.name} is here. Now the tokenizer: drop the model’s folder.`;
  if (!weights && tokenizer.length > 0)
    return 'The tokenizer is here. Now the weights: drop weights.sdq, which “sdq quantize” writes.';
  return '';
}

function useless(files: readonly File[]): string {
  const names = files.slice(0, 3).map(({ name }) => name);
  return `Neither weights nor a tokenizer: ${names.join(', ')}${files.length > 3 ? ' …' : ''}. Drop a weights.sdq and the model’s folder.`;
}
