import type { Command } from 'commander';
import { floatNll } from '../../evaluate/float-nll.js';
import { integerNll } from '../../evaluate/integer-nll.js';
import { countPredictions } from '../../evaluate/windows.js';
import { cached } from '../../image/image.js';
import { shortened } from '../../model/shorten.js';
import { checkSameModel } from '../../plan/same-model.js';
import { dequantizedModel } from '../../quantize/dequantized-model.js';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, loadUserTokenizer, type ModelOptions, openUserModel, readWindows } from '../model.js';
import { remaining, startProgress } from '../progress.js';
import { integerFrom } from '../values.js';
import { openUserWeights } from '../weights.js';

interface EvalOptions extends ModelOptions {
  readonly text: string;
  readonly weights?: string;
  readonly limit?: number;
}

export function addEval(program: Command, register: Register): void {
  const command = program
    .command('eval')
    .argument('<model>', 'Hugging Face directory or llama2.c .bin file')
    .description('score a text: negative log-likelihood per token of the float model and of the quantized one')
    .requiredOption('--text <file>', '.jsonl with one {"text": …} per line, or .txt')
    .option('--weights <file>', 'weights.sdq: score the quantized weights too, in float and in integers')
    .option('--limit <count>', 'score only the first documents (.jsonl) or windows (.txt)', integerFrom(1))
    .addHelpText(
      'after',
      '\nExample:\n  $ sdq eval examples/tiny-llama --text examples/text/eval.jsonl --weights weights.sdq',
    );
  register(addModelOptions(command), evaluate);
}

export function evaluate(path: string, options: EvalOptions): CommandResult {
  const whole = openUserModel(path);
  try {
    const image = options.weights === undefined ? null : openUserWeights(options.weights);
    if (image) checkSameModel(image.plan, whole.config, options.weights!);
    const source = image === null ? whole : shortened(whole, image.plan.model.context);
    const windows = readWindows(options.text, loadUserTokenizer(path, options), source.config).slice(0, options.limit);
    const total = countPredictions(windows);

    const float = score('float', 'the float model', (show) =>
      floatNll(source, windows, { onProgress: (done) => show(percent(done)) }),
    );
    let sdq: number | null = null;
    let integer: number | null = null;
    if (image) {
      const weights = cached(image);
      const model = image.integerModel();
      sdq = score('sdq', 'the quantized weights in float', (show) =>
        floatNll(dequantizedModel(source, model, weights), windows, { onProgress: (done) => show(percent(done)) }),
      );
      const started = Date.now();
      integer = score('integer', 'the integer decoder', (show) =>
        integerNll(model, weights, windows, (done) => show(remaining(done, total, started))),
      );
    }
    return { json: { tokens: total, nll: { float, sdq, integer } }, text: summary(total, float, sdq, integer) };
  } finally {
    whole.close();
  }
}

const percent = (share: number): string => `${Math.floor(100 * share)} %`;

/** Runs one of the scorers and shows how far it is. @returns nats per token */
function score(name: string, what: string, run: (show: (text: string) => void) => { readonly nll: number }): number {
  const progress = startProgress(`Scoring ${what}`);
  try {
    const { nll } = run(progress.update);
    progress.done(`${name}: ${nll.toFixed(4)} nats per token`);
    return nll;
  } finally {
    progress.stop();
  }
}

function summary(tokens: number, float: number, sdq: number | null, integer: number | null): string {
  const line = (name: string, nll: number): string => {
    const above = nll === float ? '' : `  (${nll > float ? '+' : ''}${(nll - float).toFixed(4)})`;
    return `${name.padEnd(8)} NLL ${nll.toFixed(4)} nats, perplexity ${Math.exp(nll).toFixed(3)}${above}`;
  };
  const lines = [`${tokens} tokens`, line('float', float)];
  if (sdq !== null) lines.push(line('sdq', sdq));
  if (integer !== null) lines.push(line('integer', integer));
  return lines.join('\n');
}
