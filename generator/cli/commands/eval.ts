import type { Command } from 'commander';
import { floatNll } from '../../evaluate/float-nll.js';
import { integerNll } from '../../evaluate/integer-nll.js';
import { countPredictions } from '../../evaluate/windows.js';
import { cached } from '../../image/image.js';
import { openImage } from '../../image/node/open-image.js';
import { dequantizedModel } from '../../quantize/dequantized-model.js';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, loadUserTokenizer, type ModelOptions, openUserModel, readWindows } from '../model.js';
import { remaining, startProgress } from '../progress.js';
import { integerFrom, userPath } from '../values.js';
import { checkSameModel } from '../weights.js';

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
  const source = openUserModel(path);
  try {
    const windows = readWindows(options.text, loadUserTokenizer(path, options), source.config).slice(0, options.limit);
    const image = options.weights === undefined ? null : openImage(userPath(options.weights));
    if (image) checkSameModel(image.plan, source.config, options.weights!);
    const total = countPredictions(windows);

    const progress = startProgress('Scoring with the float model');
    const onProgress = (done: number) => progress.update(`${Math.floor(100 * done)} %`);
    const float = floatNll(source, windows, { onProgress });
    progress.done(`float: ${float.nll.toFixed(4)} nats per token over ${total} tokens`);
    let sdq: number | null = null;
    let integer: number | null = null;
    if (image) {
      const weights = cached(image);
      const model = image.integerModel();
      const second = startProgress('Scoring the quantized weights in float');
      sdq = floatNll(dequantizedModel(source, model, weights), windows, {
        onProgress: (done) => second.update(`${Math.floor(100 * done)} %`),
      }).nll;
      second.done(`sdq: ${sdq.toFixed(4)}`);
      const third = startProgress('Scoring the integer decoder');
      const started = Date.now();
      integer = integerNll(model, weights, windows, (done) => third.update(remaining(done, total, started))).nll;
      third.done(`integer: ${integer.toFixed(4)}`);
    }
    return {
      json: { tokens: total, nll: { float: float.nll, sdq, integer } },
      text: summary(total, float.nll, sdq, integer),
    };
  } finally {
    source.close();
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
