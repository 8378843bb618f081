import type { Command } from 'commander';
import { writeFileAtomic } from '../../node/atomic-file.js';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, checkUserTokenizer, type ModelOptions, openUserModel } from '../model.js';
import { measureWeights } from '../statistics.js';
import { outputPath } from '../values.js';

export function addAnalyze(program: Command, register: Register): void {
  const command = program
    .command('analyze')
    .argument('<model>', 'Hugging Face directory or llama2.c .bin file')
    .description('measure the statistics of the weights from which MultiOSR allocates over-sampling ratios')
    .requiredOption('-o, --output <file>', 'statistics file to write (JSON)')
    .addHelpText('after', '\nExample:\n  $ sdq analyze examples/tiny-llama -o stats.json');
  register(addModelOptions(command), analyze);
}

interface AnalyzeOptions extends ModelOptions {
  readonly output: string;
}

function analyze(path: string, options: AnalyzeOptions): CommandResult {
  const source = openUserModel(path);
  try {
    checkUserTokenizer(path, options);
    const output = outputPath(options.output, [path, options.tokenizer]);
    const statistics = measureWeights(source);
    writeFileAtomic(output, `${JSON.stringify(statistics, null, 1)}\n`);
    return { json: statistics, text: `Wrote the statistics of ${source.config.layers} layers to ${options.output}.` };
  } finally {
    source.close();
  }
}
