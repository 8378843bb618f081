/** The web page: a model is loaded, a board connected or not, and text generated. */

import { BoardView } from './board-view.js';
import { element } from './dom.js';
import { Engine } from './engine.js';
import { ModelView } from './model-view.js';
import { fetchPreloaded } from './preloaded.js';
import { PromptView } from './prompt-view.js';

const engine = new Engine(new Worker('worker.js', { type: 'module' }));

const prompt = new PromptView(engine, {
  target: () => board.target,
  started: () => board.lock(true),
  ended: (error) => {
    board.lock(false);
    // Everything but a mistake in what was asked for means that the board cannot go on.
    if (error && error.code !== 'input' && board.target !== 'golden') board.lost();
  },
});
const board: BoardView = new BoardView(engine, () => prompt.render());
const model = new ModelView(engine, (summary) => {
  prompt.stop();
  board.setModel(summary);
  document.title = summary ? `${summary.name} · sdq` : 'sdq';
});
prompt.render();
model.say('');

try {
  const files = await fetchPreloaded();
  if (files.length > 0) await model.add(files);
} catch (failure) {
  element('model-error').textContent = (failure as Error).message;
}
